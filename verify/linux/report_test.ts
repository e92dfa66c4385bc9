// SPDX-License-Identifier: GPL-2.0-only
// What `lab namespace` reports for arm64 against the pages taken on Linux 6.12, including the direct map.

import { assert, assertEquals } from "@std/assert";
import { namespaceReport } from "../../src/scenario/namespace.ts";
import { parseSize } from "../../src/lib/units.ts";
import { readCaptured } from "../fixtures.ts";

interface Row {
  readonly size: string;
  readonly align: string;
  readonly map: "mem" | "dev";
  readonly freePagesConsumed: readonly number[];
  readonly memmapPages: number;
}

/** Largest difference between readings of an idle guest's free pages. */
const NOISE = 13;

const MACHINES = [
  { arch: "arm64-4k", folder: "linux-6.12-arm64/walked", small: "4K", mem: 4609, dev: 513 },
  { arch: "arm64-16k", folder: "linux-6.12-arm64-16k/default", small: "16K", mem: 288, dev: 32 },
] as const;

for (const { arch, folder, small, mem, dev } of MACHINES) {
  Deno.test(`namespaceReport() of 1 GiB on ${arch} is what Linux took: ${mem} pages with map=mem, ${dev} with map=dev`, () => {
    const { rows } = readCaptured(`${folder}/namespaces.json`) as { readonly rows: readonly Row[] };
    for (const [map, total] of [["mem", mem], ["dev", dev]] as const) {
      const row = rows.find((r) => r.size === "1G" && r.align === small && r.map === map)!;
      const { pages } = namespaceReport({ arch, kernel: "6.12", size: 2 ** 30, align: parseSize(small), map });
      assertEquals(pages.dramTotal, total);
      assertEquals(pages.vmemmap + pages.altmap, row.memmapPages);
      for (const taken of row.freePagesConsumed) assert(Math.abs(taken - total) <= NOISE, `${taken} of ${total}`);
    }
  });
}

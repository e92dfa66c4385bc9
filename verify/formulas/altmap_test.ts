// SPDX-License-Identifier: GPL-2.0-only
// The map=dev formulas against cases worked out by hand, and against counts for namespaces of many sizes and starts;
// the file imports nothing.

import { assert, assertEquals } from "@std/assert";
import { boot } from "../../src/boot.ts";
import { createNamespace, destroyNamespace } from "../../src/drivers/nvdimm/namespace.ts";
import { ndRegions } from "../../src/drivers/nvdimm/region.ts";
import { ENOMEM } from "../../src/include/errno.ts";
import { USE_ALTMAP_VMEMMAP, USE_VMEMMAP } from "../../src/include/frame_use.ts";
import { unwinding } from "../../src/testing.ts";
import * as f from "./altmap.ts";

const MIB = 2 ** 20;
const GIB = 2 ** 30;

Deno.test("shares() by hand: 1 GiB, and 16 MiB more", () => {
  const of = (arch: string, size: number) => f.shares(f.GRANULES[arch], GIB, size, 65536);
  assertEquals(of("x86-64", GIB), { pmem: 4096, dram: 0 });
  assertEquals(of("x86-64", GIB + 16 * MIB), { pmem: 4096, dram: 64 });
  assertEquals(of("arm64-4k", GIB), { pmem: 4096, dram: 0 });
  // 2 pages, 510 skipped, 8 leaves: 9 * 512 pages, all of the 18 MiB before the data.
  assertEquals(of("arm64-4k", GIB + 16 * MIB), null);
  // 64 bytes for each of 65536 pages are 4 MiB, of 16384 pages 1 MiB.
  assertEquals(of("arm64-16k", GIB), { pmem: 256, dram: 0 });
  assertEquals(of("arm64-16k", GIB + 16 * MIB), { pmem: 260, dram: 0 });
  assertEquals(of("arm64-64k", GIB), { pmem: 16, dram: 0 });
  assertEquals(of("arm64-64k", GIB + 16 * MIB), { pmem: 17, dram: 0 });
  assertEquals(of("arm64-64k", 2 * GIB - 16 * MIB), null);
});

Deno.test("parts() of a range around, between and inside sections", () => {
  const { "x86-64": x86 } = f.GRANULES;
  assertEquals(f.parts(x86, 112 * MIB, 300 * MIB), [16 * MIB, 128 * MIB, 44 * MIB]);
  assertEquals(f.parts(x86, 112 * MIB, 144 * MIB), [32 * MIB, 0, 0]);
  assertEquals(f.parts(x86, 128 * MIB, 256 * MIB), [0, 128 * MIB, 0]);
});

for (const [arch, granule] of Object.entries(f.GRANULES)) {
  Deno.test(`shares() match the counts for all sizes and starts: ${arch}`, () => {
    const kernel = unwinding("6.1");
    const k = boot({ arch, kernel, dram: [GIB], pmem: [{ bytes: 3 * GIB }], contents: false });
    const region = ndRegions(k)[0];
    const align = k.pageBytes;
    let refused = 0;
    // A namespace before it, with memmap in DRAM, unless the two would share a page of memmap.
    for (const front of [0, 16, 64, 80, 128, 192, 512]) {
      const other = front === 0 ? 0 : createNamespace(k, region, { size: front * MIB, align, map: "mem" });
      const before = [k.uses[USE_VMEMMAP], k.uses[USE_ALTMAP_VMEMMAP]];
      for (let size = 16; size <= 2048; size += size < 300 || size > 1900 ? 16 : 112) {
        const start = region.start + front * MIB;
        const perPage = granule.page ** 2 / 64;
        if (start % perPage !== 0) continue;
        const ns = createNamespace(k, region, { size: size * MIB, align, map: "dev" });
        const expected = f.shares(granule, start, size * MIB, align);
        const what = `${size} MiB at ${front}`;
        if (typeof ns === "number") {
          assertEquals([ns, expected], [-ENOMEM, null], what);
          refused++;
        } else {
          const [dram, pmem] = [k.uses[USE_VMEMMAP] - before[0], k.uses[USE_ALTMAP_VMEMMAP] - before[1]];
          assertEquals<unknown>({ pmem, dram }, expected, what);
          destroyNamespace(k, ns);
        }
      }
      if (typeof other !== "number") destroyNamespace(k, other);
    }
    assert((refused > 0) === (arch === "arm64-4k" || arch === "arm64-64k"), `${refused} refused`);
  });
}

Deno.test("verify/formulas/altmap.ts imports nothing", () => {
  const source = Deno.readTextFileSync(new URL("altmap.ts", import.meta.url));
  assertEquals(source.split("\n").filter((line) => /^\s*import\b|\bimport\(/.test(line)), []);
});

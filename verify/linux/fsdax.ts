// SPDX-License-Identifier: GPL-2.0-only
// Namespaces for file systems on a captured machine (fsdax.json): their memmap consists of base pages, mapped by PMD
// leaves, from DRAM or from the namespace.

import type { MapMode } from "../../src/drivers/nvdimm/pfn_devs.ts";
import { createNamespace, destroyNamespace } from "../../src/drivers/nvdimm/namespace.ts";
import { ndRegions } from "../../src/drivers/nvdimm/region.ts";
import { SZ_2M } from "../../src/include/sizes.ts";
import { parseSize } from "../../src/lib/units.ts";
import { PAGE, SECTION } from "../formulas/vmemmap.ts";
import { latest } from "../measure/measure.ts";
import type { Capture, CapturedMachine } from "./captures.ts";
import { bootCaptured, createMeasured } from "./emulated.ts";
import { type CapturedRow, type Fields, flat } from "./row.ts";

interface Row {
  readonly size: string;
  readonly map: MapMode;
  readonly start: number;
  readonly bytes: number;
  readonly usableBytes: number;
  /** Change of nr_memmap_pages; null if the kernel does not count it. */
  readonly memmapPages: number | null;
  readonly walk: Fields;
  readonly vmemmapEntries: Fields;
}

/** Rows of a capture: one per namespace. */
export function fsdaxRows({ data, machine, folder }: Capture): CapturedRow[] {
  const { rows } = data as { readonly rows: readonly Row[] };
  const emulated = () => latest(`fsdax ${folder}`, () => rows.map((row) => emulate(machine, row)));
  return rows.map((row, i) => {
    const { size: _size, map: _map, memmapPages, ...fields } = row;
    const sections = row.bytes / SECTION;
    return {
      name: `fsdax ${row.size} ${row.map}`,
      linux: flat(memmapPages === null ? fields : { ...fields, memmapPages }),
      formula: {
        "vmemmapEntries.pmdLeaves": sections,
        "walk.dramPages": row.map === "mem" ? sections * (SECTION / PAGE) / (PAGE / 64) : 0,
      },
      emulate: () => emulated()[i],
    };
  });
}

function emulate(machine: CapturedMachine, { size, map }: Row): Fields {
  const k = bootCaptured(machine);
  const request = { size: parseSize(size), align: SZ_2M, map, mode: "fsdax" } as const;
  const { ns, fields } = createMeasured(k, () => createNamespace(k, ndRegions(k)[0], request));
  if (ns === null) return fields;
  const { start, end } = ns.extent;
  if (destroyNamespace(k, ns) < 0) throw new Error(`Cannot destroy the fsdax namespace of ${size}`);
  return flat({ ...fields, start, bytes: end - start });
}

// SPDX-License-Identifier: GPL-2.0-only
// Seed 001, what holds at the edges of sections and subsections: patches 4, 12 and the checks of patch 9.

import { boot } from "../../src/boot.ts";
import { createNamespace } from "../../src/drivers/nvdimm/namespace.ts";
import { ndRegions } from "../../src/drivers/nvdimm/region.ts";
import { EINVAL } from "../../src/include/errno.ts";
import { USE_VMEMMAP } from "../../src/include/frame_use.ts";
import { checkInvariants } from "../../src/debug_vm/debug_vm.ts";
import { addPages } from "../../src/mm/hotplug/memory_hotplug.ts";
import { memremapPages, newPgmap } from "../../src/mm/memremap.ts";
import { compoundOrder as orderOf } from "../../src/mm/page.ts";
import type { Claim } from "./claim.ts";
import { basePages, compoundOrder, keptPages, mib, PAGE, SECTION, SIZE_1G, SIZE_2M } from "../formulas/vmemmap.ts";
import { build, inMiB, layoutOf, withErratum, yes } from "../measure/measure.ts";
import { superseded } from "./read.ts";

/** Claims about sections. */
export const SECTION_CLAIMS: readonly Claim[] = [
  {
    id: "001-35",
    what: "order of a 2M head after its tails were written over poison",
    unit: "",
    formula: compoundOrder(SIZE_2M),
    measure: orderOverPoison,
    expected: "equal",
    note: "order and counts lie in the first two tails, so they must be initialised first",
  },
  {
    id: "001-57",
    what: "section of x86, of those it names the one with a vmemmap",
    unit: "MiB",
    printed: "128",
    formula: mib(SECTION),
    measure: sectionMiB,
    expected: "confirmed",
    note: "64 and 512 MiB are those of 32-bit x86, without PAE and with, which has no vmemmap",
  },
  {
    id: "001-61",
    what: "memmap frames of a 32M compound across the edge of a section",
    unit: "",
    printed: "4",
    formula: keptPages(16 * SIZE_2M, "pte"),
    measure: framesAcrossSections,
    expected: "contradicted",
    note:
      'the comment says "bigger than section size", but the code beneath it compares with a subsection: it is reused',
  },
  {
    id: "001-63",
    what: "frames that 8 sections of a 1G page share, each by the one before",
    unit: "",
    printed: "2",
    formula: keptPages(SIZE_1G, "pte"),
    measure: () => layoutOf(SIZE_1G, "v7").frames.length,
    expected: "confirmed",
  },
  {
    id: "001-64",
    what: "ranges refused that begin or end inside a subsection, of two",
    unit: "",
    printed: "2",
    formula: 2,
    measure: misalignedRefused,
    expected: "confirmed",
  },
  superseded(
    "001-79",
    "no part of a struct page may be read before holding a reference",
    "withdrawn in the thread itself (001:4197): try_get_compound_head() reads compound_head without one",
  ),
];

function orderOverPoison(): number {
  const k = boot({ kernel: "v4", pmem: [{ bytes: 2 ** 28 }], debug: true });
  const ns = createNamespace(k, ndRegions(k)[0], { size: 2 ** 28, align: SIZE_2M, map: "mem" });
  if (typeof ns === "number") throw new Error("verify: the namespace fails");
  checkInvariants(k);
  return orderOf(k, (ns.extent.start + ns.info.dataoff) / k.pageBytes);
}

function sectionMiB(): number {
  return inMiB(build("v7", { size: 2 ** 28 }).k.pagesPerSection * PAGE);
}

/** One compound that begins 16 MiB before the edge of a section; ranges as the series takes them, unchecked. */
function framesAcrossSections(): number {
  const k = boot({ kernel: withErratum("v7", "compoundStartUnchecked"), pmem: [{ bytes: SIZE_1G }] });
  const start = k.machine.topology.pmemStart + k.pagesPerSection - basePages(8 * SIZE_2M);
  const before = k.uses[USE_VMEMMAP];
  const pages = basePages(16 * SIZE_2M);
  memremapPages(k, newPgmap(k, "generic", [{ start, end: start + pages }], null, 0, pages));
  return k.uses[USE_VMEMMAP] - before;
}

function misalignedRefused(): number {
  const k = boot({ kernel: "v4", pmem: [{ bytes: 2 ** 28 }] });
  const start = k.machine.topology.pmemStart;
  const params = { altmap: null, pgmap: null };
  const ranges = [[start + 1, 512], [start, 511]];
  return ranges.reduce((sum, [pfn, n]) => sum + yes(addPages(k, 0, pfn, n, params) === -EINVAL), 0);
}

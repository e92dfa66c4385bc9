// SPDX-License-Identifier: GPL-2.0-only
// Document 001 on the edges of sections and subsections: patches 4, 12 and the checks of patch 9.

import { traceReport } from "../../mod.ts";
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
import { claim } from "./documented.ts";
import { basePages, compoundOrder, keptPages, mib, SECTION, SIZE_1G, SIZE_2M } from "../formulas/vmemmap.ts";
import { asAsked } from "../measure/generation.ts";
import { inMiB, layoutOf, withErratum, yes } from "../measure/measure.ts";

export const SECTION_CLAIMS: readonly Claim[] = [
  claim("001-35", compoundOrder(SIZE_2M), orderOverPoison),
  claim("001-57", mib(SECTION), sectionMiB),
  claim("001-61", keptPages(16 * SIZE_2M, "pte"), framesAcrossSections),
  claim("001-63", keptPages(SIZE_1G, "pte"), () => layoutOf(SIZE_1G, "v7").frames.length),
  claim("001-64", 2, misalignedRefused),
  claim("001-79"),
];

function orderOverPoison(): number {
  const k = boot({ kernel: "v4", pmem: [{ bytes: 2 ** 28 }], debug: true });
  const ns = createNamespace(k, ndRegions(k)[0], { size: 2 ** 28, align: SIZE_2M, map: "mem" });
  if (typeof ns === "number") throw new Error("verify: the namespace fails");
  checkInvariants(k);
  return orderOf(k, (ns.extent.start + ns.info.dataoff) / k.pageBytes);
}

/** How much of a namespace __add_pages() adds at a time. */
function sectionMiB(): number {
  const size = SIZE_1G;
  const { events } = traceReport({ path: "namespace", size, align: SIZE_2M, kernel: asAsked("v7") });
  return inMiB(size / events.filter(({ kind, symbol }) => kind === "enter" && symbol === "sparse_add_section").length);
}

/** Frames for one compound that starts 16 MiB before the end of a section. As in the series, ranges are not checked. */
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

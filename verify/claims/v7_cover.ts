// SPDX-License-Identifier: GPL-2.0-only
// Document 000, the cover letter of "sparse-vmemmap: memory savings for compound devmaps (device-dax)", v7, run by
// preset v7. Left out: who reviewed what, and the call chain of the plumbing patch.

import { compoundHead } from "../../src/mm/page.ts";
import { traceReport } from "../../mod.ts";
import { boot } from "../../src/boot.ts";
import { formatSize } from "../../src/lib/units.ts";
import { addMemory } from "../../src/drivers/base/memory_hotplug.ts";
import { errnoName } from "../../src/include/errno.ts";
import { USE_ALTMAP_VMEMMAP, USE_VMEMMAP } from "../../src/include/frame_use.ts";
import { checkInvariants } from "../../src/debug_vm/debug_vm.ts";
import type { Claim, Suite } from "./claim.ts";
import { claim, withReadings } from "./documented.ts";
import {
  gib,
  headSharingGain,
  keptPages,
  memmapBytes,
  memmapFrames,
  mib,
  PAGE,
  percent,
  savedPages,
  SECTION,
  type Sharing,
  shrink,
  SIZE_1G,
  SIZE_2M,
  structsPerPage,
  tailsOnHeadPage,
  TIB,
  uniqueStructs,
  vmemmapPages,
} from "../formulas/vmemmap.ts";
import {
  build,
  costOf,
  countPages,
  inGiB,
  inMiB,
  inPercent,
  layoutOf,
  mappedPages,
  namespaceOf,
  pagesOfCompound,
  type Scale,
} from "../measure/measure.ts";
import { freedPages } from "../formulas/hugetlb.ts";
import { gainOf } from "../measure/hugetlb.ts";
import { bootstrapTime } from "./times.ts";

export const V7_COVER: Suite = {
  name: "v7_cover",
  title: "Document 000: the v7 cover letter",
  claims: (scale) =>
    withReadings("000", [
      ...MECHANISM,
      ...perTib2M(scale).map(partCounted(scale)),
      ...perTib1G(scale).map(partCounted(scale)),
      ...ratios(scale),
      ...TIMES,
      claim("000-26", freedPages(SIZE_2M, PAGE, 1) - savedPages(SIZE_2M, "pte"), () =>
        gainOf("x86-64", SIZE_2M, 1) - savedByLayout(SIZE_2M, "v7")),
    ]),
};

/** Notes on a figure per TiB which part was counted. */
export function partCounted({ size }: Scale): (claim: Claim) => Claim {
  if (size === TIB) return (claim) => claim;
  return (claim) => ({ ...claim, what: `${claim.what} (${formatSize(size)} counted, times ${TIB / size})` });
}

/** Vmemmap pages of one device page that map no frame of their own. */
export function savedByLayout(align: number, kernel: string): number {
  return mappedPages(align, kernel) - layoutOf(align, kernel).frames.length;
}

/** Bytes per TiB of memmap frames, and with `tables` of PTE tables, on this scale. */
export function bytesPerTib(scale: Scale, align: number, kernel: string, tables: boolean): number {
  const { vmemmap, pteTables } = costOf(scale.size, align, kernel).pages;
  return (vmemmap + (tables ? pteTables : 0)) * PAGE * (TIB / scale.size);
}

const MECHANISM: readonly Claim[] = [
  claim("000-02", structsPerPage(), () => pagesOfCompound("v7", SIZE_2M) / mappedPages(SIZE_2M, "v7")),
  claim("000-03", tailsOnHeadPage(), () => tailsOn(0)),
  claim("000-04", savedPages(SIZE_2M, "pte"), () => savedByLayout(SIZE_2M, "v7")),
  claim("000-05", savedPages(SIZE_1G, "pte"), () => savedByLayout(SIZE_1G, "v7")),
  claim(
    "000-06",
    vmemmapPages(SIZE_1G) - memmapFrames(SIZE_1G, SIZE_2M, "none"),
    () =>
      build("5.14", { size: SIZE_1G, mode: "fsdax" }).k.uses[USE_VMEMMAP] -
      build("v7", { size: SIZE_1G, mode: "fsdax" }).k.uses[USE_VMEMMAP],
  ),
  claim("000-14", 0, () => namespaceOf({ size: SIZE_1G, align: SIZE_2M, kernel: "v7" }).counters.freeCalls),
  claim("000-23", vmemmapPages(SECTION), altmapWithoutPgmap),
  claim("000-24/trace", 3, chainEntered),
  claim("000-15"),
  claim(
    "000-16",
    memmapFrames(SIZE_1G, SIZE_2M, "none") / vmemmapPages(SIZE_1G),
    () => altmapFrames("v7") / altmapFrames("5.14"),
  ),
];

/** One memory block that holds its own memmap. */
function altmapWithoutPgmap(): number {
  const k = boot({ hotplug: [{ bytes: SECTION }], memmapOnMemory: true });
  const { start } = k.machine.topology.hotplug[0];
  const err = addMemory(k, 0, start * k.pageBytes, SECTION, { memmapOnMemory: true });
  if (err < 0) throw new Error(`verify: adding memory fails with ${errnoName(err)}`);
  checkInvariants(k);
  return k.pgmaps.lookup(start) === null ? k.uses[USE_ALTMAP_VMEMMAP] : 0;
}

/** How many calls of the letter's call chain are entered, each inside the one before. */
function chainEntered(): number {
  const { events } = traceReport({ path: "namespace", size: 2 ** 28, align: SIZE_2M, kernel: "v7" });
  let depth = -1;
  let entered = 0;
  for (const symbol of ["sparse_add_section", "section_activate", "__populate_section_memmap"]) {
    const event = events.find((e) => e.kind === "enter" && e.symbol === symbol && (depth < 0 || e.depth === depth + 1));
    if (event === undefined) break;
    depth = event.depth;
    entered++;
  }
  return entered;
}

function altmapFrames(kernel: string): number {
  return namespaceOf({ size: SIZE_1G, align: SIZE_2M, map: "dev", kernel }).pages.altmap;
}

/** Tails of the first compound on one of its memmap pages. */
export function tailsOn(page: number): number {
  const { k, data } = build("v7", { size: 2 ** 28, align: SIZE_2M });
  const perPage = k.pageBytes / k.structPageSize;
  return countPages(data + page * perPage, perPage, (pfn) => pfn !== data && compoundHead(k, pfn) === data);
}

function perTib2M(scale: Scale): Claim[] {
  const base = memmapBytes(TIB, PAGE, "none", true);
  const row = (tables: boolean) => memmapBytes(TIB, SIZE_2M, "pte", tables);
  return [
    claim("000-07", gib(row(false)), () => inGiB(bytesPerTib(scale, SIZE_2M, "v7", false))),
    claim("000-07/tables", gib(row(true)), () => inGiB(bytesPerTib(scale, SIZE_2M, "v7", true))),
    claim("000-07/base", gib(base), () => inGiB(bytesPerTib(scale, PAGE, "5.14", true))),
    claim("000-08", percent(row(false), TIB), () => inPercent(bytesPerTib(scale, SIZE_2M, "v7", false), TIB)),
    claim("000-09", percent(base, TIB), () => inPercent(bytesPerTib(scale, PAGE, "5.14", true), TIB)),
  ];
}

function perTib1G(scale: Scale): Claim[] {
  const row = (tables: boolean) => memmapBytes(TIB, SIZE_1G, "pte", tables);
  return [
    claim("000-10", mib(row(true)), () => inMiB(bytesPerTib(scale, SIZE_1G, "v7", true))),
    claim("000-11", percent(row(true), TIB), () => inPercent(bytesPerTib(scale, SIZE_1G, "v7", true), TIB)),
    claim("000-12", mib(row(false)), () => inMiB(bytesPerTib(scale, SIZE_1G, "v7", false))),
  ];
}

function ratios(scale: Scale): Claim[] {
  const base = () => bytesPerTib(scale, PAGE, "5.14", true);
  const shrunk = (id: string, pageSize: number, tables: boolean) =>
    claim(id, shrink(pageSize, "pte", tables), () => base() / bytesPerTib(scale, pageSize, "v7", tables));
  return [
    gain("000-17", SIZE_2M),
    gain("000-17/1G", SIZE_1G),
    claim(
      "000-17/init",
      uniqueStructs(SIZE_2M, "pte") / uniqueStructs(SIZE_2M, "pte+head"),
      () => costOf(scale.size, SIZE_2M, "v7").written / costOf(scale.size, SIZE_2M, "v7+head").written,
    ),
    claim(
      "000-17/kept",
      kept("pte+head") / kept("pte"),
      () => layoutOf(SIZE_2M, "v7+head").frames.length / layoutOf(SIZE_2M, "v7").frames.length,
    ),
    shrunk("000-21", SIZE_2M, true),
    shrunk("000-21/frames", SIZE_2M, false),
    shrunk("000-22", SIZE_1G, true),
    shrunk("000-22/frames", SIZE_1G, false),
  ];
}

function kept(sharing: Sharing): number {
  return keptPages(SIZE_2M, sharing);
}

function gain(id: string, pageSize: number): Claim {
  return claim(
    id,
    headSharingGain(pageSize),
    () => savedByLayout(pageSize, "v7+head") / savedByLayout(pageSize, "v7"),
  );
}

const TIMES: readonly Claim[] = [
  bootstrapTime("000-18", "128G before"),
  bootstrapTime("000-19", "128G 2M"),
  bootstrapTime("000-20", "128G 1G"),
];

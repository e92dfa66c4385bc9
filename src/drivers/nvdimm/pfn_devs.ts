// SPDX-License-Identifier: GPL-2.0-only
// The pfn device: the info block that says where a namespace's data begins and how much there is
// (drivers/nvdimm/pfn_devs.c: nd_pfn_init, __nvdimm_setup_pfn), as ndctl users see it:
//
//   start           start+8K            start+dataoff                      end-endTrunc   end
//   | label, info   | memmap (map=dev)  | data, `align`-aligned            | unusable     |
//
// The memmap covers everything from start to end - endTrunc, its own reserve included.
// Left out: the bytes of the info block (signature, UUIDs, versions, checksum).

import { EINVAL, ENXIO } from "../../include/errno.ts";
import type { PfnRange, VmemAltmap } from "../../include/memremap.ts";
import { alignDown, alignUp, pfnDown } from "../../lib/align.ts";
import type { Kernel } from "../../mm/kernel.ts";
import { traced } from "../../mm/trace.ts";

/** Where the memmap of a namespace is kept: DRAM (`mem`) or the namespace itself (`dev`). */
export type MapMode = "mem" | "dev";

/** `struct nd_pfn_sb`, the parts that matter. Bytes. */
export interface PfnInfoBlock {
  readonly mode: MapMode;
  readonly align: number;
  /** From the start of the namespace to its data. */
  readonly dataoff: number;
  /** Bytes cut off at the end so that the data ends aligned. */
  readonly endTrunc: number;
  /** Frames of data. */
  readonly npfns: number;
}

/** Bytes reserved per struct page (MAX_STRUCT_PAGE_SIZE). */
const MAX_STRUCT_PAGE_SIZE = 64;

/**
 * `nd_pfn_init`: lays out [start, start + size), in bytes. -EINVAL if it begins inside a subsection, or with map=dev if
 * struct pages are larger than the kernel reserves; -ENXIO if the alignment leaves no room for data, except in kernels
 * that allow empty namespaces.
 */
export const ndPfnInit = traced(
  "nd_pfn_init(start, size, align)",
  (k: Kernel, start: number, size: number, align: number, mode: MapMode): PfnInfoBlock | number => {
    if (start % k.arch.compatAlignBytes !== 0) return -EINVAL;
    const reserve = k.arch.infoBlockBytes;
    const unit = Math.max(align, k.arch.compatAlignBytes);
    const endTrunc = start + size - alignDown(start + size, unit);
    const frames = Math.floor((size - reserve) / k.pageBytes);
    if (mode === "dev" && k.structPageSize > structPageReserve(k)) return -EINVAL;
    const memmap = mode === "dev" ? structPageReserve(k) * frames : 0;
    const dataoff = alignUp(start + reserve + memmap, unit) - start;
    if (dataoff >= size - (k.config.emptyNamespaces ? 0 : endTrunc)) return -ENXIO;
    return { mode, align, dataoff, endTrunc, npfns: pfnDown(Math.max(0, size - dataoff - endTrunc), k.pageBytes) };
  },
);

/** Bytes reserved for a struct page: more than MAX_STRUCT_PAGE_SIZE only in a kernel built for larger ones. */
function structPageReserve(k: Kernel): number {
  return k.config.pageStructOverride ? Math.max(k.structPageSize, MAX_STRUCT_PAGE_SIZE) : MAX_STRUCT_PAGE_SIZE;
}

/**
 * `__nvdimm_setup_pfn`: the range of frames to bring up and the altmap for it (map=dev), from the info block.
 */
export const nvdimmSetupPfn = traced("__nvdimm_setup_pfn(start, size)", (
  k: Kernel,
  start: number,
  size: number,
  info: PfnInfoBlock,
): { readonly range: PfnRange; readonly altmap: VmemAltmap | null } => {
  const base = pfnDown(start, k.pageBytes);
  const range = { start: base, end: pfnDown(start + size - info.endTrunc, k.pageBytes) };
  if (info.mode === "mem") return { range, altmap: null };
  const reserve = alignUp(k.arch.infoBlockBytes, k.pageBytes) / k.pageBytes;
  const sectionBase = alignDown(base, k.pagesPerSubsection);
  return {
    range,
    altmap: {
      basePfn: sectionBase,
      endPfn: range.end,
      reserve: reserve + base - sectionBase,
      free: info.dataoff / k.pageBytes - reserve,
      align: 0,
      alloc: 0,
    },
  };
});

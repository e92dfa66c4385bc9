// SPDX-License-Identifier: GPL-2.0-only
// Sections of the sparse memory model (mm/sparse.c): activating and deactivating the memmap of a range that lies in one
// section, and sparse_init() for boot memory. A section that was there at boot has memmap for all of it, so adding a
// part of it later only marks subsections.
// Left out: memory models without a virtual memmap; usage maps take no memory of their own.

import { EEXIST, EINVAL, ENOMEM } from "../include/errno.ts";
import type { DevPagemap, VmemAltmap } from "../include/memremap.ts";
import {
  SECTION_HAS_MEM_MAP,
  SECTION_HAS_USAGE,
  SECTION_IS_EARLY,
  SECTION_IS_ONLINE,
  SECTION_MARKED_PRESENT,
} from "../include/mmzone.ts";
import { alignDown } from "../lib/align.ts";
import type { DramRange } from "../machine/topology.ts";
import type { Kernel } from "./kernel.ts";
import { vmemmapPage } from "./page.ts";
import { pageInitPoison } from "./page_init.ts";
import { populateSectionMemmap } from "./vmemmap/sparse_vmemmap.ts";
import { sectionsUse, vmemmapFree } from "./vmemmap/populate.ts";
import { traced } from "./trace.ts";

/**
 * `sparse_add_section` (with the pgmap of patch 9): memmap for [pfn, pfn + n) inside one section. 0, -EEXIST when any
 * subsection of it is populated, -ENOMEM with everything as before.
 */
export const sparseAddSection = traced("sparse_add_section(nid, pfn, n)", (
  k: Kernel,
  nid: number,
  pfn: number,
  n: number,
  altmap: VmemAltmap | null,
  pgmap: DevPagemap | null,
): number => {
  const err = sectionActivate(k, nid, pfn, n, altmap, pgmap);
  if (err < 0) return err;
  pageInitPoison(k, pfn, n);
  k.sections.state[k.sections.nr(pfn)] |= SECTION_MARKED_PRESENT | SECTION_HAS_MEM_MAP;
  return 0;
});

/** `sparse_remove_section`: the reverse. -EINVAL, nothing changed, unless all of it is populated. */
export const sparseRemoveSection = traced(
  "sparse_remove_section(pfn, n)",
  (k: Kernel, pfn: number, n: number, altmap: VmemAltmap | null): number => {
    return sectionDeactivate(k, pfn, n, altmap);
  },
);

/** `section_activate`. */
const sectionActivate = traced("section_activate(nid, pfn, n)", (
  k: Kernel,
  nid: number,
  pfn: number,
  n: number,
  altmap: VmemAltmap | null,
  pgmap: DevPagemap | null,
): number => {
  const { sections } = k;
  const nr = sections.nr(pfn);
  sections.state[nr] |= SECTION_HAS_USAGE;
  if (!sections.fill(pfn, n)) {
    if (sections.isEmpty(nr)) sections.state[nr] &= ~SECTION_HAS_USAGE;
    return -EEXIST;
  }
  if (n < k.pagesPerSection && sections.early(pfn)) return 0;
  if (populateSectionMemmap(k, pfn, n, nid, altmap, pgmap) === 0) return 0;
  sectionDeactivate(k, pfn, n, altmap);
  return -ENOMEM;
});

/** `section_deactivate`. */
const sectionDeactivate = traced(
  "section_deactivate(pfn, n)",
  (k: Kernel, pfn: number, n: number, altmap: VmemAltmap | null): number => {
    const { sections } = k;
    const nr = sections.nr(pfn);
    if (!sections.clear(pfn, n)) return -EINVAL;
    const early = sections.early(pfn);
    if (!early) depopulateSectionMemmap(k, pfn, n, altmap);
    // An early section keeps its usage map and its boot memmap.
    if (sections.isEmpty(nr) && !early) sections.state[nr] = 0;
    return 0;
  },
);

/** `depopulate_section_memmap`. A page with struct pages of several subsections is freed with the last of them. */
const depopulateSectionMemmap = traced(
  "depopulate_section_memmap(pfn, n)",
  (k: Kernel, pfn: number, n: number, altmap: VmemAltmap | null): void => {
    let start = vmemmapPage(k, pfn);
    let end = Math.ceil((pfn + n) * k.structPageSize / k.pageBytes);
    if (sectionsUse(k, start, 1)) start++;
    if (end > start && sectionsUse(k, end - 1, 1)) end--;
    if (end > start) vmemmapFree(k, start, end, altmap);
  },
);

/**
 * `sparse_init`: every section with boot memory is present, early, online, and has memmap from the boot allocator.
 * RangeError when DRAM is too small to hold it.
 */
export function sparseInit(k: Kernel, memory: readonly DramRange[]): void {
  const { sections } = k;
  for (const { nid, start, end } of memory) {
    const first = sections.nr(start);
    const last = sections.nr(end - 1);
    for (let nr = first; nr <= last; nr++) {
      const pfn = nr * k.pagesPerSection;
      if (sections.state[nr] === 0) {
        const err = populateSectionMemmap(k, pfn, k.pagesPerSection, nid, null, null);
        if (err < 0) throw new RangeError(`Cannot boot: no room in DRAM for the memmap of section ${nr}`);
        sections.state[nr] = SECTION_MARKED_PRESENT | SECTION_HAS_MEM_MAP | SECTION_IS_ONLINE | SECTION_IS_EARLY |
          SECTION_HAS_USAGE;
      }
    }
    // Nodes may meet inside a subsection, which the first has marked already.
    const from = sections.populated(start) ? alignDown(start, k.pagesPerSubsection) + k.pagesPerSubsection : start;
    if (from < end) sections.fill(from, end - from);
  }
}

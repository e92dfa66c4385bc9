// SPDX-License-Identifier: GPL-2.0-only
// __add_pages(), __remove_pages() and the zone spans of hot-added ranges (mm/memory_hotplug.c).
// Unlike the kernel's, __add_pages() removes the sections it has added when a later one fails; the errata switch
// addPagesNoUnwind keeps them, as the kernel does. System RAM going online is in ram.ts.
// The direct map is in ../direct_map.ts. Left out: resources, max_pfn.

import { EINVAL } from "../../include/errno.ts";
import type { DevPagemap, VmemAltmap } from "../../include/memremap.ts";
import { ZONE_DEVICE } from "../../include/mmzone.ts";
import { alignDown, isAligned } from "../../lib/align.ts";
import { panic } from "../../lib/bug.ts";
import { altmapOffset } from "../vmemmap/altmap.ts";
import type { Kernel } from "../kernel.ts";
import { growZoneSpan } from "../mmzone.ts";
import { sparseAddSection, sparseRemoveSection } from "../sparse.ts";
import { C } from "../vmstat.ts";
import { traced } from "../trace.ts";

/** `struct mhp_params`: where the memmap comes from, and (patch 9) which pgmap it is for. */
export interface MhpParams {
  readonly altmap: VmemAltmap | null;
  readonly pgmap: DevPagemap | null;
}

/** `__add_pages`: memmap for [pfn, pfn + n), section by section. 0 or a negative errno with nothing changed. */
export const addPages = traced(
  "__add_pages(nid, pfn, n)",
  (k: Kernel, nid: number, pfn: number, n: number, params: MhpParams): number => {
    const { altmap, pgmap } = params;
    if (altmap !== null) {
      if (altmap.basePfn !== pfn || altmapOffset(altmap) > n) return -EINVAL;
      altmap.alloc = 0;
      altmap.align = 0;
    }
    if (!isAligned(pfn, k.pagesPerSubsection) || !isAligned(n, k.pagesPerSubsection)) return -EINVAL;
    for (let at = pfn; at < pfn + n;) {
      const count = Math.min(pfn + n, sectionEnd(k, at)) - at;
      const err = sparseAddSection(k, nid, at, count, altmap, pgmap);
      if (err < 0) {
        if (!k.config.errata.addPagesNoUnwind) removePages(k, pfn, at - pfn, altmap);
        return err;
      }
      k.stat[C.condResched]++;
      at += count;
    }
    return 0;
  },
);

/** `__remove_pages`: removes the memmap of [pfn, pfn + n). */
export const removePages = traced(
  "__remove_pages(pfn, n)",
  (k: Kernel, pfn: number, n: number, altmap: VmemAltmap | null): void => {
    for (let at = pfn; at < pfn + n;) {
      const count = Math.min(pfn + n, sectionEnd(k, at)) - at;
      k.stat[C.condResched]++;
      if (sparseRemoveSection(k, at, count, altmap) < 0) {
        panic(`removePages: subsections of frame ${at} are not populated`);
      }
      at += count;
    }
  },
);

/** `move_pfn_range_to_zone` for ZONE_DEVICE: the zone spans the range; nothing becomes present or managed. */
export const moveRangeToDeviceZone = traced(
  "move_pfn_range_to_zone(nid, start, end)",
  (k: Kernel, nid: number, start: number, end: number): void => {
    growZoneSpan(k.nodes[nid].zones[ZONE_DEVICE], start, end);
  },
);

/**
 * `pfn_to_online_page`: the frame if it is System RAM in use, -1 otherwise. An early section may hold device memory in
 * some of its subsections, so being online is not enough (online_device_section).
 */
export function pfnToOnlinePage(k: Kernel, pfn: number): number {
  if (!k.sections.online(pfn) || !k.sections.populated(pfn)) return -1;
  return k.pgmaps.lookup(pfn) === null ? pfn : -1;
}

function sectionEnd(k: Kernel, pfn: number): number {
  return alignDown(pfn, k.pagesPerSection) + k.pagesPerSection;
}

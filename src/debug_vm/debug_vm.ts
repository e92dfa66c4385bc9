// SPDX-License-Identifier: GPL-2.0-only
// The invariant checker (CONFIG_DEBUG_VM in spirit): recounts everything from page tables, struct pages and free lists
// and compares it with the counters. ARCHITECTURE.md lists the invariants by number; a violation panics and names its
// number. withKernel() (src/testing.ts) runs it after a test. On large machines struct pages are sampled (every page of
// a compound's first two and last memmap pages, a stride elsewhere); tables, frames and counts are always complete.

import { USE_ALTMAP_VMEMMAP, USE_USER_TABLE } from "../include/frame_use.ts";
import { MIGRATE_MOVABLE, ZONE_DEVICE } from "../include/mmzone.ts";
import { alignUp } from "../lib/align.ts";
import { panic } from "../lib/bug.ts";
import type { Kernel } from "../mm/kernel.ts";
import { checkMemoryBlocks } from "./hotplug.ts";
import { checkHugetlb } from "./hugetlb.ts";
import { checkDevicePages } from "./pages.ts";
import { checkPoison } from "./poison.ts";
import { checkKernelTable } from "./tables.ts";
import { selfHostedPages } from "../mm/hotplug/memory_block.ts";
import { pfnToOnlinePage } from "../mm/hotplug/memory_hotplug.ts";
import { pfnFirst } from "../mm/memremap.ts";
import { tableEntries } from "../mm/pgtable.ts";
import { walkTables } from "../mm/ptdump.ts";

/** Checks every invariant of the modelled paths; panics at the first violation. */
export function checkInvariants(k: Kernel): void {
  checkTlbs(k);
  checkMemoryBlocks(k);
  checkKernelTable(k);
  checkFrames(k);
  checkSections(k);
  checkPgmaps(k);
  checkUserTables(k);
  if (k.contents) checkDevicePages(k);
  checkPoison(k);
  checkHugetlb(k);
  k.phys.check();
}

/** I10: no CPU holds a translation that the tables do not have. */
function checkTlbs(k: Kernel): void {
  for (const { id, mmu } of k.machine.cpus) {
    const stale = mmu.findStale();
    if (stale >= 0) panic(`checkInvariants: I10 CPU ${id} holds a stale translation of vmemmap page ${stale}`);
  }
}

/** I12: every frame of DRAM is free, in use, or was kept by boot. */
function checkFrames(k: Kernel): void {
  let present = 0;
  let managed = 0;
  let free = 0;
  // Present, but neither in use nor free.
  const selfHosted = selfHostedPages(k);
  for (const node of k.nodes) {
    for (const zone of node.zones) {
      present += zone.present;
      managed += zone.managed;
      for (const area of zone.areas) {
        if (area.recount() !== area.freeUnits) {
          panic(`checkInvariants: I12 free list of frame ${area.base} does not recount`);
        }
        free += area.freeUnits;
      }
    }
  }
  // Frame 0 is reserved but counted under no use.
  const inUse = k.uses.reduce((sum, n) => sum + n, 0) - k.uses[USE_ALTMAP_VMEMMAP] + 1;
  if (free + inUse + selfHosted !== present) {
    panic(`checkInvariants: I12 ${free} free and ${inUse} used frames are not the ${present} present`);
  }
  if (managed + k.bootReserved + selfHosted !== present) {
    panic(
      `checkInvariants: I12 ${managed} managed and ${k.bootReserved} reserved frames are not the ${present} present`,
    );
  }
}

/** I14: a section is present if and only if part of it is populated, or it was present at boot. */
function checkSections(k: Kernel): void {
  const { sections } = k;
  for (let nr = 0; nr < sections.length; nr++) {
    const pfn = nr * k.pagesPerSection;
    const present = sections.state[nr] !== 0;
    if (!sections.early(pfn) && present === sections.isEmpty(nr)) {
      panic(
        `checkInvariants: I14 section ${nr} has state ${sections.state[nr]} and ${present ? "no" : "some"} subsections`,
      );
    }
  }
}

/** I15, I18, I19, I23, I29, I31 for every pgmap that is up. */
function checkPgmaps(k: Kernel): void {
  for (const { range, pgmap } of k.pgmaps.entries) {
    if (pgmap.dying) panic(`checkInvariants: I19 the pgmap of frame ${range.start} is dying and still found`);
    // Computed without pfnLen(), which an erratum may make wrong.
    let refs = 1;
    for (let i = 0; i < pgmap.nrRange; i++) {
      refs += Math.floor((pgmap.ranges[i].end - pfnFirst(pgmap, i)) / pgmap.geometry);
    }
    if (pgmap.refs !== refs) {
      panic(`checkInvariants: I18 the pgmap of frame ${range.start} has ${pgmap.refs} references, not ${refs}`);
    }
    for (let pfn = range.start; pfn < range.end; pfn += k.pagesPerSubsection) {
      if (!k.sections.populated(pfn)) panic(`checkInvariants: I14 device frame ${pfn} is in no populated subsection`);
      // Only the boot section that a device shares with System RAM is online (online_device_section).
      const online = k.sections.online(pfn) && !k.sections.early(pfn);
      if (online || pfnToOnlinePage(k, pfn) >= 0) {
        panic(`checkInvariants: I31 device frame ${pfn} looks like System RAM`);
      }
    }
    // A pageblock in which the range begins belongs to its neighbour.
    const block = 2 ** k.arch.pageblockOrder;
    for (let pfn = alignUp(range.start, block); pfn < range.end; pfn += block) {
      if (k.sections.migratetype(pfn) !== MIGRATE_MOVABLE) {
        panic(`checkInvariants: I23 the pageblock of device frame ${pfn} is not movable`);
      }
    }
    const zone = k.nodes[pgmap.nid].zones[ZONE_DEVICE];
    if (range.start < zone.startPfn || range.end > zone.startPfn + zone.spanned || zone.present + zone.managed !== 0) {
      panic(`checkInvariants: I29 the device zone of node ${pgmap.nid} does not span frame ${range.start}`);
    }
    const { altmap } = pgmap;
    if (altmap !== null && altmap.alloc + altmap.align > altmap.free) {
      panic(`checkInvariants: I15 the altmap of frame ${range.start} gave out more than its ${altmap.free} frames`);
    }
  }
}

/** User tables are counted, and their kernel half is that of init_mm (I3). */
function checkUserTables(k: Kernel): void {
  let tables = 0;
  for (const mm of k.mms) {
    tables++;
    walkTables(k, mm.rootPfn, 0, k.arch.vmemmapPgdIndex, { table: () => tables++ });
    const kernelRoot = k.phys.wordBase(k.rootPfn);
    const userRoot = k.phys.wordBase(mm.rootPfn);
    for (let w = 2 * k.arch.vmemmapPgdIndex; w < 2 * tableEntries(k); w++) {
      if (k.phys.words[kernelRoot + w] !== k.phys.words[userRoot + w]) {
        panic(`checkInvariants: I3 top-level entry ${w >> 1} differs between init_mm and a process`);
      }
    }
  }
  if (tables !== k.uses[USE_USER_TABLE]) {
    panic(`checkInvariants: I12 ${tables} user tables, ${k.uses[USE_USER_TABLE]} counted`);
  }
}

// SPDX-License-Identifier: GPL-2.0-only
// Checks hot-added memory and the zones it joined (I16, I23, I26, I27, I28, I29): the state of each block against
// sections, struct pages, free lists and the page table; the counts of each zone against its blocks.

import type { MemoryBlock } from "../include/memory.ts";
import { MIGRATE_MOVABLE, MIGRATE_UNMOVABLE, ZONE_DEVICE } from "../include/mmzone.ts";
import { flagsHiNid, flagsHiZone } from "../include/page_flags.ts";
import { PAGE_FLAGS_HI } from "../include/mm_types.ts";
import { panic } from "../lib/bug.ts";
import type { Kernel } from "../mm/kernel.ts";
import { isVmemmapSelfHosted, memmapOnMemoryPages, mhpGeometry, mhpRefusals } from "../mm/hotplug/memmap_on_memory.ts";
import type { Zone } from "../mm/mmzone.ts";
import { pageFlags, readPage, vmemmapPage } from "../mm/page.ts";
import { findArea, zoneIndexOfDram } from "../mm/page_alloc.ts";
import { lookupAddress, vmemmapVpn } from "../mm/pgtable.ts";

/** One struct page in this many is checked. */
const STRIDE = 61;

/** Checks every memory block and every zone. */
export function checkMemoryBlocks(k: Kernel): void {
  for (const block of k.hotplug.blocks.values()) {
    checkSelfHosted(k, block);
    checkSections(k, block);
    if (block.zone >= 0) checkOnline(k, block);
    else if (findArea(k, block.start) !== null) panic(`checkInvariants: I26 offline block ${block.id} has a free area`);
  }
  for (const node of k.nodes) for (const zone of node.zones) if (zone.index !== ZONE_DEVICE) checkZone(k, zone);
}

/** I16, I23, I27, I28: frames that hold the block's own memmap. */
function checkSelfHosted(k: Kernel, block: MemoryBlock): void {
  const { id, start, end, nrVmemmapPages } = block;
  if (nrVmemmapPages === 0) return;
  const refusals = mhpRefusals(mhpGeometry(k), (end - start) * k.pageBytes);
  if (refusals.length > 0) panic(`checkInvariants: I27 block ${id} holds its own memmap against rule ${refusals[0]}`);
  const area = findArea(k, start)?.area;
  for (let pfn = start; pfn < start + nrVmemmapPages; pfn++) {
    if (area?.isFree(pfn)) panic(`checkInvariants: I16 frame ${pfn} holds memmap of its block ${id} and is free`);
  }
  const frames = ownMemmapFrames(k, block);
  if (memmapOnMemoryPages(k, frames) !== nrVmemmapPages) {
    panic(`checkInvariants: I26 block ${id} has ${nrVmemmapPages} memmap frames, ${frames} are mapped`);
  }
  for (let pfn = start; block.zone >= 0 && pfn < start + nrVmemmapPages; pfn++) {
    if (k.sections.migratetype(pfn) !== MIGRATE_UNMOVABLE) {
      panic(`checkInvariants: I23 the pageblock of memmap frame ${pfn} is not unmovable`);
    }
    if (k.contents && k.config.selfHostedVmemmap === "marked" && (pageFlags(k, pfn) & k.layout.selfHosted) === 0) {
      panic(`checkInvariants: I28 memmap frame ${pfn} of block ${id} is not marked self-hosted`);
    }
  }
}

/** Frames of the block's memmap that lie in the block, by the page table. */
function ownMemmapFrames(k: Kernel, { start, end }: MemoryBlock): number {
  let inside = 0;
  for (let vpage = vmemmapPage(k, start); vpage < vmemmapPage(k, end); vpage++) {
    const frame = lookupAddress(k, k.rootPfn, vmemmapVpn(k, vpage))?.pfn ?? -1;
    if (frame >= start && frame < end) inside++;
  }
  return inside;
}

/** A block is made of populated sections, all online or none. */
function checkSections(k: Kernel, block: MemoryBlock): void {
  for (let pfn = block.start; pfn < block.end; pfn += k.pagesPerSubsection) {
    if (!k.sections.populated(pfn)) panic(`checkInvariants: I14 frame ${pfn} of block ${block.id} has no section`);
    if (k.sections.online(pfn) !== block.zone >= 0) {
      panic(`checkInvariants: I26 the section of frame ${pfn} and its block ${block.id} do not agree on being online`);
    }
  }
}

/** I26, I29: the zone spans the block and has a free area for it; struct pages name their zone and node. */
function checkOnline(k: Kernel, block: MemoryBlock): void {
  const { id, nid, start, end, nrVmemmapPages } = block;
  const zone = k.nodes[nid].zones[block.zone];
  if (start < zone.startPfn || end > zone.startPfn + zone.spanned) {
    panic(`checkInvariants: I29 the zone of block ${id} does not span it`);
  }
  if (findArea(k, start)?.zone !== zone) panic(`checkInvariants: I26 block ${id} has no free area in its zone`);
  if (!k.contents) return;
  for (let pfn = start + nrVmemmapPages; pfn < end; pfn += STRIDE) {
    const hi = readPage(k, pfn, PAGE_FLAGS_HI);
    if (flagsHiZone(hi) !== zone.index || flagsHiNid(hi) !== nid) {
      panic(`checkInvariants: I6 struct page of frame ${pfn} does not name the zone of block ${id}`);
    }
    if (k.sections.migratetype(pfn) !== MIGRATE_MOVABLE) {
      panic(`checkInvariants: I23 the pageblock of frame ${pfn} is not movable`);
    }
    if (nrVmemmapPages > 0 && k.config.selfHostedVmemmap === "marked" && !isVmemmapSelfHosted(k, pfn)) {
      panic(`checkInvariants: I28 the memmap of frame ${pfn} is not found to be self-hosted`);
    }
  }
}

/** I12, I26, I29: a zone counts its boot memory and its blocks; its span ends where its memory does. */
function checkZone(k: Kernel, zone: Zone): void {
  let present = bootPresent(k, zone);
  for (const block of k.hotplug.blocks.values()) {
    if (block.nid === zone.nid && block.zone === zone.index) present += block.end - block.start;
  }
  const name = `zone ${zone.index} of node ${zone.nid}`;
  if (zone.present !== present) {
    panic(`checkInvariants: I26 ${name} has ${zone.present} frames present, not ${present}`);
  }
  const first = zone.areas[0];
  const last = zone.areas[zone.areas.length - 1];
  const end = last === undefined ? 0 : last.base + last.length;
  if (first === undefined ? zone.spanned !== 0 : zone.startPfn < first.base || zone.startPfn + zone.spanned !== end) {
    panic(`checkInvariants: I29 the span of ${name} is not that of its memory`);
  }
  for (const [order, hint] of zone.hints.entries()) {
    for (let i = 0; i < hint; i++) {
      for (let o = order; o <= k.arch.maxOrder; o++) {
        if (zone.areas[i].freeBlocks(o) > 0) panic(`checkInvariants: I12 ${name} overlooks free blocks of order ${o}`);
      }
    }
  }
}

/** Frames of boot memory in a zone. */
function bootPresent(k: Kernel, zone: Zone): number {
  let present = 0;
  for (const { nid, start, end } of k.machine.topology.dram) {
    if (nid !== zone.nid) continue;
    for (let at = start; at < end;) {
      let next = end;
      for (const bytes of [k.arch.dmaEndBytes, k.arch.dma32EndBytes]) {
        if (at < bytes / k.pageBytes) next = Math.min(next, bytes / k.pageBytes);
      }
      if (zoneIndexOfDram(k, at) === zone.index) present += next - at;
      at = next;
    }
  }
  return present;
}

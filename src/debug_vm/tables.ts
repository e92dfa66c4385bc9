// SPDX-License-Identifier: GPL-2.0-only
// Recounts the kernel page table (I1, I4, I5, I13, I16, I25) and compares mappings with the state of sections, frames
// and tables with use counts, references with the number of entries, sharing with the configuration.

import {
  FRAME_USES,
  USE_ALTMAP_VMEMMAP,
  USE_BOOT_VMEMMAP,
  USE_DIRECT_MAP,
  USE_PMD_TABLE,
  USE_PTE_TABLE,
  USE_PUD_TABLE,
  USE_SHARED_TAILS,
  USE_VMEMMAP,
} from "../include/frame_use.ts";
import { ZONE_DEVICE } from "../include/mmzone.ts";
import { pageLinksHi } from "../include/page_flags.ts";
import type { DevPagemap, VmemAltmap } from "../include/memremap.ts";
import { panic } from "../lib/bug.ts";
import { altmapHas } from "../mm/vmemmap/altmap.ts";
import type { Kernel } from "../mm/kernel.ts";
import { findMemoryBlock } from "../mm/hotplug/memory_block.ts";
import { sharedEntries } from "./hugetlb.ts";
import { pageFlags, pageRefcount, readPage } from "../mm/page.ts";
import { countsReferences, findZone } from "../mm/page_alloc.ts";
import { vmemmapCanOptimize, vmemmapReserveNr } from "../mm/vmemmap/sparse_vmemmap.ts";
import { entryFrame, entryHuge, entryNone, levelPages, tableEntries, vmemmapVpn, walkTo } from "../mm/pgtable.ts";
import { walkTables } from "../mm/ptdump.ts";
import { C } from "../mm/vmstat.ts";

/** Recounts the vmemmap part of the kernel table. */
export function checkKernelTable(k: Kernel): void {
  const counts = recount(k);
  checkValidIsMapped(k, counts);
  const kinds = checkUses(k, counts);
  checkAltmaps(k, counts);
  checkReferences(k, counts, kinds);
  for (const { pgmap } of k.pgmaps.entries) checkSharing(k, pgmap);
}

interface Recount {
  /** PTE-mapped frames and how many entries map each. */
  readonly frames: Map<number, number>;
  /** Head frames of blocks mapped by PMD leaves. */
  readonly blocks: Set<number>;
  /** PTE tables and how many PMD entries point to each. */
  readonly pteTables: Map<number, number>;
  /** Vmemmap pages with a translation, as runs [first, end), ascending. */
  readonly mapped: [number, number][];
  readonly tables: number[];
}

function recount(k: Kernel): Recount {
  const result: Recount = {
    frames: new Map(),
    blocks: new Set(),
    pteTables: new Map(),
    mapped: [],
    tables: [0, 0, 0, 0],
  };
  const base = vmemmapVpn(k, 0);
  const shared = new Set<number>();
  walkTables(k, k.rootPfn, k.arch.vmemmapPgdIndex, tableEntries(k), {
    table: (level, _vpn, child) => {
      if (level === 1) {
        const times = result.pteTables.get(child) ?? 0;
        result.pteTables.set(child, times + 1);
        if (times > 0) return void shared.add(child);
      }
      result.tables[level]++;
    },
    leaf: (level, vpn, pfn) => {
      addRun(k, result.mapped, vpn - base, levelPages(k, level));
      if (level === 1) result.blocks.add(pfn);
      // Entries of a shared table exist once, however many PMD entries lead to them.
      else if (!isRepeat(k, shared, vpn)) result.frames.set(pfn, (result.frames.get(pfn) ?? 0) + 1);
    },
  });
  return result;
}

/** Whether this entry was visited already, through another PMD entry that shares its table. */
function isRepeat(k: Kernel, shared: Set<number>, vpn: number): boolean {
  if (shared.size === 0) return false;
  const pmd = walkTo(k, k.rootPfn, vpn, 1);
  const table = entryFrame(k, pmd);
  if (!shared.has(table)) return false;
  const previous = walkTo(k, k.rootPfn, vpn - levelPages(k, 1), 1);
  return previous >= 0 && !entryNone(k, previous) && !entryHuge(k, previous) && entryFrame(k, previous) === table;
}

/** Adds what a leaf maps. I1, second half: nothing is mapped outside populated sections. */
function addRun(k: Kernel, mapped: [number, number][], vpage: number, count: number): void {
  const first = Math.floor(vpage * k.pageBytes / k.structPageSize);
  const last = Math.ceil((vpage + count) * k.pageBytes / k.structPageSize) - 1;
  let valid = k.sections.valid(first) || k.sections.valid(last);
  for (let pfn = first; !valid && pfn <= last; pfn += k.pagesPerSubsection) valid = k.sections.valid(pfn);
  if (!valid) panic(`checkInvariants: I1 vmemmap page ${vpage} is mapped, frames ${first}-${last} are in no section`);
  const run = mapped.at(-1);
  if (run?.[1] === vpage) run[1] += count;
  else mapped.push([vpage, vpage + count]);
}

/** I1, first half: all memmap of every populated subsection is mapped. */
function checkValidIsMapped(k: Kernel, { mapped }: Recount): void {
  const { sections, pagesPerSubsection } = k;
  let run = 0;
  for (let nr = 0; nr < sections.length; nr++) {
    if (sections.state[nr] === 0) continue;
    for (let s = 0; s < sections.subsections; s++) {
      const pfn = nr * k.pagesPerSection + s * pagesPerSubsection;
      if (!sections.valid(pfn)) continue;
      const first = Math.floor(pfn * k.structPageSize / k.pageBytes);
      const end = Math.ceil((pfn + pagesPerSubsection) * k.structPageSize / k.pageBytes);
      while (run < mapped.length && mapped[run][1] <= first) run++;
      const [from, to] = mapped[run] ?? [end, end];
      if (from <= first && end <= to) continue;
      panic(`checkInvariants: I1 vmemmap page ${from <= first ? to : first} of frame ${pfn} is not mapped`);
    }
  }
}

/** Where a frame of memmap comes from: the buddy allocator, boot, an altmap; or a page of tails that many share. */
const [FROM_BUDDY, FROM_BOOT, FROM_ALTMAP, SHARED_TAILS] = [0, 1, 2, 3];

/** I25, I16: frames and tables by use, recounted. Returns the kind of each frame mapped by PTEs, in their order. */
function checkUses(k: Kernel, { frames, blocks, tables }: Recount): Uint8Array {
  const perBlock = levelPages(k, 1);
  const found = [0, 0, 0, 0];
  const kinds = new Uint8Array(frames.size);
  let i = 0;
  for (const pfn of frames.keys()) {
    const kind = isSharedTails(k, pfn) ? SHARED_TAILS : originOf(k, pfn);
    kinds[i++] = kind;
    found[kind]++;
  }
  for (const pfn of blocks) found[originOf(k, pfn)] += perBlock;
  expectUse(k, USE_VMEMMAP, found[FROM_BUDDY]);
  expectUse(k, USE_BOOT_VMEMMAP, found[FROM_BOOT]);
  expectUse(k, USE_ALTMAP_VMEMMAP, found[FROM_ALTMAP]);
  expectUse(k, USE_DIRECT_MAP, directTables(k));
  expectUse(k, USE_SHARED_TAILS, k.hugetlb.sharedTails.length);
  expectUse(k, USE_PTE_TABLE, tables[1]);
  expectUse(k, USE_PMD_TABLE, tables[2]);
  expectUse(k, USE_PUD_TABLE, tables[3]);
  if (k.stat[C.nrMemmapPages] !== found[FROM_BUDDY]) {
    panic(`checkInvariants: I25 nr_memmap_pages ${k.stat[C.nrMemmapPages]}, found ${found[FROM_BUDDY]}`);
  }
  if (k.stat[C.nrMemmapBootPages] !== found[FROM_BOOT]) {
    panic(`checkInvariants: I25 nr_memmap_boot_pages ${k.stat[C.nrMemmapBootPages]}, found ${found[FROM_BOOT]}`);
  }
  return kinds;
}

/** Tables of the direct map, which lies below the memmap. */
function directTables(k: Kernel): number {
  let found = 0;
  if (k.directMap !== null) {
    walkTables(k, k.rootPfn, 0, k.arch.vmemmapPgdIndex, { table: () => void found++, leaf: () => {} });
  }
  return found;
}

function isSharedTails(k: Kernel, pfn: number): boolean {
  return k.hugetlb.sharedTails.length > 0 && k.hugetlb.sharedTails.some(({ frame }) => frame === pfn);
}

/** Whether a frame is a page of tails that device pages share. */
function isDeviceTails(k: Kernel, pfn: number): boolean {
  return k.hugetlb.sharedTails.some(({ frame, links }) =>
    frame === pfn && k.nodes.some(({ nid }) => links === pageLinksHi(ZONE_DEVICE, nid))
  );
}

function expectUse(k: Kernel, use: number, found: number): void {
  if (k.uses[use] !== found) {
    panic(`checkInvariants: I25 ${found} frames are ${FRAME_USES[use]}, ${k.uses[use]} are counted`);
  }
}

/** I15: the frames that an altmap gave out hold memmap; blocks are aligned, and each frame is mapped once. */
function checkAltmaps(k: Kernel, { frames, blocks }: Recount): void {
  if (!k.pgmaps.entries.some(({ pgmap }) => pgmap.altmap !== null)) return;
  const found = new Map<VmemAltmap, number>();
  const count = (pfn: number, size: number, entries: number): void => {
    const altmap = altmapOf(k, pfn);
    if (altmap === null) return;
    if (pfn % size !== 0 || !altmapHas(altmap, pfn + size - 1) || entries > 1) {
      panic(`checkInvariants: I15 altmap frame ${pfn} is mapped by ${entries} entries for ${size} pages`);
    }
    found.set(altmap, (found.get(altmap) ?? 0) + size);
  };
  for (const [pfn, entries] of frames) count(pfn, 1, entries);
  for (const pfn of blocks) count(pfn, levelPages(k, 1), 1);
  for (const { pgmap: { altmap } } of k.pgmaps.entries) {
    const mapped = altmap === null ? 0 : found.get(altmap) ?? 0;
    if (altmap !== null && altmap.alloc !== mapped) {
      panic(`checkInvariants: I15 an altmap gave out ${altmap.alloc} frames, ${mapped} hold memmap`);
    }
  }
}

/** Where a frame comes from. I16: a frame of memmap is RAM, or an altmap's. */
function originOf(k: Kernel, pfn: number): number {
  if (inAltmap(k, pfn)) return FROM_ALTMAP;
  if (findZone(k, pfn) === null) panic(`checkInvariants: I16 frame ${pfn} holds memmap and is neither RAM nor altmap`);
  return isBoot(k, pfn) ? FROM_BOOT : FROM_BUDDY;
}

/** Whether a frame is set aside for memmap, by a pgmap or by its memory block. */
function inAltmap(k: Kernel, pfn: number): boolean {
  const block = k.hotplug.blocks.size === 0 ? null : findMemoryBlock(k, pfn);
  if (block !== null) return pfn < block.start + block.nrVmemmapPages;
  return altmapOf(k, pfn) !== null;
}

/** The altmap of the pgmap that set a frame aside, or null. */
function altmapOf(k: Kernel, pfn: number): VmemAltmap | null {
  const altmap = k.pgmaps.lookup(pfn)?.altmap ?? null;
  return altmap !== null && altmapHas(altmap, pfn) ? altmap : null;
}

function isBoot(k: Kernel, pfn: number): boolean {
  return (readPage(k, pfn, 0) & k.layout.reserved) !== 0;
}

/**
 * I13: a frame of memmap has a reference per entry that maps it, a PTE table one per PMD entry. The entries HugeTLB
 * shares do not count.
 */
function checkReferences(k: Kernel, { frames, blocks, pteTables }: Recount, kinds: Uint8Array): void {
  const uncounted = sharedEntries(k);
  const expect = (pfn: number, entries: number): void => {
    const refs = pageRefcount(k, pfn);
    if (refs !== entries) panic(`checkInvariants: I13 frame ${pfn} has ${refs} references and ${entries} entries`);
  };
  const check = (all: number, pfn: number): void => {
    if (inAltmap(k, pfn)) return;
    if (isBoot(k, pfn)) return checkBootPage(k, pfn);
    if (!isSharedTails(k, pfn)) return expect(pfn, all - (uncounted.get(pfn) ?? 0));
    // A page of shared tails has one reference of its own; entries of devices hold one each, those of HugeTLB none.
    expect(pfn, 1 + (k.config.dedup === "pte+zone" && isDeviceTails(k, pfn) ? all : 0));
  };
  let i = 0;
  for (const [pfn, all] of frames) {
    const kind = kinds[i++];
    if (kind === FROM_BUDDY) expect(pfn, all - (uncounted.get(pfn) ?? 0));
    else if (kind === FROM_BOOT) checkBootPage(k, pfn);
    else if (kind === SHARED_TAILS) check(all, pfn);
  }
  pteTables.forEach(check);
  for (const pfn of blocks) {
    if (!countsReferences(k, k.arch.format.tableShift)) break;
    if (inAltmap(k, pfn)) continue;
    if (isBoot(k, pfn)) checkBootPage(k, pfn);
    else if (pageRefcount(k, pfn) !== 1) {
      panic(`checkInvariants: I13 block ${pfn} has ${pageRefcount(k, pfn)} references`);
    }
  }
}

/** I24: boot's memmap and tables are Reserved, marked, and have one reference however many entries share them. */
function checkBootPage(k: Kernel, pfn: number): void {
  if ((pageFlags(k, pfn) & k.layout.bootmem) === 0 || pageRefcount(k, pfn) !== 1) {
    panic(`checkInvariants: I24 boot frame ${pfn} has ${pageRefcount(k, pfn)} references or lost its mark`);
  }
}

/** I5: every compound maps its head page, its tail page, and the tail (or head) page again for all others. */
function checkSharing(k: Kernel, pgmap: DevPagemap): void {
  if (!vmemmapCanOptimize(k, pgmap) || k.pageBytes % k.structPageSize !== 0) return;
  const perPage = k.pageBytes / k.structPageSize;
  const kept = vmemmapReserveNr(k);
  const byZone = k.config.dedup === "pte+zone";
  for (const { start, end } of pgmap.ranges.slice(0, pgmap.nrRange)) {
    for (let head = start; head < end; head += pgmap.geometry) {
      if (k.sections.early(head)) continue;
      const pages = Math.min(pgmap.geometry, end - head) / perPage;
      const first = frameOf(k, head / perPage);
      const last = frameOf(k, head / perPage + (byZone ? kept : kept - 1));
      if (byZone && !isDeviceTails(k, last)) {
        panic(`checkInvariants: I5 compound ${head} does not share its zone's tails`);
      }
      if (kept === 2 && first === last) panic(`checkInvariants: I5 compound ${head} has one page for head and tails`);
      for (let p = kept; p < pages; p++) {
        if (frameOf(k, head / perPage + p) !== last) {
          panic(`checkInvariants: I5 memmap page ${p} of compound ${head} is not shared`);
        }
      }
    }
  }
}

function frameOf(k: Kernel, vpage: number): number {
  const pte = walkTo(k, k.rootPfn, vmemmapVpn(k, vpage), 0);
  return pte < 0 ? -1 : entryFrame(k, pte);
}

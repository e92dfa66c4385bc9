// SPDX-License-Identifier: GPL-2.0-only
// Writing struct pages into a fresh memmap: __init_single_page() and memmap_init_zone_device() with patches 3, 4 and 13
// of document 001 (mm/page_alloc.c then, mm/mm_init.c now). For one 2 MiB compound with shared tails:
//
//   vmemmap page 0: [H][t1][t2]...[t63]      vmemmap page 1: [t64]...[t127]       pages 2-7 alias page 1
//
// so 128 of 512 struct pages are written. Struct pages of one kind differ only in the head they point to, hence the
// first is written field by field and the rest of a run copied from it. Boot's deferred part is in page_alloc.ts.
// Left out: KASAN tags, page extensions, initialisation in parallel.

import {
  COMPOUND_PAGE_DTOR,
  PAGE_FLAGS,
  PAGE_MAPPING,
  PAGE_MAPPING_HI,
  PAGE_PGMAP,
  PAGE_PGMAP_HI,
  PAGE_REFCOUNT,
  PAGE_ZONE_DEVICE_DATA,
  PAGE_ZONE_DEVICE_DATA_HI,
  STRETCH_STRUCT_SIZE,
  TAIL_MAPPING_HI,
  TAIL_MAPPING_LO,
  WORD,
} from "../include/mm_types.ts";
import { MIGRATE_MOVABLE, ZONE_DEVICE } from "../include/mmzone.ts";
import type { DevPagemap, VmemAltmap } from "../include/memremap.ts";
import { isAligned } from "../lib/align.ts";
import { panic } from "../lib/bug.ts";
import type { Kernel } from "./kernel.ts";
import {
  compoundInfoHi,
  compoundInfoLo,
  countInPmem,
  eachMemmapRun,
  initDeferredList,
  pageWord,
  prepCompoundHead,
  readPage,
  setCompoundHead,
  setPageFlags,
  vmemmapPage,
  writePage,
} from "./page.ts";
import type { Zone } from "./mmzone.ts";
import { vmemmapCanOptimize, vmemmapReserveNr } from "./vmemmap/sparse_vmemmap.ts";
import { initPages, initSinglePage } from "./page_init.ts";
import { C } from "./vmstat.ts";
import { traced } from "./trace.ts";

const { COMPOUND_HEAD, COMPOUND_HEAD_HI, FLAGS, REFCOUNT, STEP } = WORD;

/** `__init_zone_device_page` (patch 3), without the pageblock, which is set for the whole range at once. */
export function initZoneDevicePage(k: Kernel, pfn: number, pgmap: DevPagemap): void {
  initSinglePage(k, pfn, ZONE_DEVICE, pgmap.nid);
  writePage(k, pfn, PAGE_FLAGS, k.layout.reserved);
  writePage(k, pfn, PAGE_PGMAP, pgmap.addrLo);
  writePage(k, pfn, PAGE_PGMAP_HI, pgmap.addrHi);
  writePage(k, pfn, PAGE_ZONE_DEVICE_DATA, 0);
  writePage(k, pfn, PAGE_ZONE_DEVICE_DATA_HI, 0);
}

/** `prep_compound_tail` (patch 2) on an initialised page, with the zero refcount of patch 4. */
export function prepCompoundTail(k: Kernel, tail: number, head: number, order: number): void {
  writePage(k, tail, PAGE_MAPPING, TAIL_MAPPING_LO);
  writePage(k, tail, PAGE_MAPPING_HI, TAIL_MAPPING_HI);
  setCompoundHead(k, tail, head, order);
  writePage(k, tail, PAGE_REFCOUNT, 0);
}

/**
 * `compound_nr_pages` (patch 13): struct pages of one compound that have storage of their own: all unless the tails
 * were shared when the memmap was populated. Both must use the same predicate.
 */
export function compoundNrPages(k: Kernel, pgmap: DevPagemap, pfn: number): number {
  const all = pgmap.geometry;
  const early = k.sections.early(pfn) && !k.config.errata.earlySectionAssumedShared;
  if (!k.config.initUniqueOnly || !vmemmapCanOptimize(k, pgmap) || early) return all;
  return Math.min(all, vmemmapReserveNr(k) * Math.floor(k.pageBytes / k.structPageSize));
}

/**
 * `memmap_init_zone_device`: initialises the memmap of [start, end) as base pages or as compounds of the pgmap's
 * geometry, skipping struct pages that alias others. Returns how many were written.
 */
export const memmapInitZoneDevice = traced(
  "memmap_init_zone_device(start, end)",
  (k: Kernel, start: number, end: number, pgmap: DevPagemap): number => {
    typePageblocks(k, start, end, pgmap);
    if (!k.contents) return 0;
    // Without an altmap or hot-added memory, all memmap is in DRAM.
    const tiered = pgmap.altmap !== null || k.hotplug.blocks.size > 0;
    let written = 0;
    let pmem = 0;
    if (pgmap.geometry === 1) {
      written = fillRun(k, start, end - start, (pfn) => initZoneDevicePage(k, pfn, pgmap));
      if (tiered) pmem = countInPmem(k, start, written);
    } else {
      // If heads may lie in shared tails, copying would give a different result than writing field by field.
      const mayClone = isAligned(start, Math.min(pgmap.geometry, k.pagesPerSection));
      const order = Math.log2(pgmap.geometry);
      let image: Image | null = null;
      let heads = 0;
      for (let head = start; head < end; head += pgmap.geometry) {
        const unique = Math.min(compoundNrPages(k, pgmap, head), end - head);
        let done: number;
        if (image !== null && image.nrPages === unique) done = cloneCompound(k, head, order, image);
        else {
          done = initCompound(k, head, unique, pgmap);
          image = mayClone ? imageOfCompound(k, head, unique) : null;
        }
        written += done;
        if (tiered) pmem += countInPmem(k, head, done);
        heads++;
      }
      k.stat[C.compoundHeadsPrepared] += heads;
      k.stat[C.compoundTailsPrepared] += written - heads;
    }
    k.stat[C.structPagesWrittenDram] += written - pmem;
    k.stat[C.structPagesWrittenPmem] += pmem;
    return written;
  },
);

/** Makes the pageblocks of [start, end) movable; the posted code only types those whose first struct page it writes. */
function typePageblocks(k: Kernel, start: number, end: number, pgmap: DevPagemap): void {
  const short = k.config.errata.pageblockInShortLoop && pgmap.geometry > 1;
  const step = short ? pgmap.geometry : end - start;
  for (let at = start; at < end; at += step) {
    const stop = short ? Math.min(at + compoundNrPages(k, pgmap, at), end) : end;
    k.stat[C.pageblocksTyped] += k.sections.setMigratetype(at, stop, MIGRATE_MOVABLE);
  }
}

/**
 * `memmap_init_range` as move_pfn_range_to_zone() calls it for ZONE_DEVICE: the altmap's own frames get plain Reserved
 * struct pages, since memmap_init_zone_device() begins after them.
 */
export const memmapInitAltmap = traced("memmap_init_range()", (k: Kernel, altmap: VmemAltmap, nid: number): void => {
  const start = altmap.basePfn + altmap.reserve;
  const end = start + altmap.free;
  k.sections.setMigratetype(altmap.basePfn, end, MIGRATE_MOVABLE);
  if (!k.contents) return;
  for (let pfn = start; pfn < end; pfn++) {
    initSinglePage(k, pfn, ZONE_DEVICE, nid);
    writePage(k, pfn, PAGE_FLAGS, k.layout.reserved);
  }
  k.stat[C.altmapStructPagesWritten] += end - start;
});

/**
 * `memmap_init_range` with MEMINIT_HOTPLUG: struct pages of hot-added System RAM, Reserved until it goes online. Each
 * is written field by field, because its lru points to itself.
 */
export const memmapInitRange = traced(
  "memmap_init_range(_, start, n)",
  (k: Kernel, zone: Zone, start: number, n: number): void => {
    initPages(k, start, n, zone.index, zone.nid, k.layout.reserved);
    k.stat[C.ramStructPagesWritten] += n;
  },
);

/** `__free_pages_core`: clears Reserved and the reference; the frames may then go to the buddy allocator. */
export const freeCorePages = traced("__free_pages_core(start, n)", (k: Kernel, start: number, n: number): void => {
  if (k.structPageSize !== STRETCH_STRUCT_SIZE) {
    for (let pfn = start; pfn < start + n; pfn++) {
      writePage(k, pfn, PAGE_FLAGS, 0);
      writePage(k, pfn, PAGE_REFCOUNT, 0);
    }
    return;
  }
  eachMemmapRun(k, start, n, (words, at, _pfn, count) => {
    for (let w = at; w < at + count * STEP; w += STEP) {
      words[w + FLAGS] = 0;
      words[w + REFCOUNT] = 0;
    }
  });
});

/**
 * `memmap_init_compound` (patch 4) with its head: the tails, then what the head keeps in the first two of them. Returns
 * how many struct pages were written.
 */
function initCompound(k: Kernel, head: number, nrPages: number, pgmap: DevPagemap): number {
  const order = Math.log2(pgmap.geometry);
  initZoneDevicePage(k, head, pgmap);
  setPageFlags(k, head, k.layout.head);
  const tail = (pfn: number) => {
    initZoneDevicePage(k, pfn, pgmap);
    prepCompoundTail(k, pfn, head, order);
  };
  // The head's fields in the first tails are written after these tails, but before later ones, which may alias them.
  const first = Math.min(k.layout.headAfterTails, nrPages - 1);
  const written = 1 + fillRun(k, head + 1, first, tail);
  prepCompoundHead(k, head, order, COMPOUND_PAGE_DTOR);
  return written + fillRun(k, head + 1 + first, nrPages - 1 - first, tail);
}

/** Memmap of one compound for others to copy: the page of its head, then a page of plain tails, as all others are. */
interface Image {
  readonly head: number;
  readonly nrPages: number;
  /** Memmap pages; 0 if the struct pages do not fill any. */
  readonly pages: number;
  readonly words: Int32Array;
  readonly headPage: Int32Array;
  readonly tailPage: Int32Array;
}

function imageOfCompound(k: Kernel, head: number, nrPages: number): Image {
  const { pageWords } = k.phys;
  const whole = k.structPageSize === STRETCH_STRUCT_SIZE && nrPages * STEP % pageWords === 0;
  const pages = whole ? nrPages * STEP / pageWords : 0;
  const words = new Int32Array(2 * pageWords);
  for (let p = 0; p < Math.min(pages, 2); p++) {
    const from = pageWord(k, head + p * pageWords / STEP, 0);
    words.set(k.phys.words.subarray(from, from + pageWords), p * pageWords);
  }
  return { head, nrPages, pages, words, headPage: words.subarray(0, pageWords), tailPage: words.subarray(pageWords) };
}

/**
 * initCompound() by copying: points the tails of the image to this head while they are in the cache, then copies it. This
 * writes memory once; field by field would write it several times. Returns how many struct pages it wrote.
 */
function cloneCompound(k: Kernel, head: number, order: number, image: Image): number {
  const { words, pageWords } = k.phys;
  const { mmu } = k.cpu;
  const { pages } = image;
  if (pages === 0) return cloneByWord(k, head, order, image);
  pointTails(image.words, compoundInfoLo(k, head, order), compoundInfoHi(k, head));
  const vpage = vmemmapPage(k, head);
  let written = 0;
  for (let p = 0; p < pages; p++) {
    const to = mmu.write(vpage + p);
    if (to < 0) panic(`cloneCompound: vmemmap page ${vpage + p} is not mapped for writing`);
    written += pageWords;
    if (p > 0) words.set(image.tailPage, to);
    else if (pages > 1 && mmu.write(vpage + 1) === to + pageWords) {
      words.set(image.words, to);
      written += pageWords;
      p++;
    } else words.set(image.headPage, to);
  }
  if (listKept(k, order)) initDeferredList(k, head + 2);
  return written / STEP;
}

/** Points all struct pages but the first to their head, whose high word seldom changes. */
function pointTails(image: Int32Array, lo: number, hi: number): void {
  for (let at = STEP; at < image.length; at += STEP) image[at + COMPOUND_HEAD] = lo;
  if (image[STEP + COMPOUND_HEAD_HI] === hi) return;
  for (let at = STEP; at < image.length; at += STEP) image[at + COMPOUND_HEAD_HI] = hi;
}

/** Whether the list in the second tail survives tails that are initialised after the head's fields. */
function listKept(k: Kernel, order: number): boolean {
  return k.layout.deferredList && k.layout.headAfterTails > 1 && order > 1;
}

/** cloneCompound for struct pages that straddle vmemmap pages. */
function cloneByWord(k: Kernel, head: number, order: number, { head: from, nrPages }: Image): number {
  let written = 0;
  for (let i = 0; i < nrPages; i++, written++) {
    for (let offset = 0; offset < k.structPageSize; offset += 4) {
      writePage(k, head + i, offset, readPage(k, from + i, offset));
    }
    if (i > 0) setCompoundHead(k, head + i, head, order);
  }
  if (listKept(k, order)) initDeferredList(k, head + 2);
  return written;
}

/** Copying more than this many bytes at a time is no faster. */
const COPY_BYTES = 65536;

/**
 * Writes `n` identical struct pages from `pfn` on: the first with `first`, the others by copying, stretch by stretch of
 * contiguous memmap. Returns how many were written.
 */
function fillRun(k: Kernel, pfn: number, n: number, first: (pfn: number) => void): number {
  const size = k.structPageSize;
  if (k.pageBytes % size !== 0) {
    let written = 0;
    for (; written < n; written++) first(pfn + written);
    return written;
  }
  const perPage = k.pageBytes / size;
  let written = 0;
  let source = -1;
  let sourceBytes = 0;
  for (let at = pfn; at < pfn + n;) {
    const vpage = vmemmapPage(k, at);
    const base = k.cpu.mmu.write(vpage);
    if (base < 0) panic(`fillRun: memmap of frame ${at} is not mapped for writing`);
    let count = perPage - at % perPage;
    for (let p = 1; at + count < pfn + n && k.cpu.mmu.write(vpage + p) === base + p * k.phys.pageWords; p++) {
      count += perPage;
    }
    count = Math.min(count, pfn + n - at);
    const to = (base + (at % perPage) * size / 4) * 4;
    let done = 0;
    if (source < 0) {
      first(at);
      source = to;
      sourceBytes = size;
      done = size;
    }
    while (done < count * size) {
      const chunk = Math.min(sourceBytes, count * size - done);
      k.phys.bytes.copyWithin(to + done, source, source + chunk);
      done += chunk;
      if (source === to && sourceBytes < COPY_BYTES) sourceBytes = done;
    }
    if (count * size > sourceBytes) {
      source = to;
      sourceBytes = Math.min(COPY_BYTES, count * size);
    }
    written += done / size;
    at += count;
  }
  return written;
}

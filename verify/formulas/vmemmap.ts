// SPDX-License-Identifier: GPL-2.0-only
// Closed formulas for the cost of device memory's memmap, from the definitions alone (4 KiB pages, struct pages of 64
// bytes, tables of 512 entries, sections of 128 MiB: x86-64). This file imports nothing, so that it shares no code with
// the emulator. Documents are cited by number and line: 000 the v7 cover letter, 001 the v4 series and its thread, 002
// commit 4917f55b4e. Left out: other geometries, HugeTLB, hotplug.

/** Bytes of a base page. */
export const PAGE = 4096;
/** sizeof(struct page), bytes. */
export const STRUCT_PAGE = 64;
/** Entries of a page table. */
const ENTRIES = 512;
/** Bytes of memory per section; its memmap fills one PMD (002:2, 001:1860 name the x86 sizes). */
export const SECTION = 2 ** 27;
/** Bytes mapped by a 2 MiB and a 1 GiB page. */
export const SIZE_2M = 2 ** 21;
export const SIZE_1G = 2 ** 30;
export const TIB = 2 ** 40;
const MIB = 2 ** 20;

/** How the memmap of a compound page is shared. */
export type Sharing =
  /** Every struct page has its own storage, mapped by PMD leaves. */
  | "none"
  /** Tail pages share one frame (000:15-19). */
  | "pte"
  /** PTE tables that hold only tails are shared too (001:2255-2284). */
  | "pte+table"
  /** Tails use the head's page too (000:51-53). */
  | "pte+head";

/** Whole struct pages that fit in one page of memmap (000:15). */
export function structsPerPage(structPage = STRUCT_PAGE): number {
  return Math.floor(PAGE / structPage);
}

/** Tails on the first memmap page of a compound, next to its head (000:16). */
export function tailsOnHeadPage(): number {
  return structsPerPage() - 1;
}

/** Base pages in `bytes` of memory. */
export function basePages(bytes: number): number {
  return bytes / PAGE;
}

/** Pages of memmap for `bytes` of memory, nothing shared (001:1551: n * sizeof(struct page) / PAGE_SIZE). */
export function vmemmapPages(bytes: number): number {
  return basePages(bytes) * STRUCT_PAGE / PAGE;
}

/** Memmap pages kept for one compound of `pageSize` bytes (000:16, 002:2); for a base page, its fraction of one. */
export function keptPages(pageSize: number, sharing: Sharing): number {
  const all = vmemmapPages(pageSize);
  if (sharing === "none" || pageSize === PAGE) return all;
  return Math.min(all, sharing === "pte+head" ? 1 : 2);
}

/** Memmap pages that one compound saves (000:18). */
export function savedPages(pageSize: number, sharing: Sharing): number {
  return vmemmapPages(pageSize) - keptPages(pageSize, sharing);
}

/** Frames of memmap for `bytes` of memory in pages of `pageSize` (000:27-31). */
export function memmapFrames(bytes: number, pageSize: number, sharing: Sharing): number {
  return bytes / pageSize * keptPages(pageSize, sharing);
}

/**
 * PTE tables for the memmap of `bytes`: none under PMD leaves, one per section when entries are shared, and two per 1
 * GiB page when tables are: the first maps the head, the second only tails (001:2276-2284).
 */
export function pteTables(bytes: number, pageSize: number, sharing: Sharing): number {
  if (sharing === "none" || pageSize === PAGE) return 0;
  const sections = bytes / SECTION;
  const perPage = pageSize / SECTION;
  return sharing === "pte+table" && perPage > 2 ? bytes / pageSize * 2 : sections;
}

/** Sections a page of this size spans (001:2267). */
export function sectionsPerPage(pageSize: number): number {
  return pageSize / SECTION;
}

/** Base pages of one section. */
export function pagesPerSection(): number {
  return SECTION / PAGE;
}

/**
 * PMD tables that a range of memory adds for its memmap. A table covers the memmap of 64 GiB; the table with the end of
 * lower memory's memmap exists already. Physical addresses in bytes; `below` is the end of lower memory.
 */
export function newPmdTables(start: number, bytes: number, below: number): number {
  const covers = ENTRIES * SECTION;
  const first = Math.floor(start / covers);
  const last = Math.floor((start + bytes - 1) / covers);
  const before = Math.floor((below - 1) / covers);
  return last - Math.max(first - 1, before);
}

/** Bytes of frames, and with `tables` of PTE tables, for `bytes` of memory (000:27-31 mixes the two). */
export function memmapBytes(bytes: number, pageSize: number, sharing: Sharing, tables: boolean): number {
  const frames = memmapFrames(bytes, pageSize, sharing);
  return (frames + (tables ? pteTables(bytes, pageSize, sharing) : 0)) * PAGE;
}

/** `part` of `whole` in percent. */
export function percent(part: number, whole: number): number {
  return 100 * part / whole;
}

/** How many times smaller the memmap gets (000:62, 001:155). */
export function shrink(pageSize: number, sharing: Sharing, tables: boolean): number {
  return memmapBytes(TIB, PAGE, "none", tables) / memmapBytes(TIB, pageSize, sharing, tables);
}

/** Factor by which sharing the head page raises the saving (000:51-53). */
export function headSharingGain(pageSize: number): number {
  return savedPages(pageSize, "pte+head") / savedPages(pageSize, "pte");
}

/** Struct pages of one compound with their own storage (001:2221: 2 * (PAGE_SIZE / sizeof(struct page))). */
export function uniqueStructs(pageSize: number, sharing: Sharing): number {
  return Math.min(basePages(pageSize), keptPages(pageSize, sharing) * structsPerPage());
}

/** Tails with their own content: the order in the first, the pin count in the first or second (001:1854). */
export function tailsWithState(pincountTail: 1 | 2): number {
  return pincountTail;
}

/** Order of a compound page: log2 of its base pages (001:4469 uses PMD_SHIFT instead). */
export function compoundOrder(pageSize: number): number {
  return Math.log2(basePages(pageSize));
}

/** Struct pages to write for `bytes` of memory (001:2179-2181). */
export function structsToWrite(bytes: number, pageSize: number, sharing: Sharing): number {
  return bytes / pageSize * uniqueStructs(pageSize, sharing);
}

/** References on the shared tail frame: one per entry that maps it, where an entry of a shared table counts once. */
export function tailFrameRefs(pageSize: number, sharing: Exclude<Sharing, "none">): number {
  const all = vmemmapPages(pageSize);
  if (sharing === "pte+head") return all;
  if (sharing === "pte" || all <= 2 * ENTRIES) return all - 1;
  return 2 * ENTRIES - 1;
}

/** References on the PTE table that maps only tails, one per PMD entry (001:2355). */
export function tailTableRefs(pageSize: number): number {
  return sectionsPerPage(pageSize) - 1;
}

/** References held on a pgmap: one per page or compound page (001:655, memremap_pages()). */
export function pgmapReferences(bytes: number, pageSize: number): number {
  return Math.floor(bytes / pageSize);
}

/** References on a pgmap with `<<` in place of the division (001:2706). */
export function pgmapReferencesShiftedLeft(bytes: number, pageSize: number): number {
  return basePages(bytes) * 2 ** Math.log2(pageSize / PAGE);
}

/** Yields in 1024 steps of pfn_next(): as intended, and as in 001:633, which yields on all but every 1024th step. */
export function yieldsPer1024(asPosted: boolean): number {
  return asPosted ? 1024 - 1 : 1;
}

/** Error of page->index by ALIGN() for a fault `offset` pages into a huge page of `pages` (001:766). */
export function pgoffError(offset: number, pages: number): number {
  return Math.ceil(offset / pages) * pages - Math.floor(offset / pages) * pages;
}

/** Pageblocks left untyped when the type is set in a loop over `structs` struct pages of a compound (001:2221). */
export function untypedPageblocks(pageSize: number, structs: number): number {
  return pageSize / SIZE_2M - Math.ceil(structs / basePages(SIZE_2M));
}

/** How gup reaches the reference counts of a compound (001:1070-1103, 001:3111, 001:3477, 001:4201). */
export type Gup = "per-page" | "compound" | "compound-range" | "no-pgmap" | "grab-one";

/** Atomic adds to get (or pin) and put the `pages` of one compound that one entry maps. */
export interface GupStores {
  /** Adds on reference counts to get. */
  readonly get: number;
  /** Adds on the compound's pin count to get. */
  readonly pins: number;
  /** Adds on reference counts to put. */
  readonly put: number;
  /** Searches for the pgmap. */
  readonly lookups: number;
}

/**
 * Stores for one entry (001:117, 001:4600); `compound` tells whether its pages are one compound. put_page() always
 * works page by page; unpin_user_pages() returns a compound's pages together, base pages one by one.
 */
export function gupStores(variant: Gup, pin: boolean, compound: boolean, pages: number): GupStores {
  const steps = variant === "grab-one" ? 2 : 1;
  const get = variant === "per-page" || !compound ? pages : steps;
  return {
    get,
    pins: pin && compound ? get : 0,
    put: pin && compound ? 1 : pages,
    lookups: variant === "no-pgmap" && compound ? 0 : 1,
  };
}

/** References that the sketch of 001:4224 takes for `npages` of a compound: one, plus those beyond two. */
export function sketchReferences(npages: number): number {
  return npages > 2 ? npages : 1;
}

/** Pages that the sketch of 001:4217 takes from `offset` pages into a compound to the end of the entry. */
export function sketchPages(compoundPages: number, offset: number, entryPages: number): number {
  return Math.min(compoundPages, entryPages - offset);
}

/** Location of a namespace's data in bytes; null if there is no room. */
export interface Reserve {
  readonly dataoff: number;
  readonly usable: number;
}

/**
 * `nd_pfn_init`: 8 KiB for the label and info block, with map=dev 64 bytes per page, both rounded up to the alignment
 * (at least 2 MiB). `start` and `size` in bytes. Linux 6.1 drivers/nvdimm/pfn_devs.c.
 */
export function reserve(start: number, size: number, align: number, map: "mem" | "dev"): Reserve | null {
  const unit = Math.max(align, SIZE_2M);
  const info = 2 * PAGE;
  const memmap = map === "dev" ? STRUCT_PAGE * Math.floor((size - info) / PAGE) : 0;
  const dataoff = Math.ceil((start + info + memmap) / unit) * unit - start;
  const usable = Math.floor((start + size) / unit) * unit - start - dataoff;
  return usable <= 0 ? null : { dataoff, usable };
}

/** Bytes as MiB. */
export function mib(bytes: number): number {
  return bytes / MIB;
}

/** Bytes as GiB. */
export function gib(bytes: number): number {
  return bytes / SIZE_1G;
}

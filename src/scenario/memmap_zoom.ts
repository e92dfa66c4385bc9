// SPDX-License-Identifier: GPL-2.0-only
// Views of the memmap of a running machine: by section, then one vmemmap page with the walk to its frame, then one
// struct page with its words by name. For observers (the explorer): reading changes nothing.
//
//   namespace > section > vmemmap page: PGD > PUD > PMD > PTE > frame > 64 struct pages > words > bits

import { ZONE_NAMES } from "../include/mmzone.ts";
import { PAGE_FLAGS, PAGE_FLAGS_HI } from "../include/mm_types.ts";
import { flagNames, flagsHiNid, flagsHiZone } from "../include/page_flags.ts";
import type { PgtableFormat } from "../include/pgtable_format.ts";
import type { Kernel } from "../mm/kernel.ts";
import { compoundHead, pageRefcount, readPage, vmemmapPage } from "../mm/page.ts";
import {
  entryAt,
  entryFrame,
  entryHuge,
  entryNone,
  levelPages,
  tableEntries,
  tableIndex,
  vmemmapVpn,
  walkTo,
} from "../mm/pgtable.ts";
import { walkTables } from "../mm/ptdump.ts";
import { hex64, type StructPageField, structPageFields, type WordOf } from "./struct_page_fields.ts";

/** The memmap of one section, restricted to a range of frames. */
export interface MemmapSection {
  /** Section number. */
  readonly section: number;
  /** First frame of the range in it. */
  readonly startPfn: number;
  /** Vmemmap pages with a translation. */
  readonly vmemmapPages: number;
  /** Frames that these map. */
  readonly frames: number;
  /** PMD leaves that map them. */
  readonly leaves: number;
}

/** One step of a walk. */
export interface WalkStep {
  /** `PGD` down to `PTE`. */
  readonly level: string;
  /** Frame of the table. */
  readonly table: number;
  /** Entry in it. */
  readonly index: number;
  /** The entry, 16 hexadecimal digits. */
  readonly entry: string;
  /** Bits that are set, by name. */
  readonly bits: readonly string[];
  /** Frame it points to. */
  readonly pfn: number;
}

/** A struct page as one cell of its vmemmap page. */
export interface StructPageCell extends Pick<WordOf, "pfn" | "kind" | "head"> {
  readonly refcount: number;
}

/** One vmemmap page. */
export interface VmemmapPageView {
  /** Number in the vmemmap. */
  readonly vmemmapPage: number;
  /** Its virtual address, in hexadecimal. */
  readonly address: string;
  /** From the root table to its frame. */
  readonly walk: readonly WalkStep[];
  /** Frame that holds it. */
  readonly pfn: number;
  /** Struct pages on it, as read at this address; empty if struct pages were not written. */
  readonly structPages: readonly StructPageCell[];
}

/** One 64-bit word of a struct page. */
export interface StructPageWord {
  /** Bytes from the start. */
  readonly offset: number;
  /** 16 hexadecimal digits. */
  readonly hex: string;
  /** Fields and their values. */
  readonly fields: readonly StructPageField[];
}

/** One struct page. */
export interface StructPageView extends StructPageCell {
  /** Its virtual address, in hexadecimal. */
  readonly address: string;
  /** Names of the flags that are set. */
  readonly flags: readonly string[];
  readonly zone: string;
  readonly node: number;
  readonly words: readonly StructPageWord[];
}

const LEVELS = ["PTE", "PMD", "PUD", "PGD"];

/** Sections of the frames [start, end), ascending. */
export function memmapSections(k: Kernel, start: number, end: number): MemmapSection[] {
  const first = Math.floor(start / k.pagesPerSection);
  const count = Math.ceil(end / k.pagesPerSection) - first;
  const [pages, frames, leaves] = [new Float64Array(count), new Float64Array(count), new Float64Array(count)];
  const base = vmemmapVpn(k, 0);
  const from = base + vmemmapPage(k, start);
  const to = base + vmemmapPage(k, end - 1) + 1;
  let [lastPfn, lastSection] = [-1, -1];
  walkTables(k, k.rootPfn, k.arch.vmemmapPgdIndex, tableEntries(k), {
    leaf: (level, vpn, pfn) => {
      const span = levelPages(k, level);
      if (vpn + span <= from || vpn >= to) return;
      const at = Math.floor(Math.max(vpn, from) - base) * k.pageBytes / k.structPageSize;
      const section = Math.max(0, Math.min(count - 1, Math.floor(at / k.pagesPerSection) - first));
      const shown = Math.min(vpn + span, to) - Math.max(vpn, from);
      pages[section] += shown;
      if (level > 0) leaves[section]++;
      // Entries that share a frame are adjacent.
      if (level > 0) frames[section] += shown;
      else if (pfn !== lastPfn || section !== lastSection) frames[section]++;
      [lastPfn, lastSection] = [pfn, section];
    },
  });
  return Array.from({ length: count }, (_, i) => ({
    section: first + i,
    startPfn: Math.max(start, (first + i) * k.pagesPerSection),
    vmemmapPages: pages[i],
    frames: frames[i],
    leaves: leaves[i],
  }));
}

/** The vmemmap page of that number. RangeError if it is not mapped. */
export function vmemmapPageView(k: Kernel, vpage: number): VmemmapPageView {
  const vpn = vmemmapVpn(k, vpage);
  const walk: WalkStep[] = [];
  let table = k.rootPfn;
  for (let level = k.arch.format.topLevel; level >= 0; level--) {
    const index = tableIndex(k, vpn, level);
    const at = entryAt(k, table, index);
    if (entryNone(k, at)) throw new RangeError(`Cannot show vmemmap page ${vpage}: nothing maps it`);
    const pfn = entryFrame(k, at);
    const leaf = level === 0 || entryHuge(k, at);
    const [lo, hi] = [k.phys.words[at], k.phys.words[at + 1]];
    const bits = bitNames(k.arch.format, lo, hi);
    walk.push({ level: LEVELS[level], table, index, entry: hex64(lo, hi), bits, pfn });
    if (!leaf) {
      table = pfn;
      continue;
    }
    const frame = pfn + vpn % levelPages(k, level);
    return {
      vmemmapPage: vpage,
      address: vmemmapAddress(k, vpage * k.pageBytes),
      walk,
      pfn: frame,
      structPages: cells(k, vpage),
    };
  }
  throw new RangeError(`Cannot show vmemmap page ${vpage}: the walk has no end`);
}

/** The PTE table behind a vmemmap page, entry by entry. */
export interface PteTableView {
  /** Its frame; with a PMD leaf, that of the block. */
  readonly pfn: number;
  /** Whether a PMD leaf maps the page, so that there is no table. */
  readonly leaf: boolean;
  /** The vmemmap page that its first entry maps. */
  readonly firstVmemmapPage: number;
  /** The frame each entry maps; -1 for none. */
  readonly frames: readonly number[];
}

/** The PTE table, or PMD leaf, that maps a vmemmap page. RangeError if it is not mapped. */
export function pteTableView(k: Kernel, vpage: number): PteTableView {
  const vpn = vmemmapVpn(k, vpage);
  const pmd = walkTo(k, k.rootPfn, vpn, 1);
  if (pmd < 0 || entryNone(k, pmd)) throw new RangeError(`Cannot show vmemmap page ${vpage}: nothing maps it`);
  const [pfn, leaf] = [entryFrame(k, pmd), entryHuge(k, pmd)];
  const frames = Array.from({ length: tableEntries(k) }, (_, i) => {
    if (leaf) return pfn + i;
    const at = entryAt(k, pfn, i);
    return entryNone(k, at) ? -1 : entryFrame(k, at);
  });
  return { pfn, leaf, firstVmemmapPage: vpage - vpn % levelPages(k, 1), frames };
}

function bitNames({ bitNames }: PgtableFormat, lo: number, hi: number): string[] {
  const set = (bit: number) => ((bit < 32 ? lo >>> bit : hi >>> (bit - 32)) & 1) !== 0;
  return Object.entries(bitNames).filter(([bit]) => set(Number(bit))).map(([, name]) => name);
}

/** Struct pages that begin on a vmemmap page, without one that straddles its start. */
function cells(k: Kernel, vpage: number): StructPageCell[] {
  if (!k.contents) return [];
  const first = Math.ceil(vpage * k.pageBytes / k.structPageSize);
  const end = Math.floor((vpage + 1) * k.pageBytes / k.structPageSize);
  return Array.from({ length: end - first }, (_, i) => cell(k, first + i));
}

function cell(k: Kernel, pfn: number): StructPageCell {
  const head = compoundHead(k, pfn);
  const isHead = head === pfn && (readPage(k, pfn, PAGE_FLAGS) & k.layout.head) !== 0;
  return { pfn, kind: head !== pfn ? "tail" : isHead ? "head" : "page", head, refcount: pageRefcount(k, pfn) };
}

/** A struct page, word by word. RangeError if it was never written. */
export function structPageView(k: Kernel, pfn: number): StructPageView {
  if (!k.contents) throw new RangeError(`Cannot show the struct page of frame ${pfn}: struct pages were not written`);
  if (!k.sections.valid(pfn)) throw new RangeError(`Cannot show the struct page of frame ${pfn}: it is in no section`);
  const { kind, head, refcount } = cell(k, pfn);
  const [flags, flagsHi] = [readPage(k, pfn, PAGE_FLAGS), readPage(k, pfn, PAGE_FLAGS_HI)];
  const word = (offset: number) => readPage(k, pfn, offset);
  const words = Array.from({ length: k.structPageSize / 8 }, (_, i) => ({
    offset: 8 * i,
    hex: hex64(word(8 * i), word(8 * i + 4)),
    fields: structPageFields(k, { pfn, kind, head, offset: 8 * i, lo: word(8 * i), hi: word(8 * i + 4) }),
  }));
  return {
    pfn,
    kind,
    head,
    refcount,
    address: vmemmapAddress(k, pfn * k.structPageSize),
    flags: flagNames(k.layout, flags),
    zone: ZONE_NAMES[flagsHiZone(flagsHi)] ?? "?",
    node: flagsHiNid(flagsHi),
    words,
  };
}

/** A virtual address in the vmemmap. */
function vmemmapAddress(k: Kernel, bytes: number): string {
  return hex64(bytes | 0, k.arch.vmemmapHi + Math.floor(bytes / 2 ** 32));
}

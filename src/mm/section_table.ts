// SPDX-License-Identifier: GPL-2.0-only
// struct mem_section for every section of the physical address space (include/linux/mmzone.h), as parallel arrays:
// state bits, the subsection bitmap, the node, and the migrate types of its pageblocks. The memmap pointer of the
// kernel is the SECTION_HAS_MEM_MAP bit here: with SPARSEMEM_VMEMMAP its value follows from the section number.
// Left out: page extensions, the roots of SPARSEMEM_EXTREME.

import type { Arch } from "../arch/arch.ts";
import { SECTION_IS_EARLY, SECTION_IS_ONLINE } from "../include/mmzone.ts";
import { powerOf2 } from "../lib/align.ts";

/** What to do with bits of the subsection map. */
const ANY_SET = 0;
const ANY_CLEAR = 1;
const SET = 2;
const CLEAR = 3;
type BitOp = typeof ANY_SET | typeof ANY_CLEAR | typeof SET | typeof CLEAR;

/** All sections of a machine. */
export class SectionTable {
  /** SECTION_* bits by section. */
  readonly state: Uint8Array;
  readonly pagesPerSection: number;
  readonly pagesPerSubsection: number;
  readonly subsections: number;
  readonly #wordsPerSection: number;
  readonly #map: Int32Array;
  readonly #pageblockOrder: number;
  readonly #migrate: Uint8Array;

  constructor(arch: Arch, maxPfn: number) {
    this.pagesPerSection = powerOf2(arch.sectionShift - arch.format.pageShift);
    this.pagesPerSubsection = powerOf2(arch.subsectionShift - arch.format.pageShift);
    this.subsections = this.pagesPerSection / this.pagesPerSubsection;
    const sections = Math.ceil(maxPfn / this.pagesPerSection);
    this.#wordsPerSection = Math.ceil(this.subsections / 32);
    this.state = new Uint8Array(sections);
    this.#map = new Int32Array(sections * this.#wordsPerSection);
    this.#pageblockOrder = arch.pageblockOrder;
    this.#migrate = new Uint8Array(sections * this.pagesPerSection / 2 ** arch.pageblockOrder);
  }

  /** `pfn_to_section_nr`. */
  nr(pfn: number): number {
    return Math.floor(pfn / this.pagesPerSection);
  }

  /** Number of sections. */
  get length(): number {
    return this.state.length;
  }

  /** `fill_subsection_map`: marks [pfn, pfn + n) populated. False, nothing changed, if any of it already is. */
  fill(pfn: number, n: number): boolean {
    if (this.#walk(pfn, n, ANY_SET)) return false;
    this.#walk(pfn, n, SET);
    return true;
  }

  /** `clear_subsection_map`. False, nothing changed, unless all of it was set. */
  clear(pfn: number, n: number): boolean {
    if (this.#walk(pfn, n, ANY_CLEAR)) return false;
    this.#walk(pfn, n, CLEAR);
    return true;
  }

  /** Whether no subsection of the section is populated. */
  isEmpty(nr: number): boolean {
    for (let w = 0; w < this.#wordsPerSection; w++) if (this.#map[nr * this.#wordsPerSection + w] !== 0) return false;
    return true;
  }

  /** `pfn_valid`: the section is present, and early or this subsection populated. */
  valid(pfn: number): boolean {
    const nr = this.nr(pfn);
    if (pfn < 0 || nr >= this.state.length || this.state[nr] === 0) return false;
    return (this.state[nr] & SECTION_IS_EARLY) !== 0 || this.populated(pfn);
  }

  /** Whether the subsection of this frame is marked populated. */
  populated(pfn: number): boolean {
    return this.#walk(pfn, 1, ANY_SET);
  }

  /** `early_section`: the section was there at boot, so all of it has boot memmap. */
  early(pfn: number): boolean {
    return this.nr(pfn) < this.state.length && (this.state[this.nr(pfn)] & SECTION_IS_EARLY) !== 0;
  }

  /** Whether frames of this section are System RAM in use. */
  online(pfn: number): boolean {
    return this.nr(pfn) < this.state.length && (this.state[this.nr(pfn)] & SECTION_IS_ONLINE) !== 0;
  }

  /** `set_pageblock_migratetype` for every pageblock that begins in [start, end); returns how many do. */
  setMigratetype(start: number, end: number, type: number): number {
    const block = 2 ** this.#pageblockOrder;
    const first = Math.ceil(start / block);
    const last = Math.ceil(end / block);
    this.#migrate.fill(type, first, last);
    return last - first;
  }

  /** Migrate type of the pageblock of a frame. */
  migratetype(pfn: number): number {
    return this.#migrate[Math.floor(pfn / 2 ** this.#pageblockOrder)];
  }

  /** Tests or changes the bits of the subsections of [pfn, pfn + n), a word at a time; true if a tested bit matches. */
  #walk(pfn: number, n: number, op: BitOp): boolean {
    const map = this.#map;
    const last = Math.floor((pfn + n - 1) / this.pagesPerSubsection);
    for (let s = Math.floor(pfn / this.pagesPerSubsection); s <= last;) {
      const section = Math.floor(s / this.subsections);
      const bit = s - section * this.subsections;
      const count = Math.min(32 - (bit & 31), this.subsections - bit, last - s + 1);
      const mask = (count === 32 ? -1 : (1 << count) - 1) << (bit & 31);
      const word = section * this.#wordsPerSection + (bit >>> 5);
      if (op === SET) map[word] |= mask;
      else if (op === CLEAR) map[word] &= ~mask;
      else if (((op === ANY_SET ? map[word] : ~map[word]) & mask) !== 0) return true;
      s += count;
    }
    return false;
  }
}

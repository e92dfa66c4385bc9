// SPDX-License-Identifier: GPL-2.0-only
// The MMU of one CPU, for the vmemmap: a TLB filled by a hardware page walk and stale until flushed. Addresses are
// vmemmap page numbers (vmemmap offset / page size), so that 16 TiB of memory stay below 2^27 and integer code stays
// integer.
//
//   first level  SETS x     { page number, slot, frame, in pmem, writable }   direct-mapped, one 4 KiB translation each
//   by PMD       PMD_SETS x { PMD number, slot, frame, -, is a leaf }         a block, or the table a walk begins at
//
// The second is a TLB for huge pages and what x86 calls a paging-structure cache in one. The four integers of an entry
// are adjacent, a quarter of a host cache line: with an array for each, gup's short accesses between two long loops
// kept missing the host's first-level cache. The slot stands for the word base, which may need more than 32 bits; so
// may a frame, whose high part is in the last field. An absent translation is never cached (x86). Left out: ASIDs, user
// translations (gup walks those in software), data TLB.

import type { PgtableFormat } from "../include/pgtable_format.ts";
import type { PhysMem } from "./phys_mem.ts";

const SETS = 2048;
const PMD_SETS = 64;
/** Numbers of an entry, in either level. */
const STRIDE = 4;
const TAG = 0;
/** Page of the machine's memory, see PhysMem. */
const SLOT = 1;
/** Low 32 bits of the frame. */
const FRAME = 2;
/** The frame's high bits, then two flags. */
const REST = 3;
const WRITABLE = 1;
const LEAF = 1;
const PMEM = 2;
const HIGH_SHIFT = 2;
/** A flush of more pages than this empties the whole TLB (x86 tlb_single_page_flush_ceiling). */
const FLUSH_CEILING = 33;

/** Copies of both levels during findStale(). */
const HELD = new Int32Array(SETS * STRIDE);
const HELD_PMD = new Int32Array(PMD_SETS * STRIDE);

/** Translation cache and page walker of one CPU. */
export class Mmu {
  readonly phys: PhysMem;
  readonly format: PgtableFormat;
  readonly #pmem: Float64Array;
  /** Frame of the root table, and the entry at each level where the vmemmap begins. */
  rootPfn = -1;
  startIndex: readonly number[] = [0, 0, 0, 0];
  misses = 0;
  walkSteps = 0;
  flushes = 0;
  readonly #tlb: Int32Array;
  readonly #pmd: Int32Array;

  /**
   * @param vmemmapPages pages of vmemmap of the machine's sections; no page beyond is ever mapped
   * @param pmem frames that are pmem
   */
  constructor(
    phys: PhysMem,
    format: PgtableFormat,
    vmemmapPages: number,
    pmem: readonly { readonly start: number; readonly end: number }[],
  ) {
    this.phys = phys;
    this.format = format;
    // A small vmemmap, rounded up to whole leaves, never uses the sets past its end.
    const blocks = Math.ceil(vmemmapPages / 2 ** format.tableShift);
    this.#tlb = new Int32Array(Math.min(SETS, blocks * 2 ** format.tableShift) * STRIDE).fill(-1);
    this.#pmd = new Int32Array(Math.min(PMD_SETS, blocks) * STRIDE).fill(-1);
    this.#pmem = Float64Array.from(pmem.flatMap(({ start, end }) => [start, end]));
  }

  /** Word base of a vmemmap page for reading; -1 is a page fault. */
  read(vpage: number): number {
    const at = (vpage & (SETS - 1)) * STRIDE;
    const slot = this.#tlb[at + TAG] === vpage ? this.#tlb[at + SLOT] : this.#miss(vpage, at);
    return slot < 0 ? -1 : slot * this.phys.pageWords;
  }

  /** Word base of a vmemmap page for writing; -1 is a page fault, -2 a write to a read-only page. */
  write(vpage: number): number {
    const at = (vpage & (SETS - 1)) * STRIDE;
    const slot = this.#tlb[at + TAG] === vpage ? this.#tlb[at + SLOT] : this.#miss(vpage, at);
    if (slot < 0) return -1;
    return (this.#tlb[at + REST] & WRITABLE) !== 0 ? slot * this.phys.pageWords : -2;
  }

  /** Frame of a vmemmap page as this CPU sees it; -1 is a page fault. */
  frame(vpage: number): number {
    const at = (vpage & (SETS - 1)) * STRIDE;
    if (this.#tlb[at + TAG] !== vpage && this.#miss(vpage, at) < 0) return -1;
    return frameAt(this.#tlb, at);
  }

  /** Whether a vmemmap page lies in pmem, as this CPU sees it; false for a page fault. */
  inPmem(vpage: number): boolean {
    const at = (vpage & (SETS - 1)) * STRIDE;
    if (this.#tlb[at + TAG] !== vpage && this.#miss(vpage, at) < 0) return false;
    return (this.#tlb[at + REST] & PMEM) !== 0;
  }

  /**
   * Vmemmap pages from this one on that are known to be contiguous: to the end of the block if a huge translation is
   * cached, else just this one.
   */
  contiguous(vpage: number): number {
    const { tableShift } = this.format;
    const pmd = vpage >> tableShift;
    const at = (pmd & (PMD_SETS - 1)) * STRIDE;
    return this.#pmd[at + TAG] === pmd && (this.#pmd[at + REST] & LEAF) !== 0 ? ((pmd + 1) << tableShift) - vpage : 1;
  }

  /** Drops the translations of `count` pages from `vpage` on, or every translation if `count` exceeds the ceiling. */
  flushRange(vpage: number, count: number): void {
    if (count > FLUSH_CEILING) return this.flushAll();
    this.flushes++;
    for (let p = vpage; p < vpage + count; p++) {
      const at = (p & (SETS - 1)) * STRIDE;
      if (this.#tlb[at + TAG] === p) this.#tlb[at + TAG] = -1;
      const pmd = p >> this.format.tableShift;
      const block = (pmd & (PMD_SETS - 1)) * STRIDE;
      if (this.#pmd[block + TAG] === pmd) this.#pmd[block + TAG] = -1;
    }
  }

  /** Drops every translation. */
  flushAll(): void {
    this.flushes++;
    this.#tlb.fill(-1);
    this.#pmd.fill(-1);
  }

  /** A cached vmemmap page whose translation differs from the tables, or -1; for the invariant checker. */
  findStale(): number {
    HELD.set(this.#tlb);
    HELD_PMD.set(this.#pmd);
    const { tableShift } = this.format;
    let stale = -1;
    for (let at = 0; at < this.#tlb.length; at += STRIDE) {
      const vpage = HELD[at + TAG];
      if (vpage < 0) continue;
      this.#tlb[at + TAG] = -1;
      this.#walk(vpage, at);
      if (differs(HELD, this.#tlb, at)) stale = vpage;
    }
    for (let at = 0; at < this.#pmd.length; at += STRIDE) {
      if (HELD_PMD[at + TAG] < 0) continue;
      const vpage = HELD_PMD[at + TAG] * 2 ** tableShift;
      this.#pmd[at + TAG] = -1;
      this.#walk(vpage, (vpage & (SETS - 1)) * STRIDE);
      if (differs(HELD_PMD, this.#pmd, at)) stale = vpage;
    }
    this.#tlb.set(HELD.subarray(0, this.#tlb.length));
    this.#pmd.set(HELD_PMD.subarray(0, this.#pmd.length));
    return stale;
  }

  /** Translates a page that the first level does not hold, and stores the entry at `at`. Returns the slot, or -1. */
  #miss(vpage: number, at: number): number {
    this.misses++;
    const { tableShift } = this.format;
    const pmd = vpage >> tableShift;
    const block = (pmd & (PMD_SETS - 1)) * STRIDE;
    if (this.#pmd[block + TAG] !== pmd) return this.#walk(vpage, at);
    return this.#throughPmd(vpage, at, block);
  }

  /** Walks from the root to the PMD entry, caches it, and continues from it. */
  #walk(vpage: number, at: number): number {
    const { words } = this.phys;
    const f = this.format;
    const mask = (1 << f.tableShift) - 1;
    let table = this.rootPfn;
    for (let level = f.topLevel; level > 0; level--) {
      this.walkSteps++;
      // JS takes shift counts modulo 32 (16 KiB pages need more at the top level).
      const shift = level * f.tableShift;
      const rest = shift > 31 ? 0 : vpage >> shift;
      const entry = this.phys.wordBase(table) + 2 * ((this.startIndex[level] + rest) & mask);
      const lo = words[entry];
      if ((lo & f.present) === 0) return -1;
      table = entryPfn(f, lo, words[entry + 1]);
      if (level > 1) continue;
      const pmd = vpage >> f.tableShift;
      const leaf = (lo & f.hugeMask) === f.hugeValue;
      const block = (pmd & (PMD_SETS - 1)) * STRIDE;
      const slot = leaf ? this.phys.touchSlot(table, f.tableShift) : this.phys.slot(table);
      fill(this.#pmd, block, pmd, slot, table, leaf ? LEAF : 0);
    }
    return this.#throughPmd(vpage, at, ((vpage >> f.tableShift) & (PMD_SETS - 1)) * STRIDE);
  }

  /** The last step: the page inside the huge page at `block`, or its entry in the page table there. */
  #throughPmd(vpage: number, at: number, block: number): number {
    const f = this.format;
    const inBlock = vpage & ((1 << f.tableShift) - 1);
    const slot = this.#pmd[block + SLOT];
    if ((this.#pmd[block + REST] & LEAF) !== 0) {
      return this.#fill(at, vpage, slot + inBlock, frameAt(this.#pmd, block) + inBlock, WRITABLE);
    }
    this.walkSteps++;
    const { words, pageWords } = this.phys;
    const entry = slot * pageWords + 2 * inBlock;
    const lo = words[entry];
    if ((lo & f.present) === 0) return -1;
    const pfn = entryPfn(f, lo, words[entry + 1]);
    return this.#fill(at, vpage, this.phys.touchSlot(pfn, 0), pfn, (lo & f.roMask) === f.roValue ? 0 : WRITABLE);
  }

  #fill(at: number, vpage: number, slot: number, frame: number, writable: number): number {
    return fill(this.#tlb, at, vpage, slot, frame, this.#isPmem(frame) ? writable | PMEM : writable);
  }

  #isPmem(frame: number): boolean {
    const bounds = this.#pmem;
    for (let i = 0; i < bounds.length; i += 2) if (frame >= bounds[i] && frame < bounds[i + 1]) return true;
    return false;
  }
}

/** Writes an entry; returns its slot. */
function fill(entries: Int32Array, at: number, tag: number, slot: number, frame: number, bits: number): number {
  entries[at + TAG] = tag;
  entries[at + SLOT] = slot;
  entries[at + FRAME] = frame;
  entries[at + REST] = ((frame / 2 ** 32) << HIGH_SHIFT) | bits;
  return slot;
}

function frameAt(entries: Int32Array, at: number): number {
  return (entries[at + REST] >> HIGH_SHIFT) * 2 ** 32 + (entries[at + FRAME] >>> 0);
}

function differs(a: Int32Array, b: Int32Array, at: number): boolean {
  for (let i = at; i < at + STRIDE; i++) if (a[i] !== b[i]) return true;
  return false;
}

/** The frame an entry points to. */
export function entryPfn(format: PgtableFormat, lo: number, hi: number): number {
  return (hi & format.pfnHiMask) * format.pfnsPerHigh + (lo >>> format.pageShift);
}

/** Low word of an entry that points to `pfn`. The shift drops the bits that belong to the high word. */
export function entryLo(format: PgtableFormat, pfn: number, bits: number): number {
  return (pfn << format.pageShift) | bits;
}

/** High word of an entry that points to `pfn`; `|` drops the fraction. */
export function entryHi(format: PgtableFormat, pfn: number, bits: number): number {
  return (pfn / format.pfnsPerHigh) | bits;
}

// SPDX-License-Identifier: GPL-2.0-only
// The MMU of one CPU, for the vmemmap: a TLB filled by a hardware page walk and stale until flushed. Addresses are vmemmap
// page numbers (vmemmap offset / page size), so that 16 TiB of memory stay below 2^27 and integer code stays integer.
//
//   first level  SETS x { page number, word base, frame, writable }      direct-mapped, one 4 KiB translation each
//   huge level   64   x { PMD number, word base of the block, frame }    refills the first level without a walk
//
// An absent translation is never cached (x86). Left out: ASIDs, user translations (gup walks those in software), data TLB.

import type { PgtableFormat } from "../include/pgtable_format.ts";
import type { PhysMem } from "./phys_mem.ts";

const SETS = 2048;
const HUGE_SETS = 64;
/** More pages than this in one flush empty the whole TLB (x86 tlb_single_page_flush_ceiling). */
const FLUSH_CEILING = 33;

/** Translation cache and page walker of one CPU. */
export class Mmu {
  readonly phys: PhysMem;
  readonly format: PgtableFormat;
  /** Frame of the root table, and the entry in it where the vmemmap begins. */
  rootPfn = -1;
  rootIndex = 0;
  misses = 0;
  walkSteps = 0;
  flushes = 0;
  readonly #tag = new Int32Array(SETS).fill(-1);
  readonly #base = new Float64Array(SETS);
  readonly #frame = new Float64Array(SETS);
  readonly #writable = new Uint8Array(SETS);
  readonly #hugeTag = new Int32Array(HUGE_SETS).fill(-1);
  readonly #hugeBase = new Float64Array(HUGE_SETS);
  readonly #hugeFrame = new Float64Array(HUGE_SETS);

  constructor(phys: PhysMem, format: PgtableFormat) {
    this.phys = phys;
    this.format = format;
  }

  /** Word base of a vmemmap page for reading; -1 is a page fault. */
  read(vpage: number): number {
    const set = vpage & (SETS - 1);
    return this.#tag[set] === vpage ? this.#base[set] : this.#miss(vpage, set);
  }

  /** Word base of a vmemmap page for writing; -1 is a page fault, -2 a write to a read-only page. */
  write(vpage: number): number {
    const set = vpage & (SETS - 1);
    const base = this.#tag[set] === vpage ? this.#base[set] : this.#miss(vpage, set);
    return base < 0 || this.#writable[set] === 1 ? base : -2;
  }

  /** Frame behind a vmemmap page as this CPU sees it; -1 is a page fault. */
  frame(vpage: number): number {
    const set = vpage & (SETS - 1);
    if (this.#tag[set] !== vpage && this.#miss(vpage, set) < 0) return -1;
    return this.#frame[set];
  }

  /** Drops the translations of `count` pages from `vpage` on, or all of them past the ceiling. */
  flushRange(vpage: number, count: number): void {
    if (count > FLUSH_CEILING) return this.flushAll();
    this.flushes++;
    for (let p = vpage; p < vpage + count; p++) {
      if (this.#tag[p & (SETS - 1)] === p) this.#tag[p & (SETS - 1)] = -1;
      const huge = p >> this.format.tableShift;
      if (this.#hugeTag[huge & (HUGE_SETS - 1)] === huge) this.#hugeTag[huge & (HUGE_SETS - 1)] = -1;
    }
  }

  /** Drops every translation. */
  flushAll(): void {
    this.flushes++;
    this.#tag.fill(-1);
    this.#hugeTag.fill(-1);
  }

  /** A cached vmemmap page whose translation is not what the tables say now, or -1; for the invariant checker. */
  findStale(): number {
    const hugeTag = this.#hugeTag.slice();
    const hugeBase = this.#hugeBase.slice();
    const { tableShift } = this.format;
    for (let set = 0; set < SETS; set++) {
      const vpage = this.#tag[set];
      if (vpage < 0) continue;
      const [base, frame, writable] = [this.#base[set], this.#frame[set], this.#writable[set]];
      const now = this.#walk(vpage, set, vpage >> tableShift, vpage & ((1 << tableShift) - 1));
      if (now !== base || this.#frame[set] !== frame || this.#writable[set] !== writable) return vpage;
    }
    for (let set = 0; set < HUGE_SETS; set++) {
      const huge = hugeTag[set];
      if (huge < 0) continue;
      const vpage = huge << tableShift;
      this.#hugeTag[set] = -1;
      this.#walk(vpage, vpage & (SETS - 1), huge, 0);
      if (this.#hugeTag[set] !== huge || this.#hugeBase[set] !== hugeBase[set]) return vpage;
    }
    return -1;
  }

  #miss(vpage: number, set: number): number {
    this.misses++;
    const { tableShift } = this.format;
    const huge = vpage >> tableShift;
    const inBlock = vpage & ((1 << tableShift) - 1);
    const hset = huge & (HUGE_SETS - 1);
    if (this.#hugeTag[hset] === huge) {
      return this.#fill(
        vpage,
        set,
        this.#hugeBase[hset] + inBlock * this.phys.pageWords,
        this.#hugeFrame[hset] + inBlock,
        1,
      );
    }
    return this.#walk(vpage, set, huge, inBlock);
  }

  #walk(vpage: number, set: number, huge: number, inBlock: number): number {
    const { words, pageWords } = this.phys;
    const f = this.format;
    const mask = (1 << f.tableShift) - 1;
    let table = this.rootPfn;
    for (let level = 3; level >= 0; level--) {
      this.walkSteps++;
      const rest = vpage >> (level * f.tableShift);
      const at = this.phys.wordBase(table) + 2 * (level === 3 ? this.rootIndex + rest : rest & mask);
      const lo = words[at];
      if ((lo & f.present) === 0) return -1;
      const pfn = entryPfn(f, lo, words[at + 1]);
      if (level === 0) {
        const writable = (lo & f.roMask) === f.roValue ? 0 : 1;
        return this.#fill(vpage, set, this.phys.touch(pfn, 0), pfn, writable);
      }
      if ((lo & f.hugeMask) === f.hugeValue && level === 1) {
        const base = this.phys.touch(pfn, f.tableShift);
        this.#hugeTag[huge & (HUGE_SETS - 1)] = huge;
        this.#hugeBase[huge & (HUGE_SETS - 1)] = base;
        this.#hugeFrame[huge & (HUGE_SETS - 1)] = pfn;
        return this.#fill(vpage, set, base + inBlock * pageWords, pfn + inBlock, 1);
      }
      table = pfn;
    }
    return -1;
  }

  #fill(vpage: number, set: number, base: number, frame: number, writable: number): number {
    this.#tag[set] = vpage;
    this.#base[set] = base;
    this.#frame[set] = frame;
    this.#writable[set] = writable;
    return base;
  }
}

/** The frame an entry points to. */
export function entryPfn(format: PgtableFormat, lo: number, hi: number): number {
  return (hi & format.pfnHiMask) * format.pfnsPerHigh + (lo >>> format.pageShift);
}

/** Low word of an entry that points to `pfn`. The shift drops the bits that belong to the high word. */
export function entryLo(format: PgtableFormat, pfn: number, bits: number): number {
  return (pfn << format.pageShift) | bits;
}

/** High word of an entry that points to `pfn`. */
export function entryHi(format: PgtableFormat, pfn: number, bits: number): number {
  return Math.floor(pfn / format.pfnsPerHigh) | bits;
}

// SPDX-License-Identifier: GPL-2.0-only
// Physical memory. Every frame exists, but only frames that hold metadata (memmap, page tables) have bytes: a frame
// gets a slot of one big buffer when it is first touched, and loses it when it is freed. The host commits the buffer
// lazily, so host memory follows the live metadata.
//
//   frame 1573376 --#slotOf--> slot 7 --> words 7*1024 .. 8*1024-1 of `words`
//
// The frames of one higher-order block get consecutive slots, so a 2 MiB memmap leaf is one run of words. The order in
// which slots are handed out is the buddy algorithm's, hence repeatable. Left out: caches, the content of data frames.

import { FREE_POISON_BYTE } from "../include/mm_types.ts";
import { alignUp } from "../lib/align.ts";
import { Buddy } from "../lib/buddy.ts";
import { panic } from "../lib/bug.ts";
import { SparseInt32, type SparseStorage } from "../lib/sparse_int32.ts";
import { formatSize } from "../lib/units.ts";

/** Words of one window: 1 GiB, so that an index into it is a small integer on any machine. */
const WINDOW_WORDS = 2 ** 28;

/** Size of the host's huge pages, if it uses any. */
const HOST_HUGE_PAGE = 2 ** 21;

/** Called with the memory of every machine when it is reserved, before any of it is touched. */
export type ReserveHook = (bytes: Uint8Array<ArrayBufferLike>) => void;

let reserveHook: ReserveHook | null = null;

/** Sets the hook for reserved memory and returns the previous one; null for none. */
export function onReserve(hook: ReserveHook | null): ReserveHook | null {
  const before = reserveHook;
  reserveHook = hook;
  return before;
}

/** What another worker needs to use the same memory: the bytes, and the slot of each frame. */
export interface SharedBytes {
  readonly buffer: SharedArrayBuffer;
  readonly slots: SparseStorage;
}

/** Reserves address space for the metadata. RangeError with the size if the host has less. */
function reserve(bytes: number, shared: boolean): ArrayBufferLike {
  try {
    return shared ? new SharedArrayBuffer(bytes) : new ArrayBuffer(bytes);
  } catch (cause) {
    const size = formatSize(alignUp(bytes, 2 ** 20));
    throw new RangeError(`Cannot reserve ${size} for metadata: the host has less address space`, { cause });
  }
}

/** The machine's memory: frames by pfn, bytes by slot. */
export class PhysMem {
  readonly pageBytes: number;
  /** 32-bit words of one page. */
  readonly pageWords: number;
  /** The backing bytes as 32-bit words; index with a base from {@linkcode wordBase}. */
  readonly words: Int32Array;
  readonly bytes: Uint8Array;
  readonly #windows: Int32Array[] = [];
  readonly #slots: Buddy;
  readonly #slotOf: SparseInt32;
  readonly #poison: boolean;

  /**
   * @param maxPfn one past the highest frame
   * @param blockOrder order of the largest block that must be contiguous (a PMD leaf)
   * @param backingBytes room for metadata; reserved, not committed
   * @param shared whether the bytes lie in a SharedArrayBuffer, for workers
   * @param poison whether to overwrite freed slots (debug)
   * @param from bytes of a machine in another worker: this one reads and writes them, but allocates no slots
   */
  constructor(
    maxPfn: number,
    blockOrder: number,
    pageBytes: number,
    backingBytes: number,
    shared: boolean,
    poison: boolean,
    from?: SharedBytes,
  ) {
    const slots = Math.max(1, Math.ceil(backingBytes / pageBytes));
    const bytes = slots * pageBytes;
    // Some allocators use no huge pages at all for a buffer that ends inside one.
    const buffer = from?.buffer ?? reserve(bytes < HOST_HUGE_PAGE ? bytes : alignUp(bytes, HOST_HUGE_PAGE), shared);
    this.pageBytes = pageBytes;
    this.pageWords = pageBytes / 4;
    this.words = new Int32Array(buffer as ArrayBuffer);
    this.bytes = new Uint8Array(buffer as ArrayBuffer);
    for (let at = 0; at < this.words.length; at += WINDOW_WORDS) {
      this.#windows.push(this.words.subarray(at, at + WINDOW_WORDS));
    }
    this.#slots = new Buddy(0, slots, blockOrder);
    if (from === undefined) {
      this.#slots.freeRange(0, slots);
      reserveHook?.(this.bytes);
    }
    this.#slotOf = new SparseInt32(maxPfn, shared, from?.slots);
    this.#poison = poison;
  }

  /** The bytes for another worker, which does not see frames that get bytes later. RangeError unless shared. */
  share(): SharedBytes {
    const { buffer } = this.words;
    if (!((buffer as ArrayBufferLike) instanceof SharedArrayBuffer)) {
      throw new RangeError("Cannot share memory: the machine was not booted with shared memory");
    }
    return { buffer: buffer as ArrayBufferLike as SharedArrayBuffer, slots: this.#slotOf.storage };
  }

  /** Slots in use. */
  get slotsUsed(): number {
    return this.#slots.length - this.#slots.freeUnits;
  }

  /** The frame's slot, or -1 when it has no bytes. */
  slot(pfn: number): number {
    return this.#slotOf.get(pfn) - 1;
  }

  /** Index into `words` of the frame's first word, or -1 when it has no bytes. */
  wordBase(pfn: number): number {
    const slot = this.#slotOf.get(pfn) - 1;
    return slot < 0 ? -1 : slot * this.pageWords;
  }

  /**
   * The window of `words` that holds this word, for loops over many struct pages: word indices may exceed 2^31, so they
   * are doubles to V8, and converting them costs more than the loop. A block with consecutive bytes lies in one window.
   */
  window(at: number): Int32Array {
    return this.#windows[(at / WINDOW_WORDS) | 0];
  }

  /** Index of a word in its window. */
  inWindow(at: number): number {
    return at & (WINDOW_WORDS - 1);
  }

  /** Gives an aligned block of `1 << order` frames consecutive bytes, unless it has them; returns its word base. */
  touch(pfn: number, order: number): number {
    return this.touchSlot(pfn, order) * this.pageWords;
  }

  /** The same; returns the block's first slot. */
  touchSlot(pfn: number, order: number): number {
    const have = this.#slotOf.get(pfn);
    if (have !== 0) return have - 1;
    const slot = this.#slots.alloc(order);
    if (slot < 0) {
      throw new RangeError(
        `Cannot back frame ${pfn}: all ${this.#slots.length} slots of the machine's backing store are in use`,
      );
    }
    for (let i = 0; i < 1 << order; i++) this.#slotOf.set(pfn + i, slot + i + 1);
    return slot;
  }

  /** Frees the bytes of those of `1 << order` frames that have any. */
  release(pfn: number, order: number): void {
    const n = 1 << order;
    const first = this.#slotOf.get(pfn);
    if (first !== 0 && (first - 1) % n === 0 && this.#consecutive(pfn, n, first)) {
      for (let i = 0; i < n; i++) this.#slotOf.set(pfn + i, 0);
      this.#free(first - 1, order);
      return;
    }
    for (let i = 0; i < n; i++) {
      const slot = this.#slotOf.get(pfn + i);
      if (slot === 0) continue;
      this.#slotOf.set(pfn + i, 0);
      this.#free(slot - 1, 0);
    }
  }

  /** Panics if the free slots do not recount. */
  check(): void {
    if (this.#slots.recount() !== this.#slots.freeUnits) panic("PhysMem.check: free slots do not recount");
  }

  #free(slot: number, order: number): void {
    if (this.#poison) this.bytes.fill(FREE_POISON_BYTE, slot * this.pageBytes, (slot + 2 ** order) * this.pageBytes);
    this.#slots.free(slot, order);
  }

  #consecutive(pfn: number, n: number, first: number): boolean {
    for (let i = 1; i < n; i++) if (this.#slotOf.get(pfn + i) !== first + i) return false;
    return true;
  }
}

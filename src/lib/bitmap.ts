// SPDX-License-Identifier: GPL-2.0-only
// A bitmap that finds its lowest set bit in a few steps: level 0 holds the bits, each higher level one bit per word of
// the level below that is not zero. Memory is 1/31 more than the bits alone.

/** Levels of a bitmap in which at most one bit has been set. */
const EMPTY: readonly Int32Array[] = [new Int32Array(0)];

/** Fixed-size bitmap with a summary tree. Bit numbers below 2^31. */
export class SummaryBitmap {
  /** Words of level 0. The levels are allocated when a second bit is set: most free lists never have two. */
  readonly #words: number;
  #levels: readonly Int32Array[] = EMPTY;
  #count = 0;
  /** The bit that was set while the bitmap was empty is kept out of the tree, which makes short free lists cheap. */
  #single = -1;

  constructor(bits: number) {
    this.#words = Math.max(1, Math.ceil(bits / 32));
  }

  #makeLevels(): readonly Int32Array[] {
    let words = this.#words;
    const levels = [new Int32Array(words)];
    while (words > 1) {
      words = Math.ceil(words / 32);
      levels.push(new Int32Array(words));
    }
    return this.#levels = levels;
  }

  /** Number of set bits. */
  get count(): number {
    return this.#count;
  }

  /** Whether bit `i` is set; out of range reads as clear. */
  test(i: number): boolean {
    const level = this.#levels[0];
    const word = i >>> 5;
    return i === this.#single || word < level.length && (level[word] & (1 << (i & 31))) !== 0;
  }

  /** Whether any bit of an aligned run is set: `n` is a power of two, `first` a multiple of it. */
  testAny(first: number, n: number): boolean {
    if (this.#count === 0) return false;
    if (this.#single >= first && this.#single < first + n) return true;
    const level = this.#levels[0];
    const word = first >>> 5;
    if (word >= level.length) return false;
    if (n < 32) return (level[word] & (((1 << n) - 1) << (first & 31))) !== 0;
    for (let w = word; w < word + (n >>> 5); w++) if (level[w] !== 0) return true;
    return false;
  }

  /** Sets a clear bit. */
  set(i: number): void {
    if (this.#count++ === 0) {
      this.#single = i;
      return;
    }
    const levels = this.#levels === EMPTY ? this.#makeLevels() : this.#levels;
    for (let l = 0; l < levels.length; l++) {
      const level = levels[l];
      const word = i >>> 5;
      const old = level[word];
      level[word] = old | (1 << (i & 31));
      if (old !== 0) return;
      i = word;
    }
  }

  /** Clears a set bit. */
  clear(i: number): void {
    this.#count--;
    if (i === this.#single) {
      this.#single = -1;
      return;
    }
    const levels = this.#levels;
    for (let l = 0; l < levels.length; l++) {
      const level = levels[l];
      const word = i >>> 5;
      const left = level[word] & ~(1 << (i & 31));
      level[word] = left;
      if (left !== 0) return;
      i = word;
    }
  }

  /** The lowest set bit, or -1. */
  first(): number {
    const single = this.#single;
    if (this.#count <= (single < 0 ? 0 : 1)) return single;
    const levels = this.#levels;
    let i = 0;
    for (let l = levels.length - 1; l >= 0; l--) {
      const word = levels[l][i];
      i = i * 32 + (31 - Math.clz32(word & -word));
    }
    return single >= 0 && single < i ? single : i;
  }

  /** Set bits counted from the bits themselves, for the invariant checker. */
  recount(): number {
    let n = this.#single < 0 ? 0 : 1;
    for (let word of this.#levels[0]) {
      for (; word !== 0; word &= word - 1) n++;
    }
    return n;
  }
}

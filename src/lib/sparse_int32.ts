// SPDX-License-Identifier: GPL-2.0-only
// An Int32Array as long as the physical address space that costs memory only where it is used: chunks of 32768 entries
// made on first write, because 16 TiB are 2^32 frames and few of them hold metadata.

const CHUNK = 32768;

/** Sparse array of 32-bit integers, 0 where never written. Indices may exceed 2^32. */
export class SparseInt32 {
  readonly #chunks: (Int32Array | undefined)[];

  constructor(length: number) {
    // Sized up front: an array that grows by leaps would turn into a hash table.
    this.#chunks = new Array(Math.ceil(length / CHUNK)).fill(undefined);
  }

  get(i: number): number {
    const c = Math.floor(i / CHUNK);
    const chunk = this.#chunks[c];
    return chunk === undefined ? 0 : chunk[i - c * CHUNK];
  }

  set(i: number, value: number): void {
    const c = Math.floor(i / CHUNK);
    let chunk = this.#chunks[c];
    if (chunk === undefined) chunk = this.#chunks[c] = new Int32Array(CHUNK);
    chunk[i - c * CHUNK] = value;
  }
}

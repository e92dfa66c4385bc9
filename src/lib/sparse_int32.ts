// SPDX-License-Identifier: GPL-2.0-only
// An array of 32-bit integers over the physical address space that takes memory only where it is used: 16 TiB are 2^32
// frames, and few of them hold metadata. The low part, where DRAM lies, is one array that the host commits as it is
// touched; the rest is chunks allocated on first write.

/** Entries of the low part (64 GiB of 4 KiB frames) and of a chunk; powers of two. */
const LOW = 2 ** 24;
const CHUNK = 32768;

/** The storage of such an array, for a worker, which sees later writes to it, but not chunks added later. */
export interface SparseStorage {
  readonly low: Int32Array;
  readonly chunks: readonly (Int32Array | undefined)[];
}

/** Sparse array of 32-bit integers, 0 where never written. Indices may exceed 2^32. */
export class SparseInt32 {
  readonly #low: Int32Array;
  readonly #chunks: (Int32Array | undefined)[];
  readonly #shared: boolean;

  /** `shared` puts it into SharedArrayBuffers; `from` is the storage of another such array to share. */
  constructor(length: number, shared: boolean, from?: SparseStorage) {
    this.#shared = shared;
    this.#low = from?.low ?? this.#array(Math.min(length, LOW));
    // Sized up front: V8 turns an array with large gaps into a hash table.
    this.#chunks = from === undefined ? new Array(Math.ceil(length / CHUNK)).fill(undefined) : [...from.chunks];
  }

  /** The storage as it is now. */
  get storage(): SparseStorage {
    return { low: this.#low, chunks: this.#chunks };
  }

  get(i: number): number {
    if (i < LOW) return this.#low[i];
    const chunk = this.#chunks[(i / CHUNK) | 0];
    // `&` keeps the low bits of any whole number, even above 2^32.
    return chunk === undefined ? 0 : chunk[i & (CHUNK - 1)];
  }

  set(i: number, value: number): void {
    if (i < LOW) {
      this.#low[i] = value;
      return;
    }
    const c = (i / CHUNK) | 0;
    let chunk = this.#chunks[c];
    if (chunk === undefined) chunk = this.#chunks[c] = this.#array(CHUNK);
    chunk[i & (CHUNK - 1)] = value;
  }

  #array(length: number): Int32Array {
    return this.#shared ? new Int32Array(new SharedArrayBuffer(length * 4)) : new Int32Array(length);
  }
}

// SPDX-License-Identifier: GPL-2.0-only
// Measures what elementary steps of the emulator cost in this host's memory and processor. Buffers are much larger
// than the caches and touched before they are timed; each probe is the best of a few rounds, in nanoseconds per step.

/** Bytes of the probe buffers. */
const PROBE_BYTES = 2 ** 28;

const LINE_WORDS = 16;
const ROUNDS = 5;
const HOT_STEPS = 2 ** 22;
/** Lines that fit any second-level cache. */
const CACHED_LINES = 2 ** 12;
/** Odd, so that its multiples visit all lines, a power of two, in an order that no prefetcher follows. */
const SCATTER = 0x9e3779b1;

/** Steps of one host, in nanoseconds. */
export interface Probes {
  /** A load whose address is the result of the load before. */
  readonly dependentLoadNs: number;
  /** An atomic add to a line that is not cached, and to one that is. */
  readonly atomicMissNs: number;
  readonly atomicHotNs: number;
  /** 64 bytes copied in order, in the chunks in which struct pages are initialised. */
  readonly initStreamNs: number;
  /** A struct page's head pointer rewritten after it was copied. */
  readonly retargetNs: number;
  /** A line tested and two of its words changed, lines in order; and with the lines cached. */
  readonly updateStreamNs: number;
  readonly updateCachedNs: number;
  /** A word of a line compared, lines in order; and with the lines cached. */
  readonly readStreamNs: number;
  readonly readCachedNs: number;
  /** A page number stored, in order. */
  readonly recordNs: number;
}

/** Measures them all, in some seconds. */
export function probe(): Probes {
  // Plain memory from the same allocator as the emulator's; atomics need a shared buffer.
  const words = new Int32Array(PROBE_BYTES / 4);
  const shared = new Int32Array(new SharedArrayBuffer(PROBE_BYTES));
  const lines = words.length / LINE_WORDS;
  const dependentLoad = best(lines / 8, chain(words));
  words.fill(1);
  shared.fill(1);
  return {
    dependentLoadNs: dependentLoad,
    atomicMissNs: best(lines / 8, () => scatterAdd(shared, lines / 8)),
    atomicHotNs: best(HOT_STEPS, () => atomicHot(shared, HOT_STEPS)),
    initStreamNs: best(lines, () => initStream(words)),
    retargetNs: best(HOT_STEPS, () => retarget(words, HOT_STEPS)),
    updateStreamNs: best(lines, () => updateLines(words, lines, 1)),
    updateCachedNs: best(HOT_STEPS, () => updateLines(words, CACHED_LINES, HOT_STEPS / CACHED_LINES)),
    readStreamNs: best(lines, () => readLines(words, lines, 1)),
    readCachedNs: best(HOT_STEPS, () => readLines(words, CACHED_LINES, HOT_STEPS / CACHED_LINES)),
    recordNs: recordProbe(),
  };
}

function best(steps: number, run: () => unknown): number {
  let least = Infinity;
  for (let r = 0; r < ROUNDS; r++) {
    const t0 = performance.now();
    run();
    least = Math.min(least, performance.now() - t0);
  }
  return least * 1e6 / steps;
}

/** One cycle through an eighth of the lines, each holding the index of the next. */
function chain(words: Int32Array): () => number {
  const n = words.length / LINE_WORDS / 8;
  for (let i = 0; i < n; i++) words[scattered(i, n)] = scattered((i + 1) % n, n);
  return () => {
    let at = scattered(0, n);
    for (let i = 0; i < n; i++) at = words[at];
    return at;
  };
}

/** Word index of the i-th line of an odd walk over the n lines spread through the buffer, eight lines apart. */
function scattered(i: number, n: number): number {
  return (Math.imul(i, SCATTER) & (n - 1)) * LINE_WORDS * 8;
}

function scatterAdd(words: Int32Array, n: number): void {
  for (let i = 0; i < n; i++) Atomics.add(words, (Math.imul(i, SCATTER) & (n - 1)) * LINE_WORDS * 8, 1);
}

function atomicHot(words: Int32Array, n: number): void {
  for (let i = 0; i < n; i++) Atomics.add(words, 0, 1);
}

function initStream(words: Int32Array): void {
  const chunk = 2 ** 16;
  const bytes = new Uint8Array(words.buffer);
  for (let to = chunk; to < bytes.length; to += chunk) bytes.copyWithin(to, 0, chunk);
}

function retarget(words: Int32Array, n: number): void {
  for (let i = 0; i < n; i++) {
    const at = (i & 63) * LINE_WORDS;
    words[at + 2] = i;
    words[at + 3] = 1;
  }
}

function updateLines(words: Int32Array, lines: number, times: number): void {
  for (let t = 0; t < times; t++) {
    for (let at = 0; at < lines * LINE_WORDS; at += LINE_WORDS) {
      if ((words[at + 2] & 0x40000000) !== 0) return;
      words[at] |= 2;
      words[at + 13]++;
    }
  }
}

function readLines(words: Int32Array, lines: number, times: number): number {
  let different = 0;
  for (let t = 0; t < times; t++) {
    for (let at = 0; at < lines * LINE_WORDS; at += LINE_WORDS) if (words[at + 2] !== t) different++;
  }
  return different;
}

function recordProbe(): number {
  const pages = new Float64Array(2 ** 24);
  pages.fill(1);
  return best(pages.length, () => {
    for (let i = 0; i < pages.length; i++) pages[i] = i;
  });
}

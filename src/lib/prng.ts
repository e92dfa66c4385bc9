// SPDX-License-Identifier: GPL-2.0-only
// mulberry32: a seeded generator, so that fragmentation and random tests can be repeated from the printed seed.

/** Returns a generator of numbers in [0, 1) that depends on `seed` only. */
export function prng(seed: number): () => number {
  let a = seed | 0;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

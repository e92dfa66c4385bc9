// SPDX-License-Identifier: GPL-2.0-only
// Fitted constants, with the figures they were fitted to. Do not edit by hand: verify/series/main.ts repeats every fit
// from the fixtures and the emulator's counters, prints the results, and fails when they differ from these.

/**
 * Nanoseconds, from fixtures/series/gup.json: the ten figures of 16 GiB other than unpin ("train": true), non-negative
 * least squares on relative errors, five terms.
 */
export const GUP_FIT = {
  recordPage: 0.9547,
  atomicAdd: 0.803,
  nodeStat: 6.559,
  lineWritten: 11.23,
  lineWrittenPmem: 102.0,
};

/**
 * Instructions, from fixtures/linux-6.1/bootstrap_instructions.json: twenty rows (memmap_init_zone_device and
 * memremap_pages of ten namespaces), six terms and one constant per memremap_pages() for the time it sleeps.
 */
export const INSTRUCTIONS = {
  structPage: 49.39,
  compoundTail: 12.56,
  compoundHead: 181.9,
  pageblock: 63.77,
  tableEntry: 251.0,
  frameAlloc: 445.5,
};

/**
 * Instructions of unpin_user_pages() per tail, fixtures/linux-6.1/gup_test.json: "dax-2M-mem pinfter pin" put, clock
 * "instructions". The tails are shared there, so their lines are cached.
 */
export const UNPIN_INSTRUCTIONS = 11.18;

/**
 * Nanoseconds per instruction of memmap_init_zone_device(): middle of 268-358 ms (001:154), one figure, one constant.
 */
export const NS_PER_INSTRUCTION = 0.1884;

/**
 * Nanoseconds per page of 2 MiB of a HugeTLB pool, and per IPI, on the two hosts of fixtures/series/hugetlb.json:
 * fitted to their plain and batched times, the IPI to the unbatched free. Five costs from five figures per host.
 */
export const HUGETLB_FIT = {
  bareMetal: { alloc: 8238, free: 8954, optimize: 6296, restore: 17444, ipi: 164.1 },
  vm: { alloc: 4698, free: 5590, optimize: 4456, restore: 4467, ipi: 1099 },
};

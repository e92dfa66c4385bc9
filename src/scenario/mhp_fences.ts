// SPDX-License-Identifier: GPL-2.0-only
// Which machines let hot-added memory hold its own memmap, and which rule refuses the others (seed 003: its changelog of
// fences and tests). x86-64 comes from its architecture file; the arm64 granules are numbers from Linux 6.1's headers:
//
//   granule   section            PMD     pageblock             memmap of a section of 64-byte struct pages
//   4K        128M (1G: < 5.12)  2M      2M                    2M (16M)
//   16K       128M               32M     32M                   512K
//   64K       512M               512M    512M (no THP: 64M)    512K

import { levelBytes, pageBytes } from "../arch/arch.ts";
import { X86_64 } from "../arch/x86/x86_64.ts";
import { SZ_1G, SZ_1M, SZ_2M, SZ_4K } from "../include/sizes.ts";
import { type MhpGeometry, type MhpRefusal, mhpRefusals } from "../mm/memmap_on_memory.ts";

/** A machine and a range of exactly one of its memory blocks. Bytes. */
export interface MhpFence {
  /** Architecture, granule and what else tells it from its neighbours. */
  readonly machine: string;
  /** sizeof(struct page). */
  readonly structPageBytes: number;
  /** Size of a memory block. */
  readonly blockBytes: number;
  /** Memmap of one block. */
  readonly vmemmapBytes: number;
  /** What the block would have left for others. */
  readonly usableBytes: number;
  /** Every rule that refuses, in the kernel's order; empty when the memmap may lie in the block. */
  readonly refusedBy: readonly MhpRefusal[];
}

/** Sizes of struct page: without memcg, usual, with debug words, with all of lockdep and KASAN. */
const STRUCT_PAGES: readonly number[] = [56, 64, 72, 80, 96, 128];

type Machine = Pick<MhpGeometry, "pageBytes" | "pmdBytes" | "pageblockBytes"> & {
  readonly name: string;
  readonly blocks: readonly number[];
};

const MACHINES: readonly Machine[] = [
  {
    name: "x86-64",
    pageBytes: pageBytes(X86_64),
    pmdBytes: levelBytes(X86_64, 1),
    pageblockBytes: 2 ** X86_64.pageblockOrder * pageBytes(X86_64),
    blocks: [2 ** X86_64.sectionShift, SZ_1G, 2 * SZ_1G],
  },
  { name: "arm64 4K", pageBytes: SZ_4K, pmdBytes: SZ_2M, pageblockBytes: SZ_2M, blocks: [128 * SZ_1M] },
  { name: "arm64 4K, before 5.12", pageBytes: SZ_4K, pmdBytes: SZ_2M, pageblockBytes: SZ_2M, blocks: [SZ_1G] },
  {
    name: "arm64 16K",
    pageBytes: 4 * SZ_4K,
    pmdBytes: 32 * SZ_1M,
    pageblockBytes: 32 * SZ_1M,
    blocks: [128 * SZ_1M],
  },
  {
    name: "arm64 64K",
    pageBytes: 16 * SZ_4K,
    pmdBytes: 512 * SZ_1M,
    pageblockBytes: 512 * SZ_1M,
    blocks: [512 * SZ_1M],
  },
  {
    name: "arm64 64K, no THP",
    pageBytes: 16 * SZ_4K,
    pmdBytes: 512 * SZ_1M,
    pageblockBytes: 64 * SZ_1M,
    blocks: [512 * SZ_1M],
  },
];

/**
 * The table of fences: one memory block of each machine with each size of struct page, the parameter on.
 *
 * @example
 * ```ts
 * import { mhpFences } from "@vmemmap/lab";
 * import { assertEquals } from "@std/assert";
 *
 * const odd = mhpFences().find((f) => f.machine === "x86-64" && f.structPageBytes === 72);
 * assertEquals(odd?.refusedBy, ["pmd", "pageblock"]); // 2.25 MiB of memmap for 128 MiB
 * ```
 */
export function mhpFences(): MhpFence[] {
  return MACHINES.flatMap((machine) =>
    machine.blocks.flatMap((blockBytes) => STRUCT_PAGES.map((size) => fence(machine, blockBytes, size)))
  );
}

function fence(machine: Machine, blockBytes: number, structPageBytes: number): MhpFence {
  const vmemmapBytes = blockBytes / machine.pageBytes * structPageBytes;
  const refusedBy = mhpRefusals(
    { ...machine, structPageBytes, blockBytes, archOptIn: true, parameter: true, hugetlbFreeing: false },
    blockBytes,
  );
  return {
    machine: machine.name,
    structPageBytes,
    blockBytes,
    vmemmapBytes,
    usableBytes: blockBytes - vmemmapBytes,
    refusedBy,
  };
}

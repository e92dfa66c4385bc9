// SPDX-License-Identifier: GPL-2.0-only
// Which machines let hot-added memory hold its own memmap, and which rule refuses it on the others (document 003: its
// changelog of fences and tests). Geometry comes from the architectures; two rows are arm64 as it was, or as it can be
// configured:
//
//   granule   section            PMD     pageblock             memmap of a section of 64-byte struct pages
//   4K        128M (1G: < 5.12)  2M      2M                    2M (16M)
//   16K       128M               32M     32M                   512K
//   64K       512M               512M    512M (no THP: 64M)    512K

import { type Arch, levelBytes, pageBytes } from "../arch/arch.ts";
import { ARM64_16K, ARM64_4K, ARM64_64K } from "../arch/arm64/arm64.ts";
import { X86_64 } from "../arch/x86/x86_64.ts";
import { SZ_1G, SZ_1M } from "../include/sizes.ts";
import { type MhpGeometry, type MhpRefusal, mhpRefusals } from "../mm/hotplug/memmap_on_memory.ts";

/** A machine and a range of exactly one of its memory blocks. Bytes. */
export interface MhpFence {
  /** Architecture, granule and other differences. */
  readonly machine: string;
  /** sizeof(struct page). */
  readonly structPageBytes: number;
  /** Size of a memory block. */
  readonly blockBytes: number;
  /** Memmap of one block. */
  readonly vmemmapBytes: number;
  /** What the block would have left for use. */
  readonly usableBytes: number;
  /** Every rule that refuses, in the kernel's order; empty when the memmap may lie in the block. */
  readonly refusedBy: readonly MhpRefusal[];
}

/** Sizes of struct page: without memcg, the usual one, with debug words, with lockdep and KASAN. */
const STRUCT_PAGES: readonly number[] = [56, 64, 72, 80, 96, 128];

type Machine = Pick<MhpGeometry, "pageBytes" | "pmdBytes" | "pageblockBytes" | "archOptIn"> & {
  readonly name: string;
  readonly blocks: readonly number[];
};

function machine(name: string, arch: Arch, blocks: readonly number[] = [2 ** arch.sectionShift]): Machine {
  return {
    name,
    pageBytes: pageBytes(arch),
    pmdBytes: levelBytes(arch, 1),
    pageblockBytes: 2 ** arch.pageblockOrder * pageBytes(arch),
    archOptIn: arch.memmapOnMemory ?? false,
    blocks,
  };
}

const MACHINES: readonly Machine[] = [
  machine("x86-64", X86_64, [2 ** X86_64.sectionShift, SZ_1G, 2 * SZ_1G]),
  machine("arm64 4K", ARM64_4K),
  machine("arm64 4K, before 5.12", ARM64_4K, [SZ_1G]),
  machine("arm64 16K", ARM64_16K),
  machine("arm64 64K", ARM64_64K),
  { ...machine("arm64 64K, no THP", ARM64_64K), pageblockBytes: 64 * SZ_1M },
];

/**
 * The table of fences: one memory block of each machine with each size of struct page, with the parameter on.
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
    { ...machine, structPageBytes, blockBytes, parameter: true, hugetlbFreeing: false },
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

// SPDX-License-Identifier: GPL-2.0-only
// x86-64 page tables, 4 levels of 512 entries (arch/x86/include/asm/pgtable_types.h, Intel SDM vol. 3, 4.5):
//
//   63  62..59  58      57..52  51                  12  11..9  8  7    6  5  4   3   2  1  0
//  +---+-------+-------+-------+----------------------+------+--+----+--+--+---+---+--+--+--+
//  |NX |       |DEVMAP |       |        pfn           | avl  |G |PSE |D |A |PCD|PWT|US|RW|P |
//  +---+-------+-------+-------+----------------------+------+--+----+--+--+---+---+--+--+--+
//
// Left out: 5-level paging, PAT, protection keys, soft-dirty.

import type { PgtableFormat } from "../../include/pgtable_format.ts";
import { powerOf2 } from "../../lib/align.ts";

const X86_PRESENT = 1 << 0;
const X86_RW = 1 << 1;
const X86_USER = 1 << 2;
const X86_ACCESSED = 1 << 5;
const X86_DIRTY = 1 << 6;
const X86_PSE = 1 << 7;
const X86_GLOBAL = 1 << 8;
/** Bits 58 and 63, in the high word. */
const X86_DEVMAP_HI = 1 << 26;
const X86_NX_HI = 1 << 31;

const TABLE = X86_PRESENT | X86_RW | X86_ACCESSED | X86_DIRTY;
const USER = TABLE | X86_USER;

/** Format shared by the real geometry and the toy one; only the shifts differ. */
export function x86Format(pageShift: number, tableShift: number): PgtableFormat {
  // __PAGE_KERNEL_RO and __PAGE_KERNEL are global, and dirty even if read-only. A toy's pfn begins at bit 8, the global
  // bit.
  const global = pageShift > 8 ? X86_GLOBAL : 0;
  const ro = X86_PRESENT | X86_ACCESSED | X86_DIRTY | global;
  const kernel = ro | X86_RW;
  return {
    pageShift,
    tableShift,
    topLevel: 3,
    pfnsPerHigh: powerOf2(32 - pageShift),
    levelPages: [0, 1, 2, 3].map((level) => powerOf2(level * tableShift)),
    present: X86_PRESENT,
    hugeMask: X86_PSE,
    hugeValue: X86_PSE,
    roMask: X86_RW,
    roValue: 0,
    pfnHiMask: 0xfffff,
    devmapHi: X86_DEVMAP_HI,
    table: { lo: TABLE, hi: 0 },
    userTable: { lo: USER, hi: 0 },
    kernelPage: { lo: kernel, hi: X86_NX_HI },
    kernelPageRo: { lo: ro, hi: X86_NX_HI },
    kernelHuge: { lo: kernel | X86_PSE, hi: X86_NX_HI },
    userPage: { lo: USER, hi: X86_DEVMAP_HI | X86_NX_HI },
    userHuge: { lo: USER | X86_PSE, hi: X86_DEVMAP_HI | X86_NX_HI },
    bitNames: { 0: "P", 1: "RW", 2: "US", 5: "A", 6: "D", 7: "PSE", 58: "DEVMAP", 63: "NX" },
  };
}

// SPDX-License-Identifier: GPL-2.0-only
// arm64 page tables (arch/arm64/include/asm/pgtable-hwdef.h, Arm ARM D5.3) for the three granules, 48-bit addresses.
// The low word holds the attributes; the address begins at bit 12, 14 or 16:
//
//   63 .. 58  57      56 55  54   53   52    51   50..48  47   pageShift  11  10  9..8  7     6     5   4..2    1..0
//  +---------+-------+------+----+----+-----+----+-------+---------------+---+---+-----+-----+-----+---+-------+-----+
//  | avl     |DEVMAP | avl  |UXN |PXN |CONT |DBM |       |output address |nG |AF |SH   |AP2  |AP1  |NS |AttrIdx|type |
//  +---------+-------+------+----+----+-----+----+-------+---------------+---+---+-----+-----+-----+---+-------+-----+
//
//   type 11 table, or page at the last level; 01 block; AP2 read-only; AP1 user. The contiguous bit is a hint to the
//   TLB that 16 (4K), 128 and 32 (16K: PTE, PMD) or 32 (64K) entries may share one translation; the kernel's own map of
//   the memmap does not use it. Left out: 52-bit addresses, the access-flag and dirty-bit management of the hardware.

import type { PgtableFormat } from "../../include/pgtable_format.ts";
import { powerOf2 } from "../../lib/align.ts";

const VALID = 1 << 0;
const TYPE_MASK = 3;
const TYPE_BLOCK = 1;
const TYPE_PAGE = 3;
const TYPE_TABLE = 3;
const AP_USER = 1 << 6;
const AP_RDONLY = 1 << 7;
const SH_INNER = 3 << 8;
const AF = 1 << 10;
const NOT_GLOBAL = 1 << 11;
/** Bits 51, 53, 54 and 57, in the high word. */
const DBM_HI = 1 << 19;
const PXN_HI = 1 << 21;
const UXN_HI = 1 << 22;
const DEVMAP_HI = 1 << 25;

const KERNEL = SH_INNER | AF;
const KERNEL_HI = DBM_HI | PXN_HI | UXN_HI;
const USER = KERNEL | AP_USER | NOT_GLOBAL;
const USER_HI = DBM_HI | PXN_HI | UXN_HI | DEVMAP_HI;

/** The format for a granule; `topLevel` as 48-bit addresses need it. */
export function arm64Format(pageShift: number, topLevel: number): PgtableFormat {
  const tableShift = pageShift - 3;
  return {
    pageShift,
    tableShift,
    topLevel,
    pfnsPerHigh: powerOf2(32 - pageShift),
    levelPages: [0, 1, 2, 3].map((level) => powerOf2(level * tableShift)),
    present: VALID,
    hugeMask: TYPE_MASK,
    hugeValue: TYPE_BLOCK,
    roMask: AP_RDONLY,
    roValue: AP_RDONLY,
    pfnHiMask: 0xffff,
    devmapHi: DEVMAP_HI,
    table: { lo: TYPE_TABLE, hi: 0 },
    userTable: { lo: TYPE_TABLE, hi: 0 },
    kernelPage: { lo: KERNEL | TYPE_PAGE, hi: KERNEL_HI },
    kernelPageRo: { lo: KERNEL | AP_RDONLY | TYPE_PAGE, hi: PXN_HI | UXN_HI },
    kernelHuge: { lo: KERNEL | TYPE_BLOCK, hi: KERNEL_HI },
    userPage: { lo: USER | TYPE_PAGE, hi: USER_HI },
    userHuge: { lo: USER | TYPE_BLOCK, hi: USER_HI },
    bitNames: {
      0: "valid",
      1: "table/page",
      6: "AP1",
      7: "AP2",
      8: "SH0",
      9: "SH1",
      10: "AF",
      11: "nG",
      51: "DBM",
      53: "PXN",
      54: "UXN",
      57: "DEVMAP",
    },
  };
}

// SPDX-License-Identifier: GPL-2.0-only
// page->flags (include/linux/page-flags.h, page-flags-layout.h, x86-64 with SPARSEMEM_VMEMMAP):
//
//   63      58 57   55 54 .. 32   31 .. 0
//  +----------+-------+--------+----------+
//  |   node   | zone  |        |   PG_*   |
//  +----------+-------+--------+----------+
//
// The numbers of PG_* bits differ by generation: page_layout.ts. Flags not listed there are not modelled.

import type { PageLayout } from "./page_layout.ts";

/** The names of a layout's flags that are set in this low word. */
export function flagNames(layout: PageLayout, lo: number): string[] {
  const { head, referenced, reserved, bootmem, selfHosted, hwpoison } = layout;
  const bits = { referenced, vmemmap_self_hosted: selfHosted, reserved, private: bootmem, head, hwpoison };
  return Object.entries(bits).filter(([, bit]) => (lo & bit) !== 0).map(([name]) => name);
}

/** Shifts inside the high word. */
const ZONES_HI_SHIFT = 23;
const NODES_HI_SHIFT = 26;

/** High word of page->flags for a zone and node. */
export function pageLinksHi(zone: number, nid: number): number {
  return (zone << ZONES_HI_SHIFT) | (nid << NODES_HI_SHIFT);
}

/** Zone index out of the high word. */
export function flagsHiZone(hi: number): number {
  return (hi >>> ZONES_HI_SHIFT) & 7;
}

/** Node id out of the high word. */
export function flagsHiNid(hi: number): number {
  return hi >>> NODES_HI_SHIFT;
}

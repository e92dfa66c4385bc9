// SPDX-License-Identifier: GPL-2.0-only
// page->flags (include/linux/page-flags.h, page-flags-layout.h, x86-64 with SPARSEMEM_VMEMMAP):
//
//   63      58 57   55 54 .. 24   23     22 .. 17  16     13       12       10         1       0
//  +----------+-------+--------+--------+--------+----+-------+--------+-----------+----------+---+
//  |   node   | zone  |        |hwpoison|        |head|bootmem|reserved|self-hosted|referenced|   |
//  +----------+-------+--------+--------+--------+----+-------+--------+-----------+----------+---+
//
// The low word holds the PG_* bits, the high word the zone (bits 55-57) and the node (58-63).
// Bit numbers are those read from a 6.1 kernel (fixtures/linux-6.1); other flags are not modelled.

/** Low-word masks. */
export const PG_REFERENCED = 1 << 1;
/** Of a memmap page: it lies in the memory that it describes (PG_owner_priv_1 under another name). */
export const PG_VMEMMAP_SELF_HOSTED = 1 << 10;
export const PG_RESERVED = 1 << 12;
export const PG_HEAD = 1 << 16;
export const PG_HWPOISON = 1 << 23;
/**
 * Set on the struct page of a boot-time page that holds memmap or a section's usage map (PagePrivate, bootmem_info).
 */
export const PG_BOOTMEM = 1 << 13;

/** The flags above by name. */
export const PAGE_FLAG_NAMES: Readonly<Record<string, number>> = {
  referenced: PG_REFERENCED,
  vmemmap_self_hosted: PG_VMEMMAP_SELF_HOSTED,
  reserved: PG_RESERVED,
  private: PG_BOOTMEM,
  head: PG_HEAD,
  hwpoison: PG_HWPOISON,
};

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

// SPDX-License-Identifier: GPL-2.0-only
// arm64 with 4, 16 and 64 KiB pages and 48-bit addresses: sizes from
// arch/arm64/include/asm/{memory,sparsemem,hugetlb}.h. The vmemmap is the top 1/64 of a page's share of the kernel
// half, so where it begins depends on the granule:
//
//   granule  levels  VMEMMAP_START        root entry  then           section  its memmap
//   4K       4       0xfffffc0000000000   504         -              128M     2M, one PMD leaf
//   16K      4       0xffffff0000000000   1           PUD 2032       128M     512K, 32 PTEs
//   64K      3       0xffffffc000000000   63          PMD 7680       512M     512K, 8 PTEs
//
// Contiguous-bit HugeTLB sizes are runs of entries: 16 PTEs or PMDs (4K), 128 PTEs or 32 PMDs (16K), 32 of each (64K).
// Mainline had vmemmap freeing here from 5.19 to 6.2 and switched it off in 6.3 (060a2c92d1b6): the architecture
// requires a live entry to be cleared and flushed before it points elsewhere, and struct pages may be read meanwhile.
// Left out: memory that does not begin at 0 (memstart_addr), 52-bit addresses.

import { SZ_16M, SZ_1G, SZ_2M, SZ_8K } from "../../include/sizes.ts";
import type { Arch, HugetlbSize } from "../arch.ts";
import { arm64Format } from "./pgtable.ts";

/** Common to all granules. */
const COMMON = {
  subsectionShift: 21,
  dmaEndBytes: 0,
  dma32EndBytes: 4 * SZ_1G,
  lowEndBytes: () => Infinity,
  highStartBytes: 0,
  pudPages: false,
  // Permissions of single pages may change (rodata=full).
  directMap: { pgdIndex: 0, largestLeaf: 0, keptOnFailure: false },
  remapsLiveEntries: false,
  altmapBasePages: true,
  regionAlignBytes: SZ_1G,
  compatAlignBytes: SZ_2M,
  namespaceUnitBytes: SZ_16M,
  infoBlockBytes: SZ_8K,
  memmapOnMemory: true,
};

function sizes(...list: readonly (readonly [bytes: number, mappedBy: HugetlbSize["mappedBy"]])[]): HugetlbSize[] {
  return list.map(([bytes, mappedBy]) => ({ bytes, mappedBy }));
}

/** arm64, 4 KiB pages. */
export const ARM64_4K: Arch = {
  ...COMMON,
  name: "arm64-4k",
  format: arm64Format(12, 3),
  sectionShift: 27,
  pageblockOrder: 9,
  maxOrder: 10,
  vmemmapHi: 0xfffffc00,
  vmemmapPgdIndex: 504,
  hugeVmemmap: true,
  wantsDaxDedup: false,
  hugetlbSizes: sizes([65536, "cont-pte"], [SZ_2M, "pmd"], [16 * SZ_2M, "cont-pmd"], [SZ_1G, "pud"]),
};

/** arm64, 16 KiB pages. */
export const ARM64_16K: Arch = {
  ...COMMON,
  name: "arm64-16k",
  format: arm64Format(14, 3),
  sectionShift: 27,
  pageblockOrder: 11,
  maxOrder: 11,
  vmemmapHi: 0xffffff00,
  vmemmapPgdIndex: 1,
  vmemmapOffsetPages: 2032 * 2 ** 22,
  hugeVmemmap: false,
  wantsDaxDedup: false,
  hugetlbSizes: sizes([SZ_2M, "cont-pte"], [16 * SZ_2M, "pmd"], [SZ_1G, "cont-pmd"]),
};

/** arm64, 64 KiB pages. */
export const ARM64_64K: Arch = {
  ...COMMON,
  name: "arm64-64k",
  format: arm64Format(16, 2),
  sectionShift: 29,
  pageblockOrder: 13,
  maxOrder: 13,
  vmemmapHi: 0xffffffc0,
  vmemmapPgdIndex: 63,
  vmemmapOffsetPages: 7680 * 2 ** 13,
  hugeVmemmap: false,
  wantsDaxDedup: false,
  hugetlbSizes: sizes([SZ_2M, "cont-pte"], [SZ_1G / 2, "pmd"], [16 * SZ_1G, "cont-pmd"]),
};

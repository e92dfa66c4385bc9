// SPDX-License-Identifier: GPL-2.0-only
// A machine small enough to exhaust in a test, with the proportions of x86-64: a section's memmap fills one PMD leaf, a
// subsection is one PMD of memory, a PUD spans several sections, and the smallest compound still saves something.
//
//   page 256 B = 4 struct pages    table 16 entries    PMD 4 KiB = 16 pages (4 memmap pages, 2 saved)
//   section 16 KiB = 64 pages (16 memmap pages = 1 PMD)    PUD 64 KiB = 256 pages = 4 sections

import type { Arch } from "../arch.ts";
import { x86Format } from "../x86/pgtable.ts";

/** The toy geometry; page-table bits are those of x86-64. */
export const TOY: Arch = {
  name: "toy",
  format: x86Format(8, 4),
  sectionShift: 14,
  subsectionShift: 12,
  pageblockOrder: 4,
  maxOrder: 6,
  vmemmapHi: 0xffffea00,
  vmemmapPgdIndex: 2,
  directMap: null,
  hugetlbSizes: [{ bytes: 2 ** 12, mappedBy: "pmd" }, { bytes: 2 ** 16, mappedBy: "pud" }],
  remapsLiveEntries: true,
  dmaEndBytes: 0,
  dma32EndBytes: 0,
  lowEndBytes: () => Infinity,
  highStartBytes: 0,
  regionAlignBytes: 2 ** 16,
  hugeVmemmap: true,
  altmapBasePages: false,
  wantsDaxDedup: true,
  compatAlignBytes: 2 ** 12,
  namespaceUnitBytes: 2 ** 12,
  infoBlockBytes: 512,
  memmapOnMemory: true,
};

/** The toy as arm64 treats an altmap: with leaves for whole sections, as 4K pages have, and without, as larger ones. */
export const TOY_ARM64: Arch = { ...TOY, name: "toy-arm64", altmapBasePages: true };
export const TOY_ARM64_PAGES: Arch = { ...TOY_ARM64, name: "toy-arm64-pages", hugeVmemmap: false };

/**
 * The toy with pages of 8 struct pages, so that the private words of a huge page fit into one vmemmap page and HugeTLB
 * can keep one. As on x86-64 a PMD-sized page has 8 vmemmap pages, and a section's memmap is one PMD leaf.
 *
 *   page 512 B = 8 struct pages    table 64 entries    PMD 32 KiB = 64 pages (8 memmap pages)
 *   section 256 KiB = 512 pages (64 memmap pages = 1 PMD)    PUD 2 MiB = 4096 pages = 8 sections
 */
export const TOY_HUGETLB: Arch = {
  ...TOY,
  name: "toy-hugetlb",
  format: x86Format(9, 6),
  sectionShift: 18,
  subsectionShift: 15,
  pageblockOrder: 6,
  maxOrder: 7,
  hugetlbSizes: [{ bytes: 2 ** 15, mappedBy: "pmd" }, { bytes: 2 ** 21, mappedBy: "pud" }],
  regionAlignBytes: 2 ** 21,
  compatAlignBytes: 2 ** 15,
  namespaceUnitBytes: 2 ** 15,
};

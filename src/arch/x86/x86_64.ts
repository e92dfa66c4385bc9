// SPDX-License-Identifier: GPL-2.0-only
// x86-64 with 4 KiB pages: sizes from arch/x86/include/asm/{page,sparsemem,pgtable_64}_types.h, board from QEMU q35.
// Left out: five-level paging, KASLR.

import { SZ_16M, SZ_1G, SZ_1M, SZ_2M, SZ_8K } from "../../include/sizes.ts";
import type { Arch } from "../arch.ts";
import { x86Format } from "./pgtable.ts";

/** x86-64, 4 KiB pages, 128 MiB sections. */
export const X86_64: Arch = {
  name: "x86-64",
  format: x86Format(12, 9),
  sectionShift: 27,
  subsectionShift: 21,
  pageblockOrder: 9,
  maxOrder: 10,
  vmemmapHi: 0xffffea00,
  hugetlbSizes: [{ bytes: SZ_2M, mappedBy: "pmd" }, { bytes: SZ_1G, mappedBy: "pud" }],
  remapsLiveEntries: true,
  // VMEMMAP_START 0xffffea0000000000, bits 39-47.
  vmemmapPgdIndex: 468,
  // PAGE_OFFSET 0xffff888000000000.
  directMap: { pgdIndex: 273, largestLeaf: 2, keptOnFailure: true },
  dmaEndBytes: 16 * SZ_1M,
  dma32EndBytes: 4 * SZ_1G,
  // q35 keeps 2 GiB below the hole from 2.75 GiB of memory on.
  lowEndBytes: (dramBytes) => dramBytes >= 0xb0000000 ? 2 * SZ_1G : 0xb0000000,
  highStartBytes: 4 * SZ_1G,
  regionAlignBytes: SZ_1G,
  hugeVmemmap: true,
  altmapBasePages: false,
  wantsDaxDedup: true,
  compatAlignBytes: SZ_2M,
  namespaceUnitBytes: SZ_16M,
  infoBlockBytes: SZ_8K,
  memmapOnMemory: true,
  largeMemoryBlocks: { fromBytes: 64 * SZ_1G, maxBytes: 2 * SZ_1G },
};

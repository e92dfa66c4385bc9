// SPDX-License-Identifier: GPL-2.0-only
// Whether hot-added memory may hold its own memmap (mm/memory_hotplug.c: mhp_supports_memmap_on_memory()), which rules
// refuse it, and what keeps HugeTLB from freeing such a memmap (document 003, its note on the exclusion;
// include/linux/page-flags.h and mm/hugetlb_vmemmap.c of 6.0 for the mark).
//
//   | memmap of the block        | usable memory                                   |   one memory block
//   0                            vmemmap bytes: whole PMDs                          block bytes
//                                | whole pageblocks                                |

import { alignUp, isAligned } from "../../lib/align.ts";
import type { Kernel } from "../kernel.ts";
import { findMemoryBlock } from "./memory_block.ts";
import { pageFlags, vmemmapPage } from "../page.ts";
import { levelPages, lookupAddress, vmemmapVpn } from "../pgtable.ts";

/** What the rules depend on. Bytes. */
export interface MhpGeometry {
  readonly pageBytes: number;
  readonly pmdBytes: number;
  readonly pageblockBytes: number;
  readonly structPageBytes: number;
  readonly blockBytes: number;
  /** The rules apply to each block of a range, not to the range (6.8). */
  readonly perBlock?: boolean;
  /** The architecture opted in. */
  readonly archOptIn: boolean;
  /** memory_hotplug.memmap_on_memory=on, in a kernel that has it. */
  readonly parameter: boolean;
  /** The parameter is "force" (6.6): the memmap is rounded up to whole pageblocks, wasting the remainder. */
  readonly force?: boolean;
  /** HugeTLB vmemmap freeing is on, in a kernel where the two exclude each other. */
  readonly hugetlbFreeing: boolean;
}

/** A rule that refuses to let a range hold its own memmap, in the kernel's order. */
export type MhpRefusal =
  /** The memory is added by kmem, which does not request it before 6.8. */
  | "kmem"
  /** The boot parameter is off or the kernel has none. */
  | "parameter"
  /** HugeTLB vmemmap freeing is on and takes precedence. */
  | "hugetlb"
  /** The architecture did not opt in. */
  | "arch"
  /** The range is not exactly one memory block. */
  | "block"
  /** The memmap is not a multiple of what a PMD entry maps. */
  | "pmd"
  /** The rest of the block is not a multiple of a pageblock. */
  | "pageblock"
  /** Rounded up to pageblocks, the memmap would fill the block. */
  | "full";

/** Every rule that refuses `range` bytes of memory; empty if they may hold their memmap. */
export function mhpRefusals(g: MhpGeometry, range: number): MhpRefusal[] {
  const bytes = g.perBlock && range % g.blockBytes === 0 ? g.blockBytes : range;
  const vmemmap = bytes / g.pageBytes * g.structPageBytes;
  const refusals: MhpRefusal[] = [];
  if (!g.parameter) refusals.push("parameter");
  if (g.hugetlbFreeing) refusals.push("hugetlb");
  if (!g.archOptIn) refusals.push("arch");
  if (bytes !== g.blockBytes) refusals.push("block");
  if (!isAligned(vmemmap, g.pmdBytes)) refusals.push("pmd");
  const kept = g.force ? alignUp(vmemmap, g.pageblockBytes) : vmemmap;
  if (!isAligned(bytes - kept, g.pageblockBytes)) refusals.push("pageblock");
  if (kept >= bytes) refusals.push("full");
  return refusals;
}

/** `memory_block_memmap_on_memory_pages`: frames that a block sets aside for `memmap` frames of its own memmap. */
export function memmapOnMemoryPages(k: Kernel, memmap: number): number {
  return forced(k) ? alignUp(memmap, 2 ** k.arch.pageblockOrder) : memmap;
}

/** The parameter takes "force" since 6.6; older kernels treat it as "off". */
function forced({ hotplug, config }: Kernel): boolean {
  return hotplug.memmapOnMemory === "force" && config.memmapOnMemoryForce;
}

/** The geometry of a running kernel. */
export function mhpGeometry(k: Kernel): MhpGeometry {
  return {
    pageBytes: k.pageBytes,
    pmdBytes: levelPages(k, 1) * k.pageBytes,
    pageblockBytes: 2 ** k.arch.pageblockOrder * k.pageBytes,
    structPageBytes: k.structPageSize,
    blockBytes: k.hotplug.blockPages * k.pageBytes,
    perBlock: k.config.memmapOnMemoryUnit === "block",
    archOptIn: k.arch.memmapOnMemory ?? false,
    parameter: (k.hotplug.memmapOnMemory === true || forced(k)) && k.config.memmapOnMemory,
    force: forced(k),
    hugetlbFreeing: k.hotplug.hugetlbFreeVmemmap && k.config.selfHostedVmemmap === "exclusive",
  };
}

/** `mhp_supports_memmap_on_memory`. Bytes. */
export function mhpSupportsMemmapOnMemory(k: Kernel, bytes: number): boolean {
  return mhpRefusals(mhpGeometry(k), bytes).length === 0;
}

/**
 * Whether the struct page of this frame lies in a memmap page marked as self-hosted (PageVmemmapSelfHosted). If struct
 * pages are not written, the frame's memory block decides.
 */
export function isVmemmapSelfHosted(k: Kernel, pfn: number): boolean {
  const frame = lookupAddress(k, k.rootPfn, vmemmapVpn(k, vmemmapPage(k, pfn)))?.pfn ?? -1;
  if (frame < 0) return false;
  if (k.contents) return (pageFlags(k, frame) & k.layout.selfHosted) !== 0;
  const block = findMemoryBlock(k, frame);
  return block !== null && frame < block.start + block.nrVmemmapPages;
}

/**
 * Whether HugeTLB may free memmap of the huge page at `head` (vmemmap_should_optimize()). Self-hosted memmap belongs to
 * its memory block, not to the allocator. Newer kernels recognise it by its mark; in older ones the two features
 * exclude each other from boot on.
 */
export function mayFreeVmemmap(k: Kernel, head: number): boolean {
  const { hugetlbFreeVmemmap, memmapOnMemory } = k.hotplug;
  if (k.config.selfHostedVmemmap === "marked") return !isVmemmapSelfHosted(k, head);
  return k.config.selfHostedVmemmap === "ignored" || hugetlbFreeVmemmap || memmapOnMemory === false;
}

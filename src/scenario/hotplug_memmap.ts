// SPDX-License-Identifier: GPL-2.0-only
// Where the memmap of a range of memory lies and how it is mapped, read entry by entry from the kernel page table.

import type { Kernel } from "../mm/kernel.ts";
import { findMemoryBlock } from "../mm/hotplug/memory_block.ts";
import { vmemmapPage } from "../mm/page.ts";
import { findZone } from "../mm/page_alloc.ts";
import { levelPages, lookupAddress, vmemmapVpn } from "../mm/pgtable.ts";

/** How the memmap of some memory is mapped. */
export interface MemmapMapping {
  /** Vmemmap pages mapped. */
  readonly mappedVmemmapPages: number;
  /** PMD leaves that map them. */
  readonly pmdLeaves: number;
  /** Page-table entries that map them, besides the leaves. */
  readonly pteEntries: number;
  /** Memory described by the struct pages of one TLB entry, on average, in bytes. */
  readonly bytesPerTlbEntry: number;
  /** Vmemmap pages in the memory block that they describe. */
  readonly selfHostedPages: number;
  /** Vmemmap pages by the node of their frames. */
  readonly byNode: readonly number[];
}

/** Reads the mapping of the memmap of frames [start, end). */
export function memmapMapping(k: Kernel, start: number, end: number): MemmapMapping {
  const byNode = k.nodes.map(() => 0);
  let pmdLeaves = 0;
  let pteEntries = 0;
  let selfHosted = 0;
  const count = (vpage: number, frame: number, pages: number) => {
    byNode[nodeOf(k, frame)] += pages;
    const block = findMemoryBlock(k, frame);
    const described = Math.floor(vpage * k.pageBytes / k.structPageSize);
    if (block !== null && frame < block.start + block.nrVmemmapPages && findMemoryBlock(k, described) === block) {
      selfHosted += pages;
    }
  };
  const last = start === end ? 0 : Math.ceil(end * k.structPageSize / k.pageBytes);
  for (let vpage = vmemmapPage(k, start), pages = 1; vpage < last; vpage += pages) {
    const vpn = vmemmapVpn(k, vpage);
    const leaf = lookupAddress(k, k.rootPfn, vpn);
    const span = levelPages(k, leaf?.level ?? 0);
    pages = Math.min(span - vpn % span, last - vpage);
    if (leaf === null) continue;
    if (leaf.level > 0) pmdLeaves++;
    else pteEntries++;
    count(vpage, leaf.pfn, pages);
  }
  const entries = pmdLeaves + pteEntries;
  return {
    mappedVmemmapPages: byNode.reduce((sum, n) => sum + n, 0),
    pmdLeaves,
    pteEntries,
    bytesPerTlbEntry: entries === 0 ? 0 : (end - start) * k.pageBytes / entries,
    selfHostedPages: selfHosted,
    byNode,
  };
}

/** Node of a frame: that of its memory block, or else of its zone. */
function nodeOf(k: Kernel, frame: number): number {
  return findMemoryBlock(k, frame)?.nid ?? findZone(k, frame)?.nid ?? 0;
}

// SPDX-License-Identifier: GPL-2.0-only
// The frame allocator of a struct vmem_altmap (mm/sparse-vmemmap.c, mm/memremap.c): a bump pointer in the pmem that a
// namespace set aside for its memmap. Frames are not used again before memremap_pages() resets the altmap.
//
//   basePfn      +reserve             +reserve+alloc+align        +reserve+free
//   | info block | memmap handed out and skipped | still to hand out | data ...

import { alignUp } from "../../lib/align.ts";
import { panic } from "../../lib/bug.ts";
import type { VmemAltmap } from "../../include/memremap.ts";

/** `altmap_alloc_block_buf`: frames from the namespace itself, naturally aligned; -1 if too few are left. */
export function altmapAllocBlock(altmap: VmemAltmap, frames: number): number {
  const next = altmap.basePfn + altmap.reserve + altmap.alloc + altmap.align;
  const align = alignUp(next, frames) - next;
  if (altmap.alloc + altmap.align + frames + align > altmap.free) return -1;
  altmap.alloc += frames;
  altmap.align += align;
  return next + align;
}

/** Whether a frame belongs to this altmap. */
export function altmapHas(altmap: VmemAltmap, pfn: number): boolean {
  const first = altmap.basePfn + altmap.reserve;
  return pfn >= first && pfn < first + altmap.free;
}

/** `vmem_altmap_free`. The space is not reused before the altmap is reset. */
export function altmapFree(altmap: VmemAltmap, frames: number): void {
  altmap.alloc -= frames;
  if (altmap.alloc < 0) panic(`altmapFree: ${-altmap.alloc} frames more than were allocated`);
}

/** `vmem_altmap_offset`: frames at the start of the range that are not data. */
export function altmapOffset(altmap: VmemAltmap | null): number {
  return altmap === null ? 0 : altmap.reserve + altmap.free;
}

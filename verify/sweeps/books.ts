// SPDX-License-Identifier: GPL-2.0-only
// The state that a failed operation must leave unchanged: use counts, zone counts, free blocks of every order, section
// states and subsections, pgmaps, references on every frame in use, pages held by gup.

import { FRAME_USES, USE_BOOT_VMEMMAP, USE_HUGETLB, USE_VMEMMAP } from "../../src/include/frame_use.ts";
import { conserved } from "../../src/debug_vm/hugetlb.ts";
import type { Kernel } from "../../src/mm/kernel.ts";
import { pageRefcount } from "../../src/mm/page.ts";
import { C } from "../../src/mm/vmstat.ts";

/** A copy of the state: figures, and lists of them as text. */
export type Books = Readonly<Record<string, number | string>>;

export function takeBooks(k: Kernel): Books {
  const zones = k.nodes.flatMap((node) => node.zones);
  const areas = zones.flatMap((zone) => zone.areas);
  return {
    uses: FRAME_USES.map((name, use) => `${name} ${k.uses[use]}`).join(", "),
    zones: zones.map((z) => `node ${z.nid} zone ${z.index}: present ${z.present} managed ${z.managed}`).join(", "),
    freeBlocks: areas.map((area) => {
      const orders = Array.from({ length: area.maxOrder + 1 }, (_, order) => area.freeBlocks(order));
      return `${area.base}: ${orders.join(" ")}`;
    }).join(", "),
    sections: sections(k),
    pgmaps: k.pgmaps.entries.map(({ range, pgmap }) => `${range.start}-${range.end}: ${pgmap.refs}`).join(", "),
    references: k.contents ? references(k) : "",
    counters: [k.stat[C.nrMemmapPages], k.stat[C.nrMemmapBootPages], k.gupRefs, k.gupPins, k.bootReserved].join(" "),
    processes: k.mms.size,
  };
}

/**
 * The state for HugeTLB paths. Making or freeing a page changes the frames of the memmap and the number of tables that
 * map it, but not the sums: frames free or in tables, memmap from boot or the allocator, pages by pool.
 */
export function takePoolBooks(k: Kernel): Books {
  const zones = k.nodes.flatMap((node) => node.zones);
  return {
    conserved: conserved(k),
    memmap: k.uses[USE_VMEMMAP] + k.uses[USE_BOOT_VMEMMAP],
    counted: k.stat[C.nrMemmapPages] + k.stat[C.nrMemmapBootPages],
    managed: zones.reduce((sum, zone) => sum + zone.managed, k.bootReserved),
    huge: k.uses[USE_HUGETLB],
    optimized: k.hugetlb.optimized,
    queued: k.hugetlb.work.length,
    pools: k.hugetlb.hstates.map((h) => `${h.nrHugePages} of them ${h.surplusHugePages} surplus`).join(", "),
    sections: sections(k),
  };
}

/** State and subsections of every section, as hexadecimal digits and bits. */
function sections(k: Kernel): string {
  const parts: string[] = [];
  for (let nr = 0; nr < k.sections.length; nr++) {
    let bits = "";
    for (let s = 0; s < k.sections.subsections; s++) {
      bits += k.sections.populated(nr * k.pagesPerSection + s * k.pagesPerSubsection) ? "1" : "0";
    }
    parts.push(`${k.sections.state[nr].toString(16)}:${bits}`);
  }
  return parts.join(" ");
}

/** References by frame, for frames of DRAM that have any. */
function references(k: Kernel): string {
  let found = "";
  for (const node of k.nodes) {
    for (const zone of node.zones) {
      for (const area of zone.areas) {
        for (let pfn = area.base; pfn < area.base + area.length; pfn++) {
          const count = pageRefcount(k, pfn);
          if (count !== 0 && !area.isFree(pfn)) found += `${pfn}: ${count}, `;
        }
      }
    }
  }
  return found;
}

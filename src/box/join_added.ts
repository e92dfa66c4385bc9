// SPDX-License-Identifier: GPL-2.0-only
// Memory added after boot that is not a DAX device: blocks of lsmem outside the firmware's map at boot, or blocks that
// hold their own memmap, which boot memory never does.
//
//   firmware   | usable  |    | usable      |
//   lsmem      | online  |    | online      | online: a DIMM, or virtio_mem's     |
//   daxctl                                                      | dax0.0: kmem's |

import type { BoxRam } from "./box.ts";
import type { Facts, RangeFact } from "./facts.ts";

type Range = Pick<RangeFact, "start" | "end">;

const overlap = (a: Range, b: Range) => a.start < b.end && b.start < a.end;

/** The rows of lsmem about such memory; `device` tells whether a range belongs to a DAX device or is pmem. */
export function addedRows(facts: Facts, device: (range: Range) => boolean): RangeFact[] {
  const usable = facts.resources.filter((r) => r.name === "e820 usable");
  const known = facts.ranges.some((row) => usable.some((r) => overlap(r, row)));
  return facts.ranges.filter((row) =>
    !device(row) && (row.memmapOnMemory === true || (known && !usable.some((r) => overlap(r, row))))
  );
}

/** The memory of these rows, with equal neighbours merged. */
export function joinAdded(facts: Facts, rows: readonly RangeFact[], blockBytes: number): BoxRam[] {
  const virtio = facts.resources.filter((r) => /^virtio\d+$|\(virtio_mem\)$/.test(r.name));
  const found: BoxRam[] = [];
  for (const row of rows.toSorted((a, b) => a.start - b.start)) {
    const { start, end, node, zones: zone, memmapOnMemory: selfHosted } = row;
    const by = virtio.some((r) => overlap(r, row)) ? "virtio_mem" : "DIMM";
    const last = found.at(-1);
    const alike = last !== undefined && last.ranges[0].end === start && last.node === (node ?? 0) &&
      last.zone === zone && last.selfHosted === selfHosted && last.by === by;
    const range = { start: alike ? last.ranges[0].start : start, end };
    if (alike) found.pop();
    const dev = `memory${range.start / blockBytes}-${range.end / blockBytes - 1}`;
    found.push({ dev, by, ranges: [range], node: node ?? 0, namespace: null, zone, selfHosted });
  }
  return found;
}

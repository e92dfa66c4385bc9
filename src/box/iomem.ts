// SPDX-License-Identifier: GPL-2.0-only
// /proc/iomem: resources inside one another by indentation. Read by anybody but root it shows every address as zero.

import { type Facts, place, type Source } from "./facts.ts";

const LINE = /^( *)([0-9a-f]{8,16})-([0-9a-f]{8,16}) : (.+)$/;

/** A run of lines of /proc/iomem. */
export function readIomem(source: Source, at: number, facts: Facts): number {
  let next = at;
  let hidden = 0;
  for (; next < source.lines.length; next++) {
    const match = LINE.exec(source.lines[next].trimEnd());
    if (match === null) break;
    const [, indent, first, last, name] = match;
    const [start, end] = [parseInt(first, 16), parseInt(last, 16) + 1];
    if (start === 0 && end === 1) hidden++;
    else if (end <= start || !Number.isSafeInteger(end)) {
      facts.notes.push({ ...place(source, next), kind: "error", text: `resource ${first}-${last} is none: left out` });
    } else facts.resources.push({ ...place(source, next), start, end, name, depth: indent.length / 2 });
  }
  if (hidden > 0) {
    const text = `${hidden} of ${next - at} resources have every address zero: read as root to see them`;
    facts.notes.push({ ...place(source, at), kind: "unread", text });
  }
  return next;
}

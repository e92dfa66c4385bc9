// SPDX-License-Identifier: GPL-2.0-only
// Reads /proc/iomem: resources, nested by indentation. Every address is zero unless root reads it.

import { damaged, type Facts, place, type ResourceFact, type Source } from "./facts.ts";

const LINE = /^( *)([0-9a-f]{8,16})-([0-9a-f]{8,16}) : (.+)$/;

/** A run of lines of /proc/iomem. */
export function readIomem(source: Source, at: number, facts: Facts): number {
  let next = at;
  let hidden = 0;
  const around: ResourceFact[] = [];
  for (; next < source.lines.length; next++) {
    const match = LINE.exec(source.lines[next].trimEnd());
    if (match === null) break;
    const [, indent, first, last, name] = match;
    const [start, end] = [parseInt(first, 16), parseInt(last, 16) + 1];
    if (start === 0 && end === 1) hidden++;
    else if (end <= start || !Number.isSafeInteger(end)) {
      damaged(facts, place(source, next), `resource ${first}-${last} is none: left out`);
    } else {
      const depth = indent.length / 2;
      const resource = { ...place(source, next), start, end, name, depth };
      around.splice(depth);
      const outer = around.at(-1);
      if (outer !== undefined && (start < outer.start || end > outer.end)) {
        damaged(
          facts,
          resource,
          `resource ${first}-${last} reaches beyond the one around it, line ${outer.line}: left out`,
        );
        continue;
      }
      around.push(resource);
      facts.resources.push(resource);
    }
  }
  if (hidden > 0) {
    const text = `${hidden} of ${next - at} resources have every address zero: read as root to see them`;
    facts.notes.push({ ...place(source, at), kind: "unread", text });
  }
  return next;
}

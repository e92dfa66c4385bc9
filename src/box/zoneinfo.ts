// SPDX-License-Identifier: GPL-2.0-only
// /proc/zoneinfo, whole or what grep left of it: a line per zone, its numbers below it or (joined) beside it.

import { type Facts, place, type Source } from "./facts.ts";

const HEADER = /^Node\s+(\d+),\s+zone\s+(\w+)\s*(.*)$/;

/** One zone and the indented lines below it. /proc/buddyinfo begins in the same way but has only numbers. */
export function readZoneinfo(source: Source, at: number, facts: Facts): number {
  const match = HEADER.exec(source.lines[at]);
  if (match === null) return at;
  const [, node, zone, rest] = match;
  if (/^\d+(\s+\d+)*$/.test(rest.trim())) return at + 1;
  let next = at + 1;
  const words = [rest];
  while (next < source.lines.length && isBelow(source.lines[next])) words.push(source.lines[next++]);
  const text = words.join("\n");
  const pages = (name: string) => {
    const found = new RegExp(`\\b${name}\\s+(\\d+)`).exec(text);
    return found === null ? null : Number(found[1]);
  };
  facts.zones.push({
    ...place(source, at),
    node: Number(node),
    zone,
    spanned: pages("spanned"),
    present: pages("present"),
    managed: pages("managed"),
  });
  return next;
}

/** `grep -A` and `grep spanned` keep the indentation; some people paste without it. */
function isBelow(line: string): boolean {
  return /^\s+\S/.test(line) || /^(spanned|present|managed|pages free)\s+\d+\s*$/.test(line);
}

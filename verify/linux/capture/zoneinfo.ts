// SPDX-License-Identifier: GPL-2.0-only
// Reads the guest's /proc/zoneinfo, /proc/vmstat and /proc/meminfo, as received over the serial line.

/** Figures of one zone. Pages. */
export interface ZoneCounts {
  readonly name: string;
  readonly node: number;
  /** On the buddy lists. */
  readonly free: number;
  /** On the lists of the CPUs. */
  readonly perCpu: number;
  readonly spanned: number;
  readonly present: number;
  readonly managed: number;
}

/** Every zone of /proc/zoneinfo, empty ones included. */
export function parseZoneinfo(text: string): ZoneCounts[] {
  return text.split(/^(?=Node \d+, zone)/m).flatMap((part) => {
    const head = /^Node (\d+), zone\s+(\w+)/.exec(part);
    if (head === null) return [];
    const value = (pattern: RegExp) => Number(pattern.exec(part)?.[1] ?? 0);
    return [{
      name: head[2],
      node: Number(head[1]),
      free: value(/^\s+pages free\s+(\d+)/m),
      perCpu: [...part.matchAll(/^\s+count:\s+(\d+)/gm)].reduce((sum, m) => sum + Number(m[1]), 0),
      spanned: value(/^\s+spanned\s+(\d+)/m),
      present: value(/^\s+present\s+(\d+)/m),
      managed: value(/^\s+managed\s+(\d+)/m),
    }];
  });
}

/** Free pages of all zones, per-CPU lists included. */
export function freePages(zones: readonly ZoneCounts[]): number {
  return zones.reduce((sum, z) => sum + z.free + z.perCpu, 0);
}

/** Sum of a figure over all zones. */
export function sumOf(zones: readonly ZoneCounts[], key: "managed" | "present"): number {
  return zones.reduce((sum, zone) => sum + zone[key], 0);
}

/** A line `name value` or `name: value kB`; RangeError when it is not there. */
export function counterOf(text: string, name: string): number {
  const match = new RegExp(`^${name}:?\\s+(\\d+)`, "m").exec(text);
  if (match === null) throw new RangeError(`Cannot find counter "${name}" in what the guest sent`);
  return Number(match[1]);
}

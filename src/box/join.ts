// SPDX-License-Identifier: GPL-2.0-only
// Builds one machine from everything that was read: decides which figures describe the same thing, and which cannot
// all be true. Every assumption is reported as a note.

import type { AddressRange } from "../scenario/address_range.ts";
import { formatSize } from "../lib/units.ts";
import type { Box, BoxDram, BoxPool, Contradiction } from "./box.ts";
import { readText } from "./detect.ts";
import { type Facts, noFacts, type Note, type RangeFact } from "./facts.ts";
import { addedRows, joinAdded } from "./join_added.ts";
import { contradictions } from "./contradictions.ts";
import { kernelOf, poolsOfCommandLine } from "./kernel_of.ts";
import { joinRam, joinRegions } from "./join_pmem.ts";
import { figuresSaid } from "./said.ts";

/** A machine's text, and its name in messages. */
export interface BoxText {
  /** Name of the file it is from. */
  readonly name: string;
  /** What is in it. */
  readonly text: string;
}

/**
 * Reads what a machine says about itself: output of `ndctl list`, `daxctl list`, `lsmem`, `dmesg`, /proc/iomem,
 * /proc/zoneinfo, /proc/meminfo and sysfs, mixed in any way, told apart by content. Damaged or unknown input becomes a
 * note of the result, conflicting statements a contradiction; nothing is thrown.
 *
 * @example
 * ```ts
 * import { readBox } from "@vmemmap/lab";
 * import { assertEquals } from "@std/assert";
 *
 * const box = readBox([{ name: "list", text: '[{"dev":"namespace0.0","mode":"fsdax","map":"mem","size":64422412288}]' }]);
 * assertEquals(box.regions[0].namespaces[0].sizeBytes, 64424509440); // 60 GiB, of which 2 MiB hold the info block
 * ```
 */
export function readBox(texts: readonly BoxText[]): Box {
  const facts = noFacts();
  for (const { name, text } of texts) readText(name, text, facts);
  return joinBox(facts);
}

/** Nothing tells of memory, pmem or huge pages. */
export function isEmpty({ dram, regions, ram, pools }: Box): boolean {
  return dram.length + regions.length + ram.length + pools.length === 0;
}

/** Joins all statements. */
function joinBox(facts: Facts): Box {
  if (facts.ranges.length === 0) facts.ranges.push(...facts.blocks);
  // The same row as a table and as JSON.
  const rows = new Map(facts.ranges.map((row) => [`${row.start} ${row.end} ${row.online}`, row]));
  facts.ranges.splice(0, Infinity, ...rows.values());
  const kernel = kernelOf(facts);
  const notes: Note[] = [...facts.notes];
  const wrong: Contradiction[] = [];
  const pmem = pmemRanges(facts);
  const added = addedRows(facts, (row) => pmem.some((p) => row.start < p.end && p.start < row.end));
  const known = joinDram(facts, added);
  const dram = known.length > 0 ? known : leastDram(facts, notes);
  const regions = joinRegions(facts, kernel, dram, notes);
  const ram = [...joinRam(facts, regions, kernel.arch, notes), ...joinAdded(facts, added, kernel.blockBytes)];
  const pools = joinPools(facts, dram, wrong);
  assumed(facts, notes);
  const statements = figuresSaid(facts, regions, ram, kernel);
  const box = { runningKernel: kernel, dram, regions, ram, pools, statements };
  return { ...box, contradictions: [...contradictions(facts, box), ...wrong], notes };
}

/** Assumes what the emulator needs and the files do not say, with a note for each. */
function assumed(facts: Facts, notes: Note[]): void {
  const say = (text: string) => notes.push({ file: "(all)", line: 0, kind: "note", text });
  const any = facts.regions.length + facts.namespaces.length + facts.daxes.length + facts.ranges.length +
    facts.resources.length + facts.pools.length;
  if (any === 0) return;
  if (facts.kernels.length === 0) say("no kernel is named: taken as 6.1");
  if (facts.pools.length > 0 && facts.commandLines.length === 0) {
    say("no command line: hugetlb_free_vmemmap is taken as off");
  }
  if (facts.daxes.some((dax) => dax.mode === "system-ram") && facts.blockBytes.length === 0) {
    say("no size of memory blocks: taken as 128M");
  }
}

/**
 * Memory at boot, from the best source there is: lsmem's ranges except pmem, DAX and added memory; "System RAM" of
 * iomem; the firmware's usable ranges; SRAT.
 */
function joinDram(facts: Facts, added: readonly RangeFact[]): BoxDram[] {
  const pmem = [...pmemRanges(facts), ...added];
  const apart = (r: AddressRange) => !pmem.some((p) => r.start < p.end && p.start < r.end);
  const nodeAt = (start: number) => facts.srat.find((s) => s.start <= start && start < s.end)?.node ?? 0;
  const ranges = facts.ranges.filter(apart);
  if (ranges.length > 0) {
    return merge(ranges.map(({ start, end, node }) => ({ start, end, node: node ?? nodeAt(start) })));
  }
  for (const name of ["System RAM", "e820 usable"]) {
    const found = facts.resources.filter((r) => r.name === name && r.depth === 0 && apart(r));
    if (found.length > 0) return merge(found.map(({ start, end }) => ({ start, end, node: nodeAt(start) })));
  }
  return merge(facts.srat.filter(apart).map(({ start, end, node }) => ({ start, end, node })));
}

/** Without addresses: as much as MemTotal says, or at least what the huge pages take. */
function leastDram(facts: Facts, notes: Note[]): BoxDram[] {
  const total = facts.memTotal.at(-1);
  const sizes = new Set(facts.pools.map((pool) => pool.size));
  const pooled = [...sizes].reduce((sum, size) => sum + size * countOf(facts.pools.filter((p) => p.size === size)), 0);
  const bytes = Math.max(total?.value ?? 0, pooled);
  if (bytes === 0) return [];
  const { file, line } = bytes === total?.value ? total : facts.pools[0];
  const text = bytes === total?.value
    ? "no addresses of DRAM: as much is taken as MemTotal says, which leaves out what boot reserved"
    : "nothing says how much DRAM there is: only what the huge pages are made of is counted";
  notes.push({ file, line, kind: "note", text });
  return merge([{ node: 0, start: 0, end: bytes }]);
}

/** Pages of one size: the total if it was given, or else the sum over nodes. */
function countOf(pools: readonly Facts["pools"][number][]): number {
  const nodes = new Map(pools.filter((pool) => pool.node !== null).map((pool) => [pool.node, pool.count]));
  return pools.findLast((pool) => pool.node === null)?.count ?? [...nodes.values()].reduce((a, b) => a + b, 0);
}

/** The places of persistent memory and DAX devices. */
function pmemRanges(facts: Facts): AddressRange[] {
  const named = facts.resources.filter((r) =>
    /^(Persistent Memory|namespace\d|dax\d|CXL Window|Soft Reserved)/.test(r.name)
  );
  return [...named, ...facts.daxes.flatMap((dax) => dax.mappings)];
}

/** Sections with any memory have a complete memmap: ranges in whole sections, neighbours of a node merged. */
function merge(ranges: readonly BoxDram[]): BoxDram[] {
  const section = 2 ** 27;
  const merged: BoxDram[] = [];
  for (const { node, ...range } of ranges.toSorted((a, b) => a.start - b.start)) {
    const start = Math.floor(range.start / section) * section;
    const end = Math.ceil(range.end / section) * section;
    const last = merged.at(-1);
    if (last === undefined || start > last.end || node !== last.node) {
      merged.push({ node, start: Math.max(start, last?.end ?? 0), end });
    } else merged[merged.length - 1] = { ...last, end: Math.max(end, last.end) };
  }
  return merged.filter(({ start, end }) => start < end);
}

/** Pools by size: from the counters, or else from the command line. */
function joinPools(facts: Facts, dram: readonly BoxDram[], wrong: Contradiction[]): BoxPool[] {
  const pools: BoxPool[] = [];
  for (const size of new Set(facts.pools.map((pool) => pool.size))) {
    const of = facts.pools.filter((pool) => pool.size === size);
    const whole = of.findLast((pool) => pool.node === null);
    const nodes = new Map(of.filter((pool) => pool.node !== null).map((pool) => [pool.node!, pool.count]));
    const byNode = [...nodes].map(([node, count]) => ({ node, count })).sort((a, b) => a.node - b.node);
    const sum = byNode.reduce((total, { count }) => total + count, 0);
    const { file, line } = whole ?? of[0];
    if (whole !== undefined && byNode.length > 0 && sum !== whole.count) {
      const text = `${whole.count} huge pages of ${formatSize(size)} in all, ${sum} on the nodes`;
      wrong.push({ text, places: of.map(({ file, line }) => ({ file, line })) });
    }
    const count = countOf(of);
    if (count > 0) pools.push({ file, line, sizeBytes: size, count, byNode });
  }
  return [...pools, ...bootPools(facts, dram, pools, wrong)].sort((a, b) => a.sizeBytes - b.sizeBytes);
}

/** Pools that the command line asks for and no counter reports, if boot can have made them. */
function bootPools(
  facts: Facts,
  dram: readonly BoxDram[],
  known: readonly BoxPool[],
  wrong: Contradiction[],
): BoxPool[] {
  const line = facts.commandLines.at(-1);
  if (line === undefined) return [];
  const memory = dram.reduce((sum, { start, end }) => sum + end - start, 0);
  const counted = new Set(facts.pools.map((pool) => pool.size));
  const found: BoxPool[] = [];
  for (const { size, count } of poolsOfCommandLine(line.word, 2 ** 21)) {
    if (counted.has(size) || known.some((pool) => pool.sizeBytes === size)) continue;
    const place = { file: line.file, line: line.line };
    if (memory > 0 && size * count > memory) {
      const text = `the command line asks for ${count} huge pages of ${formatSize(size)}, ` +
        `more than the ${formatSize(memory)} of memory at boot; no counter says how many there are: not counted`;
      wrong.push({ text, places: [place] });
    } else found.push({ ...place, sizeBytes: size, count, byNode: [] });
  }
  return found;
}

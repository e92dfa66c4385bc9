// SPDX-License-Identifier: GPL-2.0-only
// Finds statements about one machine that cannot all be true, as when files were taken at different times or on
// different machines.

import { formatSize, humanSize } from "../lib/units.ts";
import type { Box, Contradiction } from "./box.ts";
import type { Facts, Place } from "./facts.ts";
import { parameter } from "./kernel_of.ts";
import { middle, sizeOf } from "./size.ts";

type Joined = Pick<Box, "regions" | "ram" | "pools" | "dram" | "runningKernel">;

/** All contradictions that were found. */
export function contradictions(facts: Facts, box: Joined): Contradiction[] {
  return [
    ...ofDevices(facts),
    ...ofRegions(facts),
    ...ofBlocks(facts),
    ...ofMemory(facts, box),
    ...ofCommandLine(facts, box),
    ...ofHugetlb(facts),
  ];
}

const at = ({ file, line }: Place): Place => ({ file, line });

/** ndctl and daxctl give a device one mode. */
function ofDevices(facts: Facts): Contradiction[] {
  const found: Contradiction[] = [];
  const daxctl = facts.daxes.filter((d) => d.source === "daxctl");
  for (const mine of facts.daxes.filter((d) => d.source === "ndctl")) {
    const other = daxctl.find((d) => d.chardev === mine.chardev);
    if (other === undefined) continue;
    const places = [at(mine), at(other)];
    if (mine.mode !== null && other.mode !== null && mine.mode !== other.mode) {
      const text = `${mine.chardev} is ${mine.mode} to ndctl and ${other.mode} to daxctl; taken as ${other.mode}`;
      found.push({ text, places });
    }
    if (mine.size.least > other.size.most || other.size.least > mine.size.most) {
      const [a, b] = [middle(mine.size), middle(other.size)];
      found.push({ text: `${mine.chardev} has ${a} bytes to ndctl and ${b} to daxctl`, places });
    }
  }
  return found;
}

/** The contents of a region are no larger than the region, and the free space no larger than the rest. */
function ofRegions(facts: Facts): Contradiction[] {
  const found: Contradiction[] = [];
  for (const region of facts.regions) {
    const { available, maxExtent, size, dev } = region;
    if (available !== null && available.least > size.most) {
      found.push({ text: `${dev} has ${middle(available)} bytes available of ${middle(size)}`, places: [at(region)] });
    }
    if (available !== null && maxExtent !== null && maxExtent.least > available.most) {
      const text = `${dev}: the largest extent, ${middle(maxExtent)} bytes, is more than the ${
        middle(available)
      } available`;
      found.push({ text, places: [at(region)] });
    }
  }
  return found;
}

/** One size of memory blocks, and block numbers that follow from addresses. */
function ofBlocks(facts: Facts): Contradiction[] {
  const found: Contradiction[] = [];
  const [first, ...others] = facts.blockBytes;
  const other = others.find((fact) => fact.value !== first.value);
  if (other !== undefined) {
    const text = `memory blocks of ${formatSize(first.value)} and of ${formatSize(other.value)}; taken as the former`;
    found.push({ text, places: [at(first), at(other)] });
  }
  for (const row of first === undefined ? [] : facts.ranges) {
    const last = row.end / first.value - 1;
    if (row.firstBlock === null || (row.firstBlock === row.start / first.value && row.lastBlock === last)) continue;
    const text = `blocks ${row.firstBlock}-${row.lastBlock} at 0x${row.start.toString(16)}: with blocks of ` +
      `${formatSize(first.value)} they are ${row.start / first.value}-${last}`;
    found.push({ text, places: [at(row)] });
  }
  return found;
}

/** Total memory: by lsmem's total, by its rows, by MemTotal. */
function ofMemory(facts: Facts, { pools }: Joined): Contradiction[] {
  const found: Contradiction[] = [];
  const online = facts.ranges.filter((r) => r.online).reduce((sum, r) => sum + r.end - r.start, 0);
  for (const total of facts.onlineTotal) {
    if (Math.abs(total.value - online) > total.slack) {
      const text = `lsmem's rows have ${humanSize(online)} online, its total is ${humanSize(total.value)}`;
      found.push({ text, places: [at(total)] });
    }
  }
  const sorted = facts.ranges.toSorted((a, b) => a.start - b.start);
  const over = sorted.findIndex((row, i) => i > 0 && row.start < sorted[i - 1].end);
  if (over > 0) {
    const [a, b] = sorted.slice(over - 1, over + 1);
    const text = `memory at 0x${a.start.toString(16)} and at 0x${b.start.toString(16)} overlaps`;
    found.push({ text, places: [at(a), at(b)] });
  }
  const rows = facts.ranges.slice(0, 1).map(at);
  for (const total of online === 0 ? [] : facts.memTotal) {
    if (total.value > online) {
      const text = `MemTotal is ${humanSize(total.value)}, more than the ${humanSize(online)} that lsmem has online: ` +
        "of another time or machine";
      found.push({ text, places: [at(total), ...rows] });
    }
  }
  const pooled = pools.reduce((sum, pool) => sum + pool.sizeBytes * pool.count, 0);
  if (online > 0 && pooled > online) {
    const text = `huge pages of ${humanSize(pooled)} do not fit into the ${humanSize(online)} online`;
    found.push({ text, places: pools.map(at) });
  }
  return found;
}

/** memmap=nn!ss marks memory as persistent, so it cannot overlap a region of the firmware. */
function ofCommandLine(facts: Facts, { regions, dram }: Joined): Contradiction[] {
  const line = facts.commandLines.at(-1);
  const found: Contradiction[] = [];
  for (const part of line === undefined ? [] : (parameter(line.word, "memmap") ?? "").split(",")) {
    const match = /^([^!@#$]+)!([^!@#$]+)$/.exec(part);
    const [bytes, start] = match === null ? [null, null] : [sizeOf(match[1]), sizeOf(match[2])];
    if (bytes === null || start === null) continue;
    const end = start.least + bytes.least;
    const inside = regions.find((r) => r.start !== null && r.start < end && start.least < r.start + r.sizeBytes);
    const same = inside !== undefined && inside.start === start.least && inside.sizeBytes === bytes.least;
    const memory = dram.some((d) => d.start <= start.least && end <= d.end);
    if (inside !== undefined && !same) {
      const text =
        `memmap=${part} marks ${formatSize(bytes.least)} at ${formatSize(start.least)}, inside ${inside.dev} ` +
        `(${formatSize(inside.sizeBytes)} at ${formatSize(inside.start!)})`;
      found.push({ text, places: [at(line!)] });
    } else if (memory) {
      found.push({ text: `memmap=${part} marks memory that lsmem has as DRAM`, places: [at(line!)] });
    }
  }
  return found;
}

/** HugeTLB reports one figure per page size, in one wording. */
function ofHugetlb(facts: Facts): Contradiction[] {
  const found: Contradiction[] = [];
  for (const size of new Set(facts.freed.map((f) => f.size))) {
    const of = facts.freed.filter((f) => f.size === size);
    const other = of.find((f) => f.freed !== of[0].freed);
    if (other === undefined) continue;
    const text = `HugeTLB can free ${of[0].freed / 1024} KiB and ${other.freed / 1024} KiB of a ` +
      `${formatSize(size)} page: lines of two kernels`;
    found.push({ text, places: [at(of[0]), at(other)] });
  }
  return found;
}

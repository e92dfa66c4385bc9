// SPDX-License-Identifier: GPL-2.0-only
// /proc/meminfo, a node's meminfo, and what people paste instead: the counters of hugepages in sysfs with their paths
// (grep .), and the table of SPDK's setup.sh, `node0 2048kB 1024 / 1024` (free / total).

import { isPowerOf2 } from "../lib/align.ts";
import { damaged, type Facts, place, type Source } from "./facts.ts";

const SYSFS = /(?:node\/node(\d+)\/)?(?:kernel\/mm\/)?hugepages\/hugepages-(\d+)kB\/(\w+):(\S+)$/;
const TABLE = /^\s*node(\d+)\s+(\d+)kB\s+(\d+)\s*\/\s*(\d+)\s*$/;
const LINE = /^(?:Node\s+(\d+)\s+)?([A-Z]\w*(?:\([\w]+\))?):\s+(\S+)(\s+kB)?\s*$/;

/** A run of lines of any of these formats. */
export function readMeminfo(source: Source, at: number, facts: Facts): number {
  return readSysfs(source, at, facts) ?? readTable(source, at, facts) ?? readLines(source, at, facts);
}

function readSysfs(source: Source, at: number, facts: Facts): number | null {
  const match = SYSFS.exec(source.lines[at].trimEnd());
  if (match === null) return null;
  const [, node, kB, counter, value] = match;
  // The sum over all nodes; only this counter is the size of the pool.
  if (counter !== "nr_hugepages") return at + 1;
  if (!/^\d{1,15}$/.test(value)) damaged(facts, place(source, at), `nr_hugepages "${value}" is not a number of pages`);
  else pool(source, at, facts, Number(kB) * 1024, Number(value), node);
  return at + 1;
}

function readTable(source: Source, at: number, facts: Facts): number | null {
  if (/^\s*node\s+hugesize\s+free\s*\/\s*total\s*$/.test(source.lines[at])) return at + 1;
  const match = TABLE.exec(source.lines[at]);
  if (match === null) return null;
  const [, node, kB, free, total] = match;
  if (Number(free) > Number(total)) damaged(facts, place(source, at), `${free} pages of ${total} are free`);
  else pool(source, at, facts, Number(kB) * 1024, Number(total), node);
  return at + 1;
}

/** The lines of one meminfo: its pool has the page size that it names last. */
function readLines(source: Source, at: number, facts: Facts): number {
  let next = at;
  let total: number | null = null;
  let totalAt = at;
  for (; next < source.lines.length; next++) {
    const match = LINE.exec(source.lines[next]);
    if (match === null || (match[1] === undefined && !MEMINFO.test(match[2]))) break;
    const [, node, key, text] = match;
    const value = /^\d+$/.test(text) ? Number(text) : NaN;
    if (!Number.isSafeInteger(value * 1024)) {
      damaged(facts, place(source, next), `${key} "${text}" is not a number below 2^53`);
      continue;
    }
    if (key === "MemTotal" && node === undefined) facts.memTotal.push({ ...place(source, next), value: value * 1024 });
    // A node's counters are of the default size, which only /proc/meminfo names.
    if (key === "HugePages_Total") [total, totalAt] = [value, next];
    if (key === "HugePages_Total" && node !== undefined) pool(source, next, facts, DEFAULT_SIZE, value, node);
    else if (key === "Hugepagesize" && total !== null) pool(source, totalAt, facts, value * 1024, total, undefined);
  }
  return next;
}

/** Huge pages of a node's meminfo: the default size of x86-64 and of arm64 with 4 KiB pages. */
const DEFAULT_SIZE = 2 ** 21;

/** Keys of /proc/meminfo. */
const MEMINFO = new RegExp(
  "^(MemTotal|MemFree|MemAvailable|MemUsed|Buffers|Cached|SwapCached|Active|Inactive|Unevictable|Mlocked|Swap\\w+|" +
    "Zswap\\w*|Dirty|Writeback\\w*|AnonPages|Mapped|Shmem\\w*|K?Reclaimable|Slab|SReclaimable|SUnreclaim|KernelStack|" +
    "ShadowCallStack|PageTables|SecPageTables|NFS_Unstable|Bounce|CommitLimit|Committed_AS|Vmalloc\\w+|Percpu|" +
    "EarlyMemtest\\w+|HardwareCorrupted|AnonHugePages|FileHugePages|FilePmdMapped|FileP\\w+|Cma\\w+|Unaccepted|Balloon|" +
    "GPUActive|GPUReclaim|HugePages_\\w+|Hugepagesize|Hugetlb|DirectMap\\w+)(\\(\\w+\\))?$",
);

function pool(source: Source, at: number, facts: Facts, size: number, count: number, node: string | undefined): void {
  if (!isPowerOf2(size) || size <= 4096) {
    return damaged(facts, place(source, at), `huge pages of ${size} bytes are none`);
  }
  facts.pools.push({ ...place(source, at), size, count, node: node === undefined ? null : Number(node) });
}

// SPDX-License-Identifier: GPL-2.0-only
// /proc/meminfo and the counters of hugepages in sysfs, in the format of fs/proc/meminfo.c of 6.1 with Debian's options.
// What is not modelled prints as 0, the direct map included.

import type { Kernel } from "../mm/kernel.ts";
import { freeHugePages } from "../mm/hugetlb/hugetlb.ts";
import { totalFreePages } from "../mm/page_alloc.ts";

/** Lines before those of huge pages, in order. */
const BEFORE = ("MemTotal MemFree MemAvailable Buffers Cached SwapCached Active Inactive Active(anon) Inactive(anon) " +
  "Active(file) Inactive(file) Unevictable Mlocked SwapTotal SwapFree Zswap Zswapped Dirty Writeback AnonPages Mapped " +
  "Shmem KReclaimable Slab SReclaimable SUnreclaim KernelStack PageTables SecPageTables NFS_Unstable Bounce " +
  "WritebackTmp CommitLimit Committed_AS VmallocTotal VmallocUsed VmallocChunk Percpu HardwareCorrupted AnonHugePages " +
  "ShmemHugePages ShmemPmdMapped FileHugePages FilePmdMapped").split(" ");
/** 2^47 bytes less one page, the vmalloc space of x86-64. */
const VMALLOC_KB = 34359738367;

const kB = (name: string, value: number) => `${`${name}:`.padEnd(16)}${String(value).padStart(8)} kB\n`;
const count = (name: string, value: number) => `${name}:`.padEnd(19) + `${String(value).padStart(5)}\n`;

/** /proc/meminfo. */
export function meminfo(k: Kernel): string {
  const pages = (n: number) => n * k.pageBytes / 1024;
  const managed = k.nodes.flatMap((node) => node.zones).reduce((sum, zone) => sum + zone.managed, 0);
  const free = pages(totalFreePages(k));
  const values: Readonly<Record<string, number>> = {
    MemTotal: pages(managed),
    MemFree: free,
    MemAvailable: free,
    VmallocTotal: VMALLOC_KB,
  };
  const pool = k.hugetlb.hstates.find(({ bytes }) => bytes === 2 ** 21) ?? k.hugetlb.hstates[0];
  const all = k.hugetlb.hstates.reduce((sum, h) => sum + h.nrHugePages * h.bytes, 0);
  return [
    ...BEFORE.map((name) => kB(name, values[name] ?? 0)),
    count("HugePages_Total", pool.nrHugePages),
    count("HugePages_Free", freeHugePages(pool)),
    count("HugePages_Rsvd", 0),
    count("HugePages_Surp", pool.surplusHugePages),
    kB("Hugepagesize", pool.bytes / 1024),
    kB("Hugetlb", all / 1024),
    ...["DirectMap4k", "DirectMap2M", "DirectMap1G"].map((name) => kB(name, 0)),
  ].join("");
}

/** `grep . /sys/devices/system/node/node*`, the counters of every pool of every node. */
export function nodeHugepages(k: Kernel): string {
  return k.hugetlb.hstates.flatMap((h) => [
    `/sys/kernel/mm/hugepages/${h.name}/nr_hugepages:${h.nrHugePages}\n`,
    ...k.nodes.map(({ nid }) =>
      `/sys/devices/system/node/node${nid}/hugepages/${h.name}/nr_hugepages:${h.nrHugePagesNode[nid]}\n`
    ),
  ]).join("");
}

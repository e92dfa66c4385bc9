// SPDX-License-Identifier: GPL-2.0-only
// Levers of huge pages: freeing their vmemmap, a kernel that keeps less of it, larger pages.

import { formatSize } from "../lib/units.ts";
import type { Box, BoxPool } from "./box.ts";
import { poolName } from "./costs.ts";
import type { Emulator, PoolSpec } from "./emulate.ts";
import { releaseGiving, versionOf } from "./kernel_of.ts";
import { type BoxLever, NO_GAIN } from "./lever.ts";

/** Levers of all pools together, if one switch serves all. */
export function poolLevers(box: Box, emulator: Emulator): BoxLever[] {
  if (box.pools.length === 0) return [];
  const now = saved(box, emulator, {});
  return [
    freeing(box, emulator, now),
    newerKernel(box, emulator, now),
    ...box.pools.map((pool) => larger(box, pool, emulator)),
  ]
    .filter((lever) => lever !== null);
}

/** What all pools free, as they are or changed. */
function saved(box: Box, emulator: Emulator, change: Partial<PoolSpec>): number {
  return box.pools.reduce((sum, pool) => sum + savedBy(box, pool, emulator, change), 0);
}

function savedBy(box: Box, { sizeBytes: size, count }: BoxPool, emulator: Emulator, change: Partial<PoolSpec>): number {
  const { preset: kernel, arch } = box.runningKernel;
  const hugetlbFreeVmemmap = box.runningKernel.hugetlbFreeVmemmap === true;
  const found = emulator.pool({ kernel, arch, size, count, hugetlbFreeVmemmap, ...change });
  return typeof found === "string" ? 0 : found.freed - found.tables;
}

const names = (box: Box) => box.pools.map(({ sizeBytes: size, count }) => poolName(size, count)).join(", ");

function freeing(box: Box, emulator: Emulator, now: number): BoxLever {
  const { hugetlbFreeVmemmap, memmapOnMemory, release, preset } = box.runningKernel;
  const dram = hugetlbFreeVmemmap === true ? 0 : saved(box, emulator, { hugetlbFreeVmemmap: true }) - now;
  const old = release !== null && versionOf(release) < versionOf("5.14");
  const tooSmall = dram <= 0 ? "pages of this size have too little vmemmap to free any" : null;
  const why = old ? `needs Linux 5.14, this is ${release}` : hugetlbFreeVmemmap === true ? "is on already" : tooSmall;
  const exclusive = memmapOnMemory && versionOf(preset) < versionOf("6.0");
  const commands = ["kernel command line: hugetlb_free_vmemmap=on"];
  if (versionOf(preset) >= versionOf("6.0")) {
    commands.push("sysctl vm.hugetlb_optimize_vmemmap=1      # for pages made from then on");
  }
  return {
    ...NO_GAIN,
    kind: "hugetlb_free_vmemmap",
    what: "free the vmemmap of huge pages (HVO)",
    of: names(box),
    dramBytes: dram,
    why,
    commands: why === null ? commands : [],
    caution: exclusive ? "up to 5.19 it switches memmap_on_memory off" : "making and freeing huge pages takes longer",
  };
}

/** A kernel that keeps fewer vmemmap pages of each huge page. */
function newerKernel(box: Box, emulator: Emulator, now: number): BoxLever | null {
  const { preset, hugetlbFreeVmemmap } = box.runningKernel;
  const gives = (kernel: string) => saved(box, emulator, { kernel }) - now;
  const release = hugetlbFreeVmemmap === true ? releaseGiving(preset, gives) : null;
  if (release === null || gives(release) <= 0) return null;
  return {
    ...NO_GAIN,
    kind: "kernel",
    what: `Linux ${release}: less vmemmap kept per huge page`,
    of: names(box),
    dramBytes: gives(release),
    why: null,
    commands: [`boot Linux ${release} or later`],
    caution: null,
  };
}

/** The same memory in pages of 1 GiB. */
function larger(box: Box, pool: BoxPool, emulator: Emulator): BoxLever | null {
  const { sizeBytes: size, count } = pool;
  const large = 2 ** 30;
  if (size >= large || box.runningKernel.arch !== "x86-64") return null;
  const most = Math.floor(size * count / large);
  const on = { hugetlbFreeVmemmap: true };
  const rest = { ...pool, count: count - most * large / size };
  const whole = most === 0 ? 0 : savedBy(box, { ...pool, sizeBytes: large, count: most }, emulator, on) +
    (rest.count === 0 ? 0 : savedBy(box, rest, emulator, on));
  const dram = whole - savedBy(box, pool, emulator, on);
  if (most === 0 || dram <= 0) return null;
  return {
    ...NO_GAIN,
    kind: "page size",
    what: `${most} ${most === 1 ? "page" : "pages"} of 1G instead of ${most * large / size} of ${
      formatSize(size)
    }, HVO on`,
    of: poolName(size, count),
    dramBytes: dram,
    why: null,
    commands: [`kernel command line: hugetlb_free_vmemmap=on hugepagesz=1G hugepages=${most}`],
    changesUse: true,
    caution: "users must map 1G pages; they are sure to be had at boot only",
  };
}

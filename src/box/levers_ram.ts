// SPDX-License-Identifier: GPL-2.0-only
// Levers of memory added after boot: memmap on the memory itself, a namespace without an unused reserve, smaller
// memory blocks, or a device again.

import { formatSize } from "../lib/units.ts";
import type { Box, BoxNamespace, BoxRam } from "./box.ts";
import { type BoxCost, directMapOf, mayHostMemmap, namespaceSpec, ramCost } from "./costs.ts";
import type { Emulator } from "./emulate.ts";
import { RELEASES, versionOf } from "./kernel_of.ts";
import { type BoxLever, NO_GAIN } from "./lever.ts";
import { command } from "./levers_namespace.ts";

/** All of them. */
export function ramLevers(box: Box, ram: BoxRam, costs: readonly BoxCost[], emulator: Emulator): BoxLever[] {
  const now = costs.find((cost) => cost.kind === "ram" && cost.name === ram.dev);
  if (now === undefined || now.remark !== null) return [];
  const ns = box.regions.flatMap((r) => r.namespaces).find((n) => n.dev === ram.namespace) ?? null;
  if (ram.by !== "kmem") return [onMemory(box, ram, now, emulator)];
  return [
    onMemory(box, ram, now, emulator),
    withoutReserve(box, ram, ns, now, emulator),
    smallerBlocks(box, ram, now, emulator),
    deviceAgain(box, ram, ns, now, emulator),
  ].filter((lever) => lever !== null);
}

const spent = ({ dramBytes: dram, tableBytes: tables, directMapBytes: direct }: BoxCost) => dram + tables + direct;

function onMemory(box: Box, ram: BoxRam, now: BoxCost, emulator: Emulator): BoxLever {
  const { preset, memmapOnMemory } = box.runningKernel;
  const blocks = ram.ranges.reduce((sum, { start, end }) => sum + end - start, 0) / box.runningKernel.blockBytes;
  const can = (kernel: string) => mayHostMemmap(kernel, ram.by, blocks);
  // The gain is computed with a kernel that supports it.
  const kernel = can(preset) ? preset : RELEASES.findLast(can) ?? `${preset},kmemMemmapOnMemory=true`;
  const values = [memmapOnMemory || true, "force"] as const;
  const value = values.find((v) => ramCost(box, ram, emulator, { kernel, memmapOnMemory: v }).onMemoryBytes > 0) ??
    true;
  const then = ramCost(box, ram, emulator, { kernel, memmapOnMemory: value });
  const [dram, more] = [spent(now) - spent(then), then.usableBytes - now.usableBytes];
  const never = neverOnMemory(box, ram, now, then);
  const old = can(preset) ? null : tooOld(box, ram);
  return {
    ...NO_GAIN,
    kind: "memmap_on_memory",
    what: "memmap on the hot-added memory itself",
    of: ram.dev,
    ...(never !== null ? {} : { dramBytes: dram, ramBytes: more }),
    why: never ?? old,
    commands: never !== null ? [] : [
      ...(old === null ? [] : ["boot Linux 6.8 or later"]),
      ...(memmapOnMemory === value
        ? []
        : [`kernel command line: memory_hotplug.memmap_on_memory=${value === true ? "1" : value}`]),
      ...addAgain(ram),
    ],
    caution: "struct pages are then as slow as that memory; its blocks must go offline for it",
  };
}

/** Why it is impossible under any kernel; null if it is possible. */
function neverOnMemory({ runningKernel: kernel }: Box, { by }: BoxRam, now: BoxCost, then: BoxCost): string | null {
  if (now.onMemoryBytes > 0) return "is on already";
  if (by === "virtio_mem") return "virtio_mem never asks for it: it plugs parts of a block";
  return then.onMemoryBytes > 0 ? null : `blocks of ${formatSize(kernel.blockBytes)} cannot hold their own memmap`;
}

function tooOld({ runningKernel: { release, preset } }: Box, { by }: BoxRam): string {
  const who = by === "kmem" ? "kmem has it" : "memory of several blocks has it";
  return `${who} since Linux 6.8, this is ${release ?? preset}`;
}

/** The commands that add it anew. */
function addAgain({ by, dev, ranges: [{ start, end }] }: BoxRam): string[] {
  if (by === "kmem") {
    return [`daxctl reconfigure-device -f -m devdax ${dev}`, `daxctl reconfigure-device -m system-ram ${dev}`];
  }
  return [
    `chmem -d 0x${start.toString(16)}-0x${(end - 1).toString(16)}`,
    "unplug the memory and plug it again",
  ];
}

/** kmem has no use for the reserve of map=dev: without it the namespace has room for more blocks. */
function withoutReserve(
  box: Box,
  ram: BoxRam,
  ns: BoxNamespace | null,
  now: BoxCost,
  emulator: Emulator,
): BoxLever | null {
  if (ns === null || ns.map !== "dev") return null;
  const found = emulator.namespace(namespaceSpec(box, ns, { map: "mem" }));
  if (typeof found === "string") return null;
  const start = ns.start + found.offset;
  const then = ramCost(box, { ...ram, ranges: [{ start, end: start + found.usable }] }, emulator);
  const [dram, more] = [spent(now) - spent(then), then.usableBytes - now.usableBytes];
  return {
    ...NO_GAIN,
    kind: "map",
    what: "namespace without the reserve of map=dev, which kmem does not use",
    of: ns.dev,
    dramBytes: dram,
    ramBytes: more,
    why: more > 0 ? null : "gives nothing: the reserve is less than a memory block",
    commands: [
      `daxctl offline-memory ${ram.dev}`,
      command(ns, { mode: "devdax", map: "mem", align: ns.alignBytes }),
      `daxctl reconfigure-device -m system-ram ${ram.dev}`,
    ],
    caution: "the memory goes offline meanwhile",
  };
}

/** What memory blocks cut off; the kernel chooses their size by the amount of memory. */
function smallerBlocks(box: Box, ram: BoxRam, now: BoxCost, emulator: Emulator): BoxLever {
  const { blockBytes, arch } = box.runningKernel;
  const least = arch === "arm64-64k" ? 2 ** 29 : 2 ** 27;
  const then = ramCost(box, ram, emulator, { blockBytes: least });
  const small = blockBytes <= least;
  return {
    ...NO_GAIN,
    kind: "block size",
    what: `memory blocks of ${formatSize(least)}`,
    of: ram.dev,
    ...(small ? {} : { dramBytes: spent(now) - spent(then), ramBytes: then.usableBytes - now.usableBytes }),
    why: small
      ? `${formatSize(least)}, one section, is the least there is; alignment cuts off ${formatSize(now.lostBytes)}`
      : `the kernel chooses ${formatSize(blockBytes)} by itself where there are 64G of memory or more`,
    commands: [],
    caution: null,
  };
}

/** The same memory as a device whose tail pages are shared. */
function deviceAgain(
  box: Box,
  ram: BoxRam,
  ns: BoxNamespace | null,
  now: BoxCost,
  emulator: Emulator,
): BoxLever | null {
  if (ns === null) return null;
  const found = emulator.namespace(namespaceSpec(box, ns, { map: "mem", mode: "devdax" }));
  if (typeof found === "string") return null;
  const shares = versionOf(box.runningKernel.preset) >= versionOf("5.19");
  const direct = directMapOf(box, { start: ns.start, end: ns.start + ns.sizeBytes }, ns.sizeBytes, emulator);
  const dram = spent(now) - found.dram - found.tables - direct;
  return {
    ...NO_GAIN,
    kind: "mode",
    what: `devdax with pages of ${formatSize(ns.alignBytes)} instead of System RAM`,
    of: ram.dev,
    dramBytes: dram,
    pmemBytes: found.usable,
    ramBytes: -now.usableBytes,
    why: dram > 0
      ? null
      : shares
      ? "gives nothing"
      : `gives nothing: Linux ${box.runningKernel.preset} shares no tail pages`,
    commands: [
      `daxctl reconfigure-device -f -m devdax ${ram.dev}`,
      command(ns, { mode: "devdax", map: "mem", align: ns.alignBytes }),
    ],
    changesUse: true,
    caution: "programs must map the device; it is no System RAM any more",
  };
}

// SPDX-License-Identifier: GPL-2.0-only
// `lab hotplug`: plugs memory into a fresh machine, puts it online and offline, removes it, and reports what was
// counted: allocator use counts, zone counts, the page-table entries that map the new memmap.

import { errnoName } from "../include/errno.ts";
import type { MemoryBlock } from "../include/memory.ts";
import { ZONE_NAMES } from "../include/mmzone.ts";
import { memoryBlockOffline, memoryBlockOnline } from "../drivers/base/memory.ts";
import type { Kernel } from "../mm/kernel.ts";
import { mhpGeometry, type MhpRefusal, mhpRefusals } from "../mm/hotplug/memmap_on_memory.ts";
import { zoneForPfnRange } from "../mm/hotplug/ram.ts";
import type { Zone } from "../mm/mmzone.ts";
import { totalFreePages } from "../mm/page_alloc.ts";
import { countersSince, type CounterValues, readCounters } from "../mm/vmstat.ts";
import { type Checked, checkedIf, firstObjection } from "./checked.ts";
import { bootHotplugBox, HOTPLUG_ROWS, type HotplugConfig, hotplugConfig, type HotplugOptions } from "./hotplug_box.ts";
import { type MemmapMapping, memmapMapping } from "./hotplug_memmap.ts";
import { type DaxCut, daxSource, dimmSource } from "./hotplug_source.ts";
import { type NamespacePages, pagesTaken } from "./namespace.ts";
import { knownOptions } from "./options.ts";

/** One memory block once everything is online. */
export interface HotplugBlock {
  /** Number in /sys/devices/system/memory. */
  readonly blockNumber: number;
  /** Node it is near. */
  readonly node: number;
  /** Its first frame. */
  readonly startPfn: number;
  /** Whether its frames are in use as System RAM. */
  readonly state: "online" | "offline";
  /** Zone it joined; null while offline. */
  readonly zone: string | null;
  /** Frames at its start that hold its own memmap. */
  readonly selfHostedPages: number;
}

/** Counts of the whole machine, and the span of the zone that was joined, in frames. */
export interface HotplugState {
  /** When it was read; `added` is before anything goes online, except with autoOnline. */
  readonly state: "base" | "added" | "online" | "offline" | "removed";
  /** Free frames. */
  readonly freePages: number;
  /** Frames that the zones manage. */
  readonly managedPages: number;
  /** Frames present in the zones, self-hosted memmap included. */
  readonly presentPages: number;
  /** Frames from the first to the last of the zone joined. */
  readonly spannedPages: number;
}

/** The outcome of one attempt. */
export interface HotplugRun {
  /** Why not all of it could be added, as an errno name; null if it was. */
  readonly errno: string | null;
  /** Memory that could be added. */
  readonly addedBytes: number;
  /** Frames that adding it took. */
  readonly pages: NamespacePages;
  /** How the new memmap is mapped, and where its frames are. */
  readonly mapping: MemmapMapping;
  /** Counts before, between and after the steps. */
  readonly states: readonly HotplugState[];
  /** Managed memory that the zones gained, in bytes. */
  readonly usableBytes: number;
}

/** What `lab hotplug` prints with `--json`. */
export interface HotplugReport extends HotplugRun, Checked {
  /** The options, defaults filled in. */
  readonly config: HotplugConfig;
  /** Size of a memory block. */
  readonly blockBytes: number;
  /** What was free before anything was plugged, and the memmap of all memory to plug, in frames. */
  readonly before: { readonly freePages: number; readonly memmapPages: number };
  /** Rules that keep the memmap out of the memory, if it was requested there. */
  readonly refusedBy: readonly MhpRefusal[];
  /** The memory blocks added, ascending. */
  readonly blocks: readonly HotplugBlock[];
  /** Vmemmap pages that describe the memory added. */
  readonly vmemmapPages: number;
  /** Those of them that lie in it. */
  readonly selfHostedPages: number;
  /** The zone that the memory joined, once everything was online. */
  readonly joinedZone: { readonly name: string } & Omit<HotplugState, "state" | "freePages">;
  /** The parts of a DAX device outside memory blocks, and what dmesg says; null for DIMMs. */
  readonly cut: DaxCut | null;
  /** System RAM that was online when its device was removed, and stays until reboot. */
  readonly leakedBytes: number;
  /** The same without memmap_on_memory; null if that was not requested. */
  readonly baseline: HotplugRun | null;
  /** All work of adding them and putting them online. */
  readonly counters: CounterValues;
  /** Host time to add the memory; like the next three it says nothing about Linux. */
  readonly hostAddMs: number;
  /** Host time to put it online. */
  readonly hostOnlineMs: number;
  /** Host time to put it offline. */
  readonly hostOfflineMs: number;
  /** Host time to remove it. */
  readonly hostRemoveMs: number;
  /** Always null: no document times memory hotplug, so nothing is calibrated. */
  readonly modelMs: number | null;
}

/**
 * Plugs memory into a fresh machine and reports what happened; a refusal of the modelled kernel is in `errno`.
 * RangeError for invalid options, NamespaceError if `dax` is set and the namespace cannot be created.
 *
 * @example
 * ```ts
 * import { hotplugReport } from "@vmemmap/lab";
 * import { assertEquals } from "@std/assert";
 *
 * const report = hotplugReport({ size: 2 ** 27, memmapOnMemory: true });
 * assertEquals(report.selfHostedPages, 512); // 2 MiB of the block describe its 128 MiB
 * assertEquals(report.pages.dramTotal, 1); // a table that maps the block
 * assertEquals(report.baseline?.pages.dramTotal, 512 + 1);
 * ```
 */
export function hotplugReport(options: HotplugOptions): HotplugReport {
  knownOptions(options, Object.keys(HOTPLUG_ROWS));
  return hotplugReportOn(options, true);
}

/** The report of a machine with or without a direct map, whose tables are the same under every kernel. */
export function hotplugReportOn(options: HotplugOptions, directMap: boolean): HotplugReport {
  const config = hotplugConfig(options);
  const report = plug(config, directMap);
  if (!config.memmapOnMemory) return report;
  const off = { ...config, memmapOnMemory: false, memmapForce: false, contents: false };
  const { errno: error, addedBytes, pages, mapping, states, usableBytes } = plug(off, directMap);
  return { ...report, baseline: { errno: error, addedBytes, pages, mapping, states, usableBytes } };
}

/** Plugs and unplugs on one machine. */
function plug(config: HotplugConfig, directMap: boolean): HotplugReport {
  const k = bootHotplugBox(config, directMap);
  const memory = config.dax ? daxSource(k, config) : dimmSource(k, config);
  const zone = zoneForPfnRange(k, config.online, config.targetNode, memory.start, k.hotplug.blockPages);
  const states = [readState(k, zone, "base")];
  const uses = Float64Array.from(k.uses);
  const before = readCounters(k.stat);
  const [error, add] = timed(() => memory.add());
  states.push(readState(k, zone, "added"));
  // Memory that went online automatically is free now, although it was not before.
  const pages = pagesTaken(k, uses, states[0].freePages + states[1].managedPages - states[0].managedPages);
  const blocks = [...k.hotplug.blocks.values()].sort((a, b) => a.id - b.id);
  const [, online] = timed(() => onlineAll(k, blocks, config));
  const counters = countersSince(before, readCounters(k.stat));
  states.push(readState(k, zone, "online"));
  const found = describe(k, blocks, zone);
  const whileOnline = checkedIf(config.check, k);
  const cut = memory.cut();
  const [, offline] = timed(() => config.offline ? offlineAll(k, blocks) : undefined);
  states.push(readState(k, zone, "offline"));
  const [leaked, remove] = timed(() => memory.remove());
  states.push(readState(k, zone, "removed"));
  const blockBytes = k.hotplug.blockPages * k.pageBytes;
  return {
    config,
    blockBytes,
    before: { freePages: states[0].freePages, memmapPages: memory.pages * k.structPageSize / k.pageBytes },
    refusedBy: refusals(k, config, blockBytes),
    errno: error === 0 ? null : errnoName(error),
    addedBytes: blocks.length * blockBytes,
    pages,
    ...found,
    states,
    usableBytes: (states[2].managedPages - states[0].managedPages) * k.pageBytes,
    cut,
    leakedBytes: leaked * k.pageBytes,
    baseline: null,
    invariants: firstObjection(whileOnline, checkedIf(config.check, k)),
    counters,
    hostAddMs: add,
    hostOnlineMs: online,
    hostOfflineMs: offline,
    hostRemoveMs: remove,
    modelMs: null,
  };
}

/** The result of a step, and its milliseconds. */
function timed<T>(step: () => T): [T, number] {
  const t0 = performance.now();
  const result = step();
  return [result, performance.now() - t0];
}

/** Puts every offline block online. */
export function onlineAll(k: Kernel, blocks: readonly MemoryBlock[], { online }: HotplugConfig): void {
  for (const block of blocks) if (block.zone < 0) memoryBlockOnline(k, block, online);
}

/** From the top, because a block that holds another block's memmap must stay until that block is removed. */
export function offlineAll(k: Kernel, blocks: readonly MemoryBlock[]): void {
  for (const block of blocks.toReversed()) if (block.zone >= 0) memoryBlockOffline(k, block);
}

function readState(k: Kernel, joined: Zone, state: HotplugState["state"]): HotplugState {
  let managed = 0;
  let present = 0;
  for (const node of k.nodes) {
    for (const zone of node.zones) {
      managed += zone.managed;
      present += zone.present;
    }
  }
  return {
    state,
    freePages: totalFreePages(k),
    managedPages: managed,
    presentPages: present,
    spannedPages: joined.spanned,
  };
}

/** Blocks, memmap and zone once everything is online. */
function describe(
  k: Kernel,
  blocks: readonly MemoryBlock[],
  zone: Zone,
): Pick<HotplugReport, "blocks" | "mapping" | "vmemmapPages" | "selfHostedPages" | "joinedZone"> {
  const mapping = memmapMapping(k, blocks[0]?.start ?? 0, blocks.at(-1)?.end ?? 0);
  return {
    blocks: blocks.map((block) => ({
      blockNumber: block.id,
      node: block.nid,
      startPfn: block.start,
      state: block.zone < 0 ? "offline" : "online",
      zone: block.zone < 0 ? null : ZONE_NAMES[block.zone],
      selfHostedPages: block.nrVmemmapPages,
    })),
    mapping,
    vmemmapPages: mapping.mappedVmemmapPages,
    selfHostedPages: mapping.selfHostedPages,
    joinedZone: {
      name: ZONE_NAMES[zone.index],
      spannedPages: zone.spanned,
      presentPages: zone.present,
      managedPages: zone.managed,
    },
  };
}

/** Rules that keep a request of this configuration from holding its own memmap; kmem requests block by block. */
function refusals(k: Kernel, config: HotplugConfig, blockBytes: number): MhpRefusal[] {
  if (!config.memmapOnMemory) return [];
  const rules = mhpRefusals(mhpGeometry(k), config.dax ? blockBytes : config.dimm);
  return config.dax && !k.config.kmemMemmapOnMemory ? ["kmem", ...rules] : rules;
}

// SPDX-License-Identifier: GPL-2.0-only
// A machine that memory is plugged into: its DRAM and how much of it is free, DIMM slots or a device-dax namespace, the
// boot parameters of memory hotplug. The estimates here are for sizing only and are not reported.

import { boot, MOST_NODES } from "../boot.ts";
import { ARCHS } from "../arch/archs.ts";
import { type Arch, pageBytes } from "../arch/arch.ts";
import { USE_PINNED } from "../include/frame_use.ts";
import type { OnlineType } from "../include/memory.ts";
import { SZ_1G } from "../include/sizes.ts";
import { alignDown, isPowerOf2 } from "../lib/align.ts";
import { formatSize } from "../lib/units.ts";
import type { MapMode } from "../drivers/nvdimm/pfn_devs.ts";
import type { Kernel } from "../mm/kernel.ts";
import { memoryBlockBytes } from "../mm/hotplug/memory_block.ts";
import { allocPages, totalFreePages } from "../mm/page_alloc.ts";
import { layoutTopology, type RegionSpec, type Topology } from "../machine/topology.ts";
import { type NamespaceOptions, placed } from "./box.ts";
import { type AddressRange, checkedRange, RANGE_ROW } from "./address_range.ts";
import { archNamed, MOST_MEMORY, multipleOf, requireHostMemory } from "./options.ts";
import {
  byDefault,
  CONTENTS_ROW,
  countRow,
  fillIn,
  MACHINE_ROWS,
  type OptionRows,
  RUN_ROWS,
  shareRow,
  sizeRow,
  switchRow,
  wordRow,
} from "./option_row.ts";

/** What to plug, and into what. Bytes. `check` looks once everything is online, and at the end. */
export interface HotplugOptions
  extends Pick<NamespaceOptions, "kernel" | "arch" | "structPageSize" | "contents" | "check" | "hostMemory"> {
  /** Memory to add: whole memory blocks, or with `dax` the size of the namespace. Required unless `range` is given. */
  readonly size?: number;
  /** Size of each DIMM; default one DIMM of `size`. */
  readonly dimm?: number;
  /** memory_hotplug.memmap_on_memory=on; default false. */
  readonly memmapOnMemory?: boolean;
  /** With memmapOnMemory: the parameter is "force" (since 6.6), which rounds a block's memmap up to pageblocks. */
  readonly memmapForce?: boolean;
  /** DRAM of the machine; default 4 GiB and room for the memmap. */
  readonly dram?: number;
  /** Memory left free before anything is plugged; default all. */
  readonly freeMemory?: number;
  /** Memory that programs hold before anything is plugged, an alternative to `freeMemory`; default none. */
  readonly guestUsed?: number;
  /** Share (0..1) of DRAM's PMD-sized blocks that is fragmented before anything is plugged; default 0. */
  readonly fragment?: number;
  /** How blocks go online; default `"online"`. */
  readonly online?: OnlineType;
  /** Put blocks online as they are added, not after all of them; default false. */
  readonly autoOnline?: boolean;
  /** Node the memory is near; nodes from 1 on have no DRAM. Default 0. */
  readonly node?: number;
  /** Node of a DAX device's memory as System RAM (target_node); default `node`. */
  readonly targetNode?: number;
  /** Size of a memory block; default the architecture's choice. */
  readonly block?: number;
  /** The machine is not virtual, which may mean larger memory blocks; default false. */
  readonly bareMetal?: boolean;
  /** hugetlb_free_vmemmap=on; default false. */
  readonly hugetlbFreeVmemmap?: boolean;
  /** The memory is a device-dax namespace given to kmem instead of DIMMs; default false. */
  readonly dax?: boolean;
  /** Where the namespace keeps its memmap as a device; kmem does not use the reserve. Default `dev`, like ndctl's. */
  readonly map?: MapMode;
  /** Addresses of a DAX device without a namespace (soft reserved memory, CXL), given to kmem instead. */
  readonly range?: AddressRange;
  /** Put the memory offline before it is removed; default true. A DAX device leaks what is online. */
  readonly offline?: boolean;
}

/** The options with every default filled in; `block` is the machine's choice, `range` null for a namespace. */
export type HotplugConfig = Required<Omit<HotplugOptions, "kernel" | "range">> & {
  readonly kernel: string;
  readonly range: AddressRange | null;
};

/** Default DRAM of the machine. */
const DEFAULT_DRAM = 4 * SZ_1G;
const ONLINE_TYPES: readonly OnlineType[] = ["online", "online_kernel", "online_movable"];

/** The options of memory hotplug, each with its flag. */
export const HOTPLUG_ROWS = {
  size: sizeRow("size", "memory to hot-add, whole memory blocks; with --dax, size of the namespace"),
  memmapOnMemory: switchRow("memmapOnMemory", "memory_hotplug.memmap_on_memory=on, compared with off"),
  memmapForce: switchRow("memmapForce", "with --memmap-on-memory: use force instead of on"),
  dimm: sizeRow("dimm", "size of each DIMM; default: one DIMM"),
  ...MACHINE_ROWS,
  dram: sizeRow("dram", "DRAM of the machine; default: 4G plus room for the memmap"),
  freeMemory: sizeRow("free-memory", "free memory before hot-adding; default: all"),
  guestUsed: byDefault(sizeRow("guest-used", "memory that programs use before hot-adding"), 0),
  fragment: byDefault(shareRow("fragment", "fragmented share of DRAM, 0 to 1", "fragment"), 0),
  online: byDefault(wordRow("online", "how blocks are onlined", ONLINE_TYPES, "way to go online"), "online"),
  autoOnline: switchRow("autoOnline", "online blocks as they are added"),
  node: byDefault(countRow("node", "node of the memory; nodes above 0 have no DRAM", [0, MOST_NODES - 1]), 0),
  targetNode: countRow("target-node", "node of a DAX device's System RAM; default: --node", [0, MOST_NODES - 1]),
  block: sizeRow("block", "size of a memory block; default: chosen by the architecture"),
  bareMetal: switchRow("bareMetal", "not a virtual machine: blocks are 2G on machines with 64G or more"),
  hugetlbFreeVmemmap: switchRow("hugetlbFreeVmemmap", "hugetlb_free_vmemmap=on"),
  dax: switchRow("dax", "hot-add a device-dax namespace through kmem instead of DIMMs"),
  map: byDefault(wordRow<MapMode>("map", "with --dax: where the namespace's memmap is stored", ["mem", "dev"]), "dev"),
  range: RANGE_ROW,
  offline: switchRow("offline", "remove a DAX device while its memory is online, which leaks it", true),
  contents: CONTENTS_ROW,
  ...RUN_ROWS,
} satisfies OptionRows<HotplugOptions>;

/**
 * Fills in defaults and checks what can be checked without a machine. RangeError saying what was given and what is
 * allowed, TypeError for a switch that is not a boolean.
 */
export function hotplugConfig(options: HotplugOptions): HotplugConfig {
  const given = fillIn(options, HOTPLUG_ROWS);
  const arch = archNamed(given.arch);
  const range = given.range === undefined ? null : checkedRange(given.range, arch);
  const dax = given.dax || range !== null;
  const size = range === null ? sizeOf(given.size, dax, arch) : range.end - range.start;
  if (size > MOST_MEMORY) {
    throw new RangeError(`Cannot plug ${formatSize(size)}: at most ${formatSize(MOST_MEMORY)} fit`);
  }
  const memmap = size / pageBytes(arch) * given.structPageSize;
  const usual = arch.name === "toy" ? 2 ** 20 : DEFAULT_DRAM + alignDown(1.1 * memmap, SZ_1G);
  const dram = given.dram ?? (range === null ? usual : below(arch, range.start, usual));
  const config = {
    ...given,
    size,
    dax,
    range,
    dimm: given.dimm ?? size,
    dram,
    freeMemory: given.freeMemory ?? dram,
    targetNode: given.targetNode ?? given.node,
    block: given.block ?? blockBytes(arch, dram, range, given.bareMetal),
  };
  checkForce(config);
  checkSizes(config, range !== null && given.size !== undefined);
  return config;
}

function sizeOf(size: number | undefined, dax: boolean, arch: Arch): number {
  if (size === undefined) throw new RangeError("Cannot plug memory without a size: expected a size or a range");
  if (dax) return multipleOf("plug a namespace of", size, arch.namespaceUnitBytes);
  return multipleOf("plug memory of", size, 2 ** arch.sectionShift);
}

/** The usual DRAM, halved until it ends before an address. */
function below(arch: Arch, address: number, usual: number): number {
  const end = (dram: number) => layout(arch, dram, []).dram.at(-1)!.end * pageBytes(arch);
  let dram = usual;
  while (dram > arch.regionAlignBytes && end(dram) > address) dram /= 2;
  return alignDown(dram, arch.regionAlignBytes) || arch.regionAlignBytes;
}

/** Boots the machine and leaves the requested memory free. RangeError if the host lacks memory for it. */
export function bootHotplugBox(config: HotplugConfig, directMap: boolean = false): Kernel {
  const arch = ARCHS[config.arch];
  const page = pageBytes(arch);
  const need = (config.contents ? config.size / page * config.structPageSize : 0) + 2 ** 27;
  requireHostMemory(need, config.hostMemory, "see --no-contents");
  const k = boot({
    arch: config.arch,
    kernel: config.kernel,
    dram: [config.dram],
    nodes: Math.max(config.node, config.targetNode) + 1,
    ...(config.dax ? { pmem: [daxRegion(config)] } : { hotplug: [dimmSlot(config, arch)] }),
    structPageSize: config.structPageSize,
    contents: config.contents,
    fragment: config.fragment,
    memmapOnMemory: config.memmapOnMemory && config.memmapForce ? "force" : config.memmapOnMemory,
    memhpDefaultState: config.autoOnline ? config.online : "offline",
    hypervisor: !config.bareMetal,
    memoryBlockBytes: config.block,
    hugetlbFreeVmemmap: config.hugetlbFreeVmemmap,
    hostMemoryBytes: config.hostMemory,
    directMap,
  });
  leaveFree(k, Math.min(config.freeMemory, totalFreePages(k) * page - config.guestUsed) / page);
  return k;
}

/** The size of memory blocks on a machine with this much DRAM. */
function blockBytes(arch: Arch, dram: number, range: AddressRange | null, bareMetal: boolean): number {
  const among = range === null ? [] : [{ bytes: range.end - range.start, ...placed(range.start) }];
  const { dram: ranges } = layout(arch, dram, [], 0, among);
  return memoryBlockBytes(arch, ranges[ranges.length - 1].end * pageBytes(arch), !bareMetal);
}

function daxRegion({ size, node, targetNode, range }: HotplugConfig): RegionSpec {
  return { bytes: size, nid: node, targetNid: targetNode, ...placed(range?.start ?? null) };
}

/** The slot for the DIMMs: memory blocks may be larger than a board's alignment of regions. */
function dimmSlot({ dram, node, size, block }: HotplugConfig, arch: Arch): RegionSpec {
  const slot = { bytes: size, nid: 0 };
  const { hotplug } = layout(arch, dram, [slot], block);
  return { ...slot, nid: node, startBytes: hotplug[0].start * pageBytes(arch) };
}

/** Where things lie in a machine of one node; the slots begin at a multiple of `align`. */
function layout(
  arch: Arch,
  dram: number,
  hotplug: readonly RegionSpec[],
  align: number = 0,
  pmem: readonly RegionSpec[] = [],
): Topology {
  return layoutTopology({
    dram: [dram],
    pmem,
    hotplug,
    lowEndBytes: arch.lowEndBytes(dram),
    highStartBytes: arch.highStartBytes,
    regionAlignBytes: Math.max(arch.regionAlignBytes, align),
    pageBytes: pageBytes(arch),
  });
}

function checkForce({ memmapForce, memmapOnMemory }: HotplugConfig): void {
  if (memmapForce && !memmapOnMemory) {
    throw new RangeError("Cannot force memmap onto memory with memmap_on_memory off: expected it on");
  }
}

function checkSizes(config: HotplugConfig, sizeToo: boolean): void {
  const { size, dimm, block, dax, dram, freeMemory, guestUsed } = config;
  if (!Number.isSafeInteger(block) || !isPowerOf2(block)) {
    throw new RangeError(
      `Cannot have memory blocks of ${
        Number.isSafeInteger(block) ? formatSize(block) : `${block} bytes`
      }: expected a power of two`,
    );
  }
  // kmem takes the whole blocks there are.
  if (!dax) multipleOf("plug memory of", size, block);
  if (!dax) multipleOf("plug DIMMs of", dimm, block);
  if (sizeToo) throw new RangeError("Cannot plug a range of another size: expected a size or a range");
  if (!dax && !config.offline) throw new RangeError("Cannot leave DIMMs online: expected a DAX device");
  if (size % dimm !== 0) {
    throw new RangeError(`Cannot make ${formatSize(size)} of DIMMs of ${formatSize(dimm)}: expected a whole number`);
  }
  if (!Number.isSafeInteger(freeMemory) || freeMemory < 0) {
    throw new RangeError(`Cannot leave ${freeMemory} bytes free: expected a whole number from 0`);
  }
  if (freeMemory > dram) {
    throw new RangeError(`Cannot leave ${formatSize(freeMemory)} free: the machine has ${formatSize(dram)} of DRAM`);
  }
  if (!Number.isSafeInteger(guestUsed) || guestUsed < 0 || guestUsed > dram) {
    throw new RangeError(`Cannot have ${guestUsed} bytes in use: expected a whole number from 0 to ${dram}`);
  }
  if (guestUsed > 0 && freeMemory < dram) {
    throw new RangeError("Cannot leave memory free and have memory in use: expected one of them");
  }
  if (!dax && config.targetNode !== config.node) {
    throw new RangeError("Cannot plug DIMMs near one node into another: expected a DAX device");
  }
  if (dax && dimm !== size) throw new RangeError("Cannot split a namespace into DIMMs: expected no DIMM size");
}

/** Takes frames in the largest blocks available until only `pages` are free. */
function leaveFree(k: Kernel, pages: number): void {
  for (let order = k.arch.maxOrder; order >= 0; order--) {
    while (totalFreePages(k) - 2 ** order >= pages && allocPages(k, order, 0, USE_PINNED) >= 0);
  }
}

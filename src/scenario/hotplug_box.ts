// SPDX-License-Identifier: GPL-2.0-only
// A box that memory is plugged into: its DRAM and how much of it is free, DIMM slots or a device-dax namespace, the
// boot parameters of memory hotplug. Estimates for sizing are made here, before anything is booted; nothing here is
// reported.

import { boot, checkStructPageSize, MOST_NODES } from "../boot.ts";
import { ARCHS } from "../arch/archs.ts";
import { type Arch, pageBytes } from "../arch/arch.ts";
import type { KernelConfig } from "../include/kernel_config.ts";
import { kernelSpec } from "../kernels.ts";
import { USE_PINNED } from "../include/frame_use.ts";
import type { MemhpDefaultState, OnlineType } from "../include/memory.ts";
import { SZ_1G } from "../include/sizes.ts";
import { alignDown, isPowerOf2 } from "../lib/align.ts";
import { formatSize } from "../lib/units.ts";
import type { Kernel } from "../mm/kernel.ts";
import { memoryBlockBytes } from "../mm/hotplug/memory_block.ts";
import { allocPages, totalFreePages } from "../mm/page_alloc.ts";
import { layoutTopology, type RegionSpec, type Topology } from "../machine/topology.ts";
import {
  archNamed,
  hostMemoryOption,
  MOST_MEMORY,
  multipleOf,
  oneOf,
  requireHostMemory,
  switches,
  wholeNumber,
} from "./options.ts";

/** What to plug, and into what. Bytes. */
export interface HotplugOptions {
  /** Memory to add; whole memory blocks. */
  readonly size: number;
  /** Size of each DIMM; default one DIMM of `size`. */
  readonly dimm?: number;
  /** memory_hotplug.memmap_on_memory=on; default false. */
  readonly memmapOnMemory?: boolean;
  /** Kernel: a preset, one with switches (`6.1,memmapOnMemory=false`), or an object; default `6.1`. */
  readonly kernel?: string | KernelConfig;
  /** Architecture and base page size: `x86-64` (default), `arm64-4k`, `arm64-16k`, `arm64-64k`, `toy`. */
  readonly arch?: string;
  /** sizeof(struct page): 56, 64 (default), 72, 80. */
  readonly structPageSize?: number;
  /** DRAM of the box; default 4 GiB and room for the memmap. */
  readonly dram?: number;
  /** Memory left free before anything is plugged; default all there is. */
  readonly freeMemory?: number;
  /** Share (0..1) of DRAM's largest blocks that is broken up before anything is plugged; default 0. */
  readonly fragment?: number;
  /** How blocks go online; default `"online"`. */
  readonly online?: OnlineType;
  /** Blocks go online as they are added, not after all of them; default false. */
  readonly autoOnline?: boolean;
  /** Node the memory is near to; nodes from 1 on have no DRAM. Default 0. */
  readonly node?: number;
  /** Size of a memory block; default the architecture's choice. */
  readonly block?: number;
  /** The machine is no virtual one, which may mean larger memory blocks; default false. */
  readonly bareMetal?: boolean;
  /** hugetlb_free_vmemmap=on; default false. */
  readonly hugetlbFreeVmemmap?: boolean;
  /** The memory is a device-dax namespace given to kmem instead of DIMMs; default false. */
  readonly dax?: boolean;
  /** Write struct pages (default). False counts frames and tables only. */
  readonly contents?: boolean;
  /** Bytes the host has for the emulated metadata; default 20 GiB. */
  readonly hostMemory?: number;
}

/** The options with every default filled in; `block` is what the machine chose. */
export type HotplugConfig = Required<Omit<HotplugOptions, "kernel">> & { readonly kernel: string };

/** DRAM of the box when nobody says. */
const DEFAULT_DRAM = 4 * SZ_1G;
const ONLINE_TYPES: readonly OnlineType[] = ["online", "online_kernel", "online_movable"];

/**
 * Fills in defaults and checks what can be checked without a machine. RangeError naming the given and the allowed,
 * TypeError for a switch that is no boolean.
 */
export function hotplugConfig(options: HotplugOptions): HotplugConfig {
  const { structPageSize = 64 } = options;
  const arch = archNamed(options.arch);
  const kernel = kernelSpec(options.kernel);
  const online = oneOf("way to go online", options.online ?? "online", ONLINE_TYPES);
  const node = wholeNumber("node", options.node ?? 0, 0, MOST_NODES - 1);
  checkStructPageSize(structPageSize);
  const size = multipleOf("plug memory of", options.size, 2 ** arch.sectionShift);
  if (size > MOST_MEMORY) {
    throw new RangeError(`Cannot plug ${formatSize(size)}: at most ${formatSize(MOST_MEMORY)} fit`);
  }
  const memmap = size / pageBytes(arch) * structPageSize;
  const dram = options.dram ?? (arch.name === "toy" ? 2 ** 20 : DEFAULT_DRAM + alignDown(1.1 * memmap, SZ_1G));
  const given = switches(options, {
    memmapOnMemory: false,
    autoOnline: false,
    bareMetal: false,
    hugetlbFreeVmemmap: false,
    dax: false,
    contents: true,
  });
  const config = {
    size,
    dimm: options.dimm ?? size,
    kernel,
    arch: arch.name,
    structPageSize,
    dram,
    freeMemory: options.freeMemory ?? dram,
    fragment: options.fragment ?? 0,
    online,
    node,
    block: options.block ?? blockBytes(arch, dram, given.bareMetal),
    ...given,
    hostMemory: hostMemoryOption(options.hostMemory),
  };
  checkSizes(config);
  return config;
}

/**
 * Boots the box and leaves as much memory free as was asked for. RangeError when the host has not the memory for it.
 */
export function bootHotplugBox(config: HotplugConfig): Kernel {
  const arch = ARCHS[config.arch];
  const page = pageBytes(arch);
  const need = (config.contents ? config.size / page * config.structPageSize : 0) + 2 ** 27;
  requireHostMemory(need, config.hostMemory, "see --no-contents");
  const k = boot({
    arch: config.arch,
    kernel: config.kernel,
    dram: [config.dram],
    nodes: config.node + 1,
    // A namespace begins with its own metadata: one block more, so that `size` is left in whole blocks.
    ...(config.dax
      ? { pmem: [{ bytes: config.size + config.block, nid: config.node }] }
      : { hotplug: [dimmSlot(config, arch)] }),
    structPageSize: config.structPageSize,
    contents: config.contents,
    fragment: config.fragment,
    memmapOnMemory: config.memmapOnMemory,
    memhpDefaultState: defaultState(config),
    hypervisor: !config.bareMetal,
    memoryBlockBytes: config.block,
    hugetlbFreeVmemmap: config.hugetlbFreeVmemmap,
    hostMemoryBytes: config.hostMemory,
  });
  leaveFree(k, config.freeMemory / page);
  return k;
}

function defaultState(config: HotplugConfig): MemhpDefaultState {
  return config.autoOnline ? config.online : "offline";
}

/** The size of memory blocks on a box with this much DRAM. */
function blockBytes(arch: Arch, dram: number, bareMetal: boolean): number {
  const { dram: ranges } = layout(arch, dram, []);
  return memoryBlockBytes(arch, ranges[ranges.length - 1].end * pageBytes(arch), !bareMetal);
}

/** The slot for the DIMMs: memory blocks may be larger than what a board aligns regions to. */
function dimmSlot({ dram, node, size, block }: HotplugConfig, arch: Arch): RegionSpec {
  const slot = { bytes: size, nid: 0 };
  const { hotplug } = layout(arch, dram, [slot], block);
  return { ...slot, nid: node, startBytes: hotplug[0].start * pageBytes(arch) };
}

/** Where a box of one node has what; the slots begin at a multiple of `align`. */
function layout(arch: Arch, dram: number, hotplug: readonly RegionSpec[], align = 0): Topology {
  return layoutTopology({
    dram: [dram],
    pmem: [],
    hotplug,
    lowEndBytes: arch.lowEndBytes(dram),
    highStartBytes: arch.highStartBytes,
    regionAlignBytes: Math.max(arch.regionAlignBytes, align),
    pageBytes: pageBytes(arch),
  });
}

function checkSizes({ size, dimm, block, dax, freeMemory, fragment }: HotplugConfig): void {
  if (!Number.isSafeInteger(block) || !isPowerOf2(block)) {
    throw new RangeError(`Cannot have memory blocks of ${block} bytes: expected a power of two`);
  }
  multipleOf("plug memory of", size, block);
  multipleOf("plug DIMMs of", dimm, block);
  // Text compares as a number would.
  if (typeof fragment !== "number") throw new TypeError(`Cannot fragment "${fragment}": expected a share from 0 to 1`);
  if (size % dimm !== 0) {
    throw new RangeError(`Cannot make ${formatSize(size)} of DIMMs of ${formatSize(dimm)}: expected a whole number`);
  }
  if (!Number.isSafeInteger(freeMemory) || freeMemory < 0) {
    throw new RangeError(`Cannot leave ${freeMemory} bytes free: expected a whole number from 0`);
  }
  if (dax && dimm !== size) throw new RangeError("Cannot split a namespace into DIMMs: expected no DIMM size");
}

/** Holds frames in the largest blocks there are until `pages` are free. */
function leaveFree(k: Kernel, pages: number): void {
  for (let order = k.arch.maxOrder; order >= 0; order--) {
    while (totalFreePages(k) - 2 ** order >= pages && allocPages(k, order, 0, USE_PINNED) >= 0);
  }
}

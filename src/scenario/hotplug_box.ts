// SPDX-License-Identifier: GPL-2.0-only
// A box that memory is plugged into: its DRAM and how much of it is free, DIMM slots or a device-dax namespace, the boot
// parameters of memory hotplug. Estimates for sizing are made here, before anything is booted; nothing here is reported.

import { boot, checkStructPageSize } from "../boot.ts";
import { ARCHS } from "../arch/archs.ts";
import { pageBytes } from "../arch/arch.ts";
import { USE_PINNED } from "../include/frame_use.ts";
import { PRESETS } from "../include/kernel_config.ts";
import type { MemhpDefaultState, OnlineType } from "../include/memory.ts";
import { SZ_1G } from "../include/sizes.ts";
import { alignDown, isPowerOf2 } from "../lib/align.ts";
import { formatSize } from "../lib/units.ts";
import type { Kernel } from "../mm/kernel.ts";
import { memoryBlockBytes } from "../mm/memory_block.ts";
import { allocPages, totalFreePages } from "../mm/page_alloc.ts";
import { layoutTopology } from "../machine/topology.ts";
import { requireHostMemory } from "./box.ts";

/** What to plug, and into what. Bytes. */
export interface HotplugOptions {
  /** Memory to add; whole memory blocks. */
  readonly size: number;
  /** Size of each DIMM; default one DIMM of `size`. */
  readonly dimm?: number;
  /** memory_hotplug.memmap_on_memory=on; default false. */
  readonly memmapOnMemory?: boolean;
  /** Kernel preset; default `6.1`. */
  readonly kernel?: string;
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
export type HotplugConfig = Required<HotplugOptions>;

/** DRAM of the box when nobody says. */
const DEFAULT_DRAM = 4 * SZ_1G;
const ONLINE_TYPES: readonly OnlineType[] = ["online", "online_kernel", "online_movable"];

/** Fills in defaults and checks what can be checked without a machine. RangeError naming the given and the allowed. */
export function hotplugConfig(options: HotplugOptions): HotplugConfig {
  const { size, kernel = "6.1", arch: name = "x86-64", structPageSize = 64, online = "online", node = 0 } = options;
  const arch = ARCHS[name];
  if (arch === undefined) {
    throw new RangeError(`Unknown architecture "${name}": known are ${Object.keys(ARCHS).join(", ")}`);
  }
  if (!Object.hasOwn(PRESETS, kernel)) {
    throw new RangeError(`Unknown kernel "${kernel}": known are ${Object.keys(PRESETS).join(", ")}`);
  }
  if (!ONLINE_TYPES.includes(online)) {
    throw new RangeError(`Cannot go online as "${online}": known are ${ONLINE_TYPES.join(", ")}`);
  }
  if (!Number.isInteger(node) || node < 0 || node > 63) {
    throw new RangeError(`Cannot plug into node ${node}: expected a whole number from 0 to 63`);
  }
  checkStructPageSize(structPageSize);
  const limit = 2 ** 46;
  if (size > limit) throw new RangeError(`Cannot plug ${formatSize(size)}: at most ${formatSize(limit)} fit`);
  const memmap = size / pageBytes(arch) * structPageSize;
  const dram = options.dram ?? (name === "toy" ? 2 ** 20 : DEFAULT_DRAM + alignDown(1.1 * memmap, SZ_1G));
  const config = {
    size,
    dimm: options.dimm ?? size,
    memmapOnMemory: options.memmapOnMemory ?? false,
    kernel,
    arch: name,
    structPageSize,
    dram,
    freeMemory: options.freeMemory ?? dram,
    fragment: options.fragment ?? 0,
    online,
    autoOnline: options.autoOnline ?? false,
    node,
    block: options.block ?? blockBytes(name, dram, options.bareMetal ?? false),
    bareMetal: options.bareMetal ?? false,
    hugetlbFreeVmemmap: options.hugetlbFreeVmemmap ?? false,
    dax: options.dax ?? false,
    contents: options.contents ?? true,
    hostMemory: options.hostMemory ?? 20 * SZ_1G,
  };
  checkSizes(config);
  return config;
}

/** Boots the box and leaves as much memory free as was asked for. RangeError when the host has not the memory for it. */
export function bootHotplugBox(config: HotplugConfig): Kernel {
  const arch = ARCHS[config.arch];
  const page = pageBytes(arch);
  const need = (config.contents ? config.size / page * config.structPageSize : 0) + 2 ** 27;
  requireHostMemory(need, config.hostMemory, "see --no-contents");
  const region = { bytes: config.size, nid: config.node };
  const k = boot({
    arch: config.arch,
    kernel: config.kernel,
    dram: [config.dram],
    nodes: config.node + 1,
    // A namespace begins with its own metadata: one block more, so that `size` is left in whole blocks.
    ...(config.dax ? { pmem: [{ ...region, bytes: config.size + config.block }] } : { hotplug: [region] }),
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
function blockBytes(name: string, dram: number, bareMetal: boolean): number {
  const arch = ARCHS[name];
  const { dram: ranges } = layoutTopology({
    dram: [dram],
    pmem: [],
    lowEndBytes: arch.lowEndBytes(dram),
    highStartBytes: arch.highStartBytes,
    regionAlignBytes: arch.regionAlignBytes,
    pageBytes: pageBytes(arch),
  });
  return memoryBlockBytes(arch, ranges[ranges.length - 1].end * pageBytes(arch), !bareMetal);
}

function checkSizes({ size, dimm, block, dax, freeMemory }: HotplugConfig): void {
  if (!isPowerOf2(block)) throw new RangeError(`Cannot have memory blocks of ${block} bytes: expected a power of two`);
  for (const [what, bytes] of [["memory", size], ["DIMMs", dimm]] as const) {
    if (!Number.isSafeInteger(bytes) || bytes <= 0 || bytes % block !== 0) {
      throw new RangeError(
        `Cannot plug ${what} of ${bytes} bytes: expected a positive multiple of ${formatSize(block)}`,
      );
    }
  }
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

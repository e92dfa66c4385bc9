// SPDX-License-Identifier: GPL-2.0-only
// Boots a machine: from a memory map to a running kernel (the memory management of start_kernel() and setup_arch()).
// The list in bootKernel() is the table of contents of src/.
// Left out: everything but memory management; firmware tables and the command line, which options replace; the kernel
// image.

import { type Arch, pageBytes, vmemmapPages, vmemmapStartIndex } from "./arch/arch.ts";
import { ARCHS } from "./arch/archs.ts";
import { DEFAULT_ARCH, DEFAULT_HOST_MEMORY, DEFAULT_STRUCT_PAGE_SIZE } from "./include/defaults.ts";
import type { KernelConfig } from "./include/kernel_config.ts";
import { FRAME_USES, USE_PGD_TABLE, USE_PINNED } from "./include/frame_use.ts";
import { STRUCT_PAGE_SIZES } from "./include/mm_types.ts";
import { PAGE_LAYOUTS } from "./include/page_layout.ts";
import { SZ_1G } from "./include/sizes.ts";
import { alignDown, isPowerOf2, pfnDown, powerOf2 } from "./lib/align.ts";
import { kernelConfig } from "./kernels.ts";
import { Buddy } from "./lib/buddy.ts";
import { panic } from "./lib/bug.ts";
import { prng } from "./lib/prng.ts";
import { formatSize } from "./lib/units.ts";
import { buildMachine, type MachineSpec } from "./machine/machine.ts";
import type { SharedBytes } from "./machine/phys_mem.ts";
import type { RegionSpec } from "./machine/topology.ts";
import { mapDirect } from "./mm/direct_map.ts";
import { FaultBudget } from "./mm/fault_inject.ts";
import { type BootPool, hugetlbBootmemAlloc, hugetlbInitPools, hugetlbVmemmapInitEarly } from "./mm/hugetlb/bootmem.ts";
import { hugetlbInit, newHugetlbState } from "./mm/hugetlb/hugetlb.ts";
import type { Kernel } from "./mm/kernel.ts";
import { Memblock } from "./mm/memblock.ts";
import { type HotplugParams, newHotplugState } from "./mm/hotplug/memory_block.ts";
import { addFreeArea, growZoneSpan, newNode, type PgData } from "./mm/mmzone.ts";
import { initPages } from "./mm/page_init.ts";
import { findArea, takePages, zoneIndexOfDram } from "./mm/page_alloc.ts";
import { allocTable } from "./mm/pgtable.ts";
import { PgmapTree } from "./mm/pgmap_tree.ts";
import { SectionTable } from "./mm/section_table.ts";
import { sparseInit } from "./mm/sparse.ts";
import { newTableWork } from "./mm/vmemmap/basepages.ts";
import { COUNTERS } from "./mm/vmstat.ts";
import { newGupCall } from "./include/gup.ts";

/** Most CPUs of a kernel (CONFIG_MAXSMP). */
export const NR_CPUS = 8192;
/** Most nodes (MAX_NUMNODES on a small CONFIG_NODES_SHIFT). */
export const MOST_NODES = 64;

/** What to boot. Everything has a default; sizes are bytes. */
export interface BootOptions extends HotplugParams {
  /** Architecture by name (`ARCHS`) or as an object; default `"x86-64"`. */
  readonly arch?: string | Arch;
  /** Kernel by spec (`"6.1"`, `"6.1,gup=compound"`) or as an object; default `"6.1"`. */
  readonly kernel?: string | KernelConfig;
  /** DRAM per node; default one node of 1 GiB. */
  readonly dram?: readonly number[];
  /** Pmem regions, in address order, each near a node (default 0) and, with `startBytes`, at a fixed address. */
  readonly pmem?: readonly RegionSpec[];
  /** Address space where DIMMs may be plugged later, between DRAM and pmem; default none. */
  readonly hotplug?: readonly RegionSpec[];
  /** Number of possible nodes, including those without DRAM; default one per entry of `dram`. */
  readonly nodes?: number;
  /** Huge pages that boot sets aside (hugepagesz=, hugepages=); default none. */
  readonly hugepages?: readonly BootPool[];
  /**
   * Map memmap by PMD leaves if the architecture has them (`pmd`, default), or by base pages (`base`, document 004).
   */
  readonly vmemmapMap?: "pmd" | "base";
  /** sizeof(struct page): 56, 64 (default), 72 or 80. */
  readonly structPageSize?: number;
  /** CPUs; default 1. */
  readonly cpus?: number;
  /** Memory in a SharedArrayBuffer and atomic refcounts, for workers; default false. */
  readonly shared?: boolean;
  /** Poison memory that changes hands, as CONFIG_DEBUG_VM does; default false. */
  readonly debug?: boolean;
  /**
   * Build the direct map, with tables in frames, as Linux does (direct_map.ts), if the architecture has one; default
   * false, since most questions are about the memmap only.
   */
  readonly directMap?: boolean;
  /** Write struct pages (default); if false, only count frames and tables. */
  readonly contents?: boolean;
  /** Limit of host memory for metadata; default 20 GiB. The address space is reserved, and committed as it is used. */
  readonly hostMemoryBytes?: number;
  /** Share (0..1) of PMD-sized blocks that get one frame pinned, so that they cannot be allocated whole; default 0. */
  readonly fragment?: number;
  /** Seed of the fragmentation; default 1. */
  readonly seed?: number;
}

/** Boots a machine. RangeError or TypeError for options that do not describe one. */
export function boot(options: BootOptions = {}): Kernel {
  const arch = archOf(options.arch ?? DEFAULT_ARCH);
  const config = kernelConfig(options.kernel);
  const k = startKernel(machineSpec(arch, options), arch, config, options);
  bootKernel(k, options.hugepages ?? []);
  fragment(k, options.fragment ?? 0, options.seed ?? 1);
  return k;
}

/** The boot list. */
function bootKernel(k: Kernel, pools: readonly BootPool[]): void {
  reserveFirstFrame(k); //                            frame 0 stays out of every allocator
  initMm(k); //                                       the kernel's top-level table
  hugetlbInit(k); //                                  an empty pool for every huge page size
  const pages = hugetlbBootmemAlloc(k, pools); //     frames for huge pages, from the boot allocator
  hugetlbVmemmapInitEarly(k, pages); //               their memmap, where it is made shared
  pagingInit(k); //                                   sections, their memmap, from the boot allocator
  zonesInit(k); //                                    zones span the memory ranges
  memInit(k); //                                      the buddy allocator takes over
  hugetlbInitPools(k, pools, pages); //               huge pages that were asked for
}

function archOf(given: string | Arch): Arch {
  if (typeof given !== "string") return given;
  if (Object.hasOwn(ARCHS, given)) return ARCHS[given];
  throw new RangeError(`Cannot boot architecture "${given}": expected ${Object.keys(ARCHS).join(", ")}`);
}

/** Returns the size of struct page if it is a supported one; RangeError otherwise. */
function checkStructPageSize(bytes: number): number {
  if (STRUCT_PAGE_SIZES.includes(bytes)) return bytes;
  throw new RangeError(`Cannot boot with struct pages of ${bytes} bytes: expected ${STRUCT_PAGE_SIZES.join(", ")}`);
}

/** RangeError if the vmemmap has no addresses for the struct pages of all memory. */
function checkVmemmapFits(arch: Arch, maxPfn: number, structPageSize: number): void {
  const most = Math.floor(vmemmapPages(arch) * pageBytes(arch) / structPageSize);
  if (maxPfn <= most) return;
  const size = (pfns: number) => formatSize(alignDown(pfns * pageBytes(arch), 2 ** 20));
  throw new RangeError(
    `Cannot boot with memory up to ${size(maxPfn)}: expected at most ${
      size(most)
    }, the reach of the vmemmap of ${arch.name}`,
  );
}

function machineSpec(arch: Arch, options: BootOptions): MachineSpec {
  const dram = options.dram ?? [SZ_1G];
  const structPageSize = checkStructPageSize(options.structPageSize ?? DEFAULT_STRUCT_PAGE_SIZE);
  const nodes = options.nodes ?? dram.length;
  if (!Number.isInteger(nodes) || nodes < dram.length || nodes > MOST_NODES) {
    throw new RangeError(`Cannot boot ${nodes} nodes: expected a whole number from ${dram.length} to ${MOST_NODES}`);
  }
  const cpus = options.cpus ?? 1;
  if (!Number.isInteger(cpus) || cpus < 1 || cpus > NR_CPUS) {
    throw new RangeError(`Cannot boot ${cpus} CPUs: expected a whole number from 1 to ${NR_CPUS}`);
  }
  return {
    dram,
    nodes,
    hotplug: options.hotplug ?? [],
    pmem: options.pmem ?? [],
    lowEndBytes: arch.lowEndBytes(dram.reduce((sum, bytes) => sum + bytes, 0)),
    highStartBytes: arch.highStartBytes,
    regionAlignBytes: arch.regionAlignBytes,
    pageBytes: pageBytes(arch),
    format: arch.format,
    structPageSize,
    sectionBytes: 2 ** arch.sectionShift,
    cpus,
    shared: options.shared ?? false,
    debug: options.debug ?? false,
    hostMemoryBytes: options.hostMemoryBytes ?? DEFAULT_HOST_MEMORY,
  };
}

/** A kernel that has not booted yet, for boot() and for each worker that joins a running machine (smp.ts). */
export function startKernel(
  spec: MachineSpec,
  arch: Arch,
  config: KernelConfig,
  options: BootOptions,
  from?: SharedBytes,
): Kernel {
  const machine = buildMachine(spec, from);
  checkVmemmapFits(arch, machine.topology.maxPfn, spec.structPageSize);
  const sections = new SectionTable(arch, machine.topology.maxPfn);
  const structsPerPage = spec.pageBytes / spec.structPageSize;
  const layout = PAGE_LAYOUTS[config.structPage];
  return {
    machine,
    phys: machine.phys,
    arch,
    config,
    cpu: machine.cpus[0],
    locked: spec.shared ?? false,
    pageBytes: spec.pageBytes,
    structPageSize: spec.structPageSize,
    layout,
    directMap: options.directMap === true ? arch.directMap : null,
    headMask: layout.mask && isPowerOf2(spec.structPageSize),
    vmemmapShift: isPowerOf2(structsPerPage) ? Math.log2(structsPerPage) : -1,
    pagesPerSection: sections.pagesPerSection,
    pagesPerSubsection: sections.pagesPerSubsection,
    stat: new Float64Array(COUNTERS.length),
    uses: new Float64Array(FRAME_USES.length),
    fault: new FaultBudget(),
    tracer: null,
    nodes: Array.from({ length: spec.nodes ?? spec.dram.length }, (_, nid) => newNode(nid)),
    sections,
    rootPfn: -1,
    memblock: new Memblock(machine.topology.dram),
    bootReserved: 0,
    pgmaps: new PgmapTree(),
    objects: [],
    mms: new Set(),
    gup: newGupCall(spec.shared ?? false, layout.referenced),
    gupRefs: 0,
    gupPins: 0,
    contents: options.contents ?? true,
    tableWork: newTableWork(2 ** arch.format.tableShift),
    hugetlb: newHugetlbState(options.hugetlbFreeVmemmap ?? false),
    vmemmapBasePages: options.vmemmapMap === "base",
    unusedPmdStart: -1,
    fakeHeads: config.dedup === "pte+head" && !config.errata.compoundHeadUnadjusted,
    hotplug: newHotplugState(arch, machine.topology, spec.pageBytes, options),
  };
}

function reserveFirstFrame(k: Kernel): void {
  k.memblock!.reserve(0, 1);
}

function initMm(k: Kernel): void {
  useKernelTable(k, allocTable(k, 0, USE_PGD_TABLE));
}

/** Makes every CPU of the machine walk this table. */
export function useKernelTable(k: Kernel, rootPfn: number): void {
  k.rootPfn = rootPfn;
  for (const { mmu } of k.machine.cpus) {
    mmu.rootPfn = rootPfn;
    mmu.startIndex = vmemmapStartIndex(k.arch);
  }
}

function pagingInit(k: Kernel): void {
  for (const { nid, start, end } of k.machine.topology.dram) {
    if (mapDirect(k, nid, start, end) < 0) {
      throw new RangeError(`Cannot boot: no room in DRAM for the direct map of node ${nid}`);
    }
  }
  sparseInit(k, k.machine.topology.dram);
}

function zonesInit(k: Kernel): void {
  const largest = powerOf2(k.arch.maxOrder);
  for (const { nid, start, end } of k.machine.topology.dram) {
    for (let at = start; at < end;) {
      const zone = k.nodes[nid].zones[zoneIndexOfDram(k, at)];
      let next = end;
      for (const bytes of [k.arch.dmaEndBytes, k.arch.dma32EndBytes]) {
        const boundary = pfnDown(bytes, k.pageBytes);
        if (at < boundary && boundary < next) next = boundary;
      }
      growZoneSpan(zone, at, next);
      zone.present += next - at;
      const base = alignDown(at, largest);
      addFreeArea(zone, new Buddy(base, next - base, k.arch.maxOrder));
      at = next;
    }
  }
}

/**
 * `mem_init`/`memblock_free_all`: gives the frames that boot did not keep to the buddy allocator, and marks the others
 * Reserved.
 */
function memInit(k: Kernel): void {
  const memblock = k.memblock!;
  for (const range of memblock.memory) {
    for (const run of memblock.free(range)) freeToZones(k.nodes[range.nid], run.start, run.end);
  }
  const flags = k.layout.reserved | k.layout.bootmem;
  for (const { start, end } of memblock.reserved) {
    for (let pfn = start; pfn < end;) {
      const { zone, area } = findArea(k, pfn) ?? panic(`memInit: reserved frame ${pfn} is not DRAM`);
      // Frame 0 holds nothing that register_page_bootmem_info_node() would mark.
      const next = pfn === 0 ? 1 : Math.min(end, area.base + area.length);
      initPages(k, pfn, next - pfn, zone.index, zone.nid, pfn === 0 ? k.layout.reserved : flags);
      pfn = next;
    }
    k.bootReserved += end - start;
  }
  k.memblock = null;
}

/** Areas begin aligned, so a node's first area may overlap the node before: only the range's own node is searched. */
function freeToZones(node: PgData, start: number, end: number): void {
  for (const zone of node.zones) {
    for (const area of zone.areas) {
      const from = Math.max(start, area.base);
      const to = Math.min(end, area.base + area.length);
      if (from >= to) continue;
      area.freeRange(from, to);
      zone.managed += to - from;
    }
  }
}

/** Pins one frame in the middle of some PMD-sized blocks, so that blocks for leaves are scarce. */
function fragment(k: Kernel, share: number, seed: number): void {
  if (!(share >= 0 && share <= 1)) {
    throw new RangeError(`Cannot fragment ${share} of memory: expected a share from 0 to 1`);
  }
  if (share === 0) return;
  const random = prng(seed);
  const block = 2 ** k.arch.format.tableShift;
  for (const { start, end } of k.machine.topology.dram) {
    for (let pfn = start; pfn + block <= end; pfn += block) {
      if (random() < share) takePages(k, pfn + block / 2, 0, USE_PINNED);
    }
  }
}

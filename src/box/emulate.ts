// SPDX-License-Identifier: GPL-2.0-only
// Parts of a machine brought up in the emulator, one at a time and without writing struct pages: a namespace, a DAX
// device's memory blocks, a pool of huge pages, a node's memory at boot. Repetitive parts are brought up partly:
//
//   | rest | 64 GiB | 64 GiB | 64 GiB | ..      the rest and one, the rest and two; all others cost the difference
//
// 64 GiB is what one PMD table of the memmap serves (4 KiB pages, 64-byte struct pages), so each costs the same to the
// frame. A part keeps its place within such a window, and the information whether something before it shares its table.

import { ARCHS } from "../arch/archs.ts";
import { pageBytes } from "../arch/arch.ts";
import { boot } from "../boot.ts";
import { acpiMemoryEnableDevice } from "../drivers/acpi/acpi_memhotplug.ts";
import { devDaxKmemProbe, memmapOnMemoryStore } from "../drivers/dax/kmem.ts";
import { createNamespace, type NamespaceMode, usableBytes } from "../drivers/nvdimm/namespace.ts";
import type { MapMode } from "../drivers/nvdimm/pfn_devs.ts";
import { ndRegions } from "../drivers/nvdimm/region.ts";
import { errnoName } from "../include/errno.ts";
import {
  USE_ALTMAP_VMEMMAP,
  USE_BOOT_VMEMMAP,
  USE_DIRECT_MAP,
  USE_PMD_TABLE,
  USE_PTE_TABLE,
  USE_PUD_TABLE,
  USE_VMEMMAP,
} from "../include/frame_use.ts";
import { panic } from "../lib/bug.ts";
import { mapDirect } from "../mm/direct_map.ts";
import type { Kernel } from "../mm/kernel.ts";
import { rangeDevice } from "../scenario/hotplug_source.ts";
import { makePool } from "../scenario/hugetlb.ts";
import { hugetlbConfig } from "../scenario/hugetlb_box.ts";

const GIB = 2 ** 30;
/** Memory whose memmap one PMD table serves. */
export const WINDOW = 64 * GIB;
/** Memory of a neighbour in the same window. */
const NEIGHBOUR = 2 ** 27;

/** Figures of one part; bytes unless the name says otherwise. */
export type Figures<K extends string> = Readonly<Record<K, number>>;

/** A part, or the reason why the modelled kernel refuses it. */
export type Outcome<K extends string> = Figures<K> | string;

/** What a namespace costs, and what it leaves usable. */
export type NamespaceKey = "dram" | "pmem" | "tables" | "usable" | "offset" | "spannedPages" | "initPages";

/** A range. `start` is relative to its window; `shared` says that memory before it is in the same window. */
interface RangeSpec {
  readonly arch: string;
  readonly start: number;
  readonly shared: boolean;
  readonly size: number;
}

/** What to bring up. */
export interface NamespaceSpec extends RangeSpec {
  readonly kernel: string;
  readonly mode: NamespaceMode;
  readonly align: number;
  readonly map: MapMode;
}

/** Memory blocks of one range of a DAX device, or of DIMMs. */
export type RamKey = "dram" | "onMemory" | "tables" | "added" | "blocks" | "firstBlock";

/** What is given to kmem, or plugged as DIMMs. */
export interface RamSpec extends RangeSpec {
  readonly kernel: string;
  readonly blockBytes: number;
  readonly dimm: boolean;
  readonly memmapOnMemory: boolean | "force";
  readonly hugetlbFreeVmemmap: boolean;
}

/** A range of the direct map; `addBytes` of it are added at a time. */
export interface DirectMapSpec extends RangeSpec {
  readonly addBytes: number;
}

/** A pool: the memmap of its pages, how much of it is freed, what splitting takes. */
export type PoolKey = "memmap" | "freed" | "tables";

/** A node's memory at boot. */
interface MemorySpec {
  readonly kernel: string;
  readonly arch: string;
  readonly size: number;
}

/** The pool to reserve; `size` is a page's. */
export interface PoolSpec extends MemorySpec {
  readonly count: number;
  readonly hugetlbFreeVmemmap: boolean;
}

/** Brings parts up and remembers them: equal parts are brought up once. */
export interface Emulator {
  readonly namespace: (spec: NamespaceSpec) => Outcome<NamespaceKey>;
  readonly ram: (spec: RamSpec) => Outcome<RamKey>;
  readonly pool: (spec: PoolSpec) => Outcome<PoolKey>;
  readonly directMap: (spec: DirectMapSpec) => Outcome<"tables">;
  readonly memory: (spec: MemorySpec) => Outcome<"memmap" | "tables">;
}

/** An emulator that has brought up nothing yet. */
export function newEmulator(): Emulator {
  const known = new Map<string, Outcome<string>>();
  const once = <S extends object, K extends string>(run: (spec: S) => Outcome<K>) => (spec: S): Outcome<K> => {
    const key = run.name + JSON.stringify(spec);
    const have = known.get(key) as Outcome<K> | undefined;
    if (have !== undefined) return have;
    const found = attempt(() => run(spec));
    known.set(key, found);
    return found;
  };
  return {
    namespace: once(emulateNamespace),
    ram: once(emulateRam),
    pool: once(emulatePool),
    directMap: once(emulateDirectMap),
    memory: once(emulateMemory),
  };
}

/** Turns the RangeError of an impossible machine (too large, odd addresses) into a refusal in words. */
function attempt<K extends string>(run: () => Outcome<K>): Outcome<K> {
  try {
    return run();
  } catch (error) {
    if (error instanceof RangeError) return error.message;
    throw error;
  }
}

/** Runs a part that repeats every `period`: as a whole if it is small, else the rest with one and with two periods. */
export function repeated<K extends string>(
  size: number,
  period: number,
  run: (size: number) => Outcome<K>,
): Outcome<K> {
  const more = Math.floor(size / period) - 2;
  if (more < 1) return run(size);
  const one = run(size - (more + 1) * period);
  const two = run(size - more * period);
  if (typeof one === "string") return one;
  if (typeof two === "string") return two;
  const scaled = Object.entries<number>(two).map(([key, value]) => [key, value + more * (value - one[key as K])]);
  return Object.fromEntries(scaled);
}

function emulateNamespace(spec: NamespaceSpec): Outcome<NamespaceKey> {
  return repeated(spec.size, WINDOW, (size) => createOne({ ...spec, size }));
}

function createOne({ kernel, arch, start, shared, size, mode, align, map }: NamespaceSpec): Outcome<NamespaceKey> {
  const beside = shared && start >= NEIGHBOUR;
  const pmem = [{ bytes: size, startBytes: WINDOW + start }];
  const k = boot({
    arch,
    kernel,
    dram: [dramFor(size)],
    pmem: beside ? [{ bytes: NEIGHBOUR, startBytes: WINDOW }, ...pmem] : pmem,
    contents: false,
    hostMemoryBytes: HOST,
  });
  const regions = ndRegions(k);
  if (beside) createNamespace(k, regions[0], { size: NEIGHBOUR, align: k.pageBytes, map: "mem" });
  const before = Float64Array.from(k.uses);
  const ns = createNamespace(k, regions.at(-1)!, { size, align, map, mode });
  if (typeof ns === "number") return errnoName(ns);
  const [range] = ns.pgmap.ranges;
  return {
    dram: took(k, before, [USE_VMEMMAP]),
    pmem: took(k, before, [USE_ALTMAP_VMEMMAP]),
    tables: took(k, before, TABLES),
    usable: usableBytes(k, ns),
    offset: ns.info.dataoff,
    spannedPages: range.end - range.start,
    // One reference is the pgmap's own.
    initPages: (ns.pgmap.refs - 1) * ns.pgmap.geometry,
  };
}

function emulateRam(spec: RamSpec): Outcome<RamKey> {
  return repeated(spec.size, WINDOW, (size) => addOne({ ...spec, size }));
}

function addOne({ kernel, arch, start, shared, size, blockBytes, dimm, memmapOnMemory, hugetlbFreeVmemmap }: RamSpec) {
  const beside = shared && start >= NEIGHBOUR;
  const slot = { bytes: size, startBytes: WINDOW + start };
  const k = boot({
    arch,
    kernel,
    dram: [dramFor(size)],
    hotplug: beside ? [{ bytes: NEIGHBOUR, startBytes: WINDOW }, slot] : [slot],
    memoryBlockBytes: blockBytes,
    memmapOnMemory,
    hugetlbFreeVmemmap,
    contents: false,
    hostMemoryBytes: HOST,
  });
  if (beside) daxRam(k, 0, false);
  const before = Float64Array.from(k.uses);
  const had = k.hotplug.blocks.size;
  const add = dimm ? dimms : daxRam;
  const err = add(k, beside ? 1 : 0, memmapOnMemory !== false);
  if (err < 0) return errnoName(err);
  const blocks = [...k.hotplug.blocks.values()].slice(had);
  const onMemory = blocks.reduce((sum, block) => sum + block.nrVmemmapPages, 0) * k.pageBytes;
  return {
    dram: took(k, before, [USE_VMEMMAP]),
    onMemory,
    tables: took(k, before, TABLES),
    added: blocks.length * blockBytes,
    blocks: blocks.length,
    firstBlock: Math.min(...blocks.map((block) => block.id)) - WINDOW / blockBytes,
  };
}

/** A DAX device over a slot, given to kmem. 0 or a negative errno. */
function daxRam(k: Kernel, slot: number, memmapOnMemory: boolean): number {
  const dev = rangeDevice(k, k.machine.topology.hotplug[slot]);
  memmapOnMemoryStore(k, dev, memmapOnMemory);
  return devDaxKmemProbe(k, dev);
}

/** DIMMs in a slot: one, or one per memory block if they hold their memmap, which every kernel allows. */
function dimms(k: Kernel, slot: number, memmapOnMemory: boolean): number {
  const { start, end } = k.machine.topology.hotplug[slot];
  const pages = memmapOnMemory ? k.hotplug.blockPages : end - start;
  let err = 0;
  for (let at = start; at < end && err === 0; at += pages) {
    err = acpiMemoryEnableDevice(k, 0, at * k.pageBytes, Math.min(pages, end - at) * k.pageBytes);
  }
  return err;
}

function emulatePool({ kernel, arch, size, count, hugetlbFreeVmemmap }: PoolSpec): Outcome<PoolKey> {
  if (!ARCHS[arch].hugetlbSizes.some(({ bytes }) => bytes === size)) return "the architecture has no such huge pages";
  // Whole PTE tables of memmap (128 MiB each with 4 KiB pages), and more than lies below the hole at 4 GiB.
  const period = Math.max(8, 2 ** 32 / size);
  return repeated(count, period, (count) => {
    const asked = { kernel, arch, size, count, hugetlbFreeVmemmap, giveBack: false, hostMemory: Infinity };
    const config = hugetlbConfig(asked);
    const { hstate, made } = makePool(config, null, { contents: false, hostMemoryBytes: HOST });
    const page = pageBytes(ARCHS[arch]);
    return {
      memmap: count * hstate.vmemmapPages * page,
      freed: made.freedPages * page,
      tables: made.pteTables * page,
    };
  });
}

/** The tables are the same under every kernel and need no memmap, so only the range is mapped. */
function emulateDirectMap({ arch, start, shared, size, addBytes }: DirectMapSpec): Outcome<"tables"> {
  const beside = shared && start >= NEIGHBOUR;
  return repeated(size, WINDOW, (size) => {
    const slot = { bytes: start + size, startBytes: WINDOW };
    const k = boot({ arch, dram: [2 * GIB], pmem: [slot], contents: false, hostMemoryBytes: HOST, directMap: true });
    const map = (from: number, bytes: number) => {
      const pfn = (WINDOW + from) / k.pageBytes;
      if (mapDirect(k, 0, pfn, pfn + bytes / k.pageBytes) < 0) panic("emulateDirectMap: DRAM too small for the tables");
    };
    if (beside) map(0, NEIGHBOUR);
    const before = Float64Array.from(k.uses);
    for (let at = 0; at < size; at += addBytes) map(start + at, Math.min(addBytes, size - at));
    return { tables: took(k, before, [USE_DIRECT_MAP]) };
  });
}

function emulateMemory({ kernel, arch, size }: MemorySpec): Outcome<"memmap" | "tables"> {
  return repeated(size, WINDOW, (size) => {
    const k = boot({ kernel, arch, dram: [size], contents: false, hostMemoryBytes: HOST });
    const none = new Float64Array(k.uses.length);
    return { memmap: took(k, none, [USE_BOOT_VMEMMAP]), tables: took(k, none, TABLES) };
  });
}

/**
 * Host memory that one part may take: three windows of page tables and their struct pages. Below 2 GiB, the largest
 * buffer of browsers.
 */
const HOST = 2 * GIB - 2 ** 21;

const TABLES: readonly number[] = [USE_PTE_TABLE, USE_PMD_TABLE, USE_PUD_TABLE];

/** DRAM that holds the memmap of `size` bytes of memory. */
function dramFor(size: number): number {
  return 2 * GIB + Math.ceil(size / 32 / GIB) * GIB;
}

/** Bytes taken for some uses since the counts were read. */
function took(k: Kernel, before: Float64Array, uses: readonly number[]): number {
  return uses.reduce((sum, use) => sum + k.uses[use] - before[use], 0) * k.pageBytes;
}

// SPDX-License-Identifier: GPL-2.0-only
// What each part of a machine costs in struct pages now: the emulator brings up the nearest part it can and counts.

import type { AddressRange } from "../scenario/address_range.ts";
import type { MapMode } from "../drivers/nvdimm/pfn_devs.ts";
import type { NamespaceMode } from "../drivers/nvdimm/namespace.ts";
import { kernelConfig } from "../kernels.ts";
import { alignDown } from "../lib/align.ts";
import { formatSize } from "../lib/units.ts";
import type { Box, BoxNamespace, BoxPool, BoxRam } from "./box.ts";
import { type Emulator, type NamespaceKey, type NamespaceSpec, type Outcome, type RamSpec, WINDOW } from "./emulate.ts";

/** What struct pages cost for one part of a machine, or for several. Bytes. */
export interface Spent {
  /** Memmap in DRAM; negative for a pool, which frees memmap that other parts count. */
  readonly dramBytes: number;
  /** Memmap in the pmem's reserve. */
  readonly pmemBytes: number;
  /** Memmap in the hot-added memory that it describes. */
  readonly onMemoryBytes: number;
  /** Page tables that map it, in DRAM. */
  readonly tableBytes: number;
  /** Tables of the direct map of a namespace or added memory, in DRAM; what boot mapped is not counted. */
  readonly directMapBytes: number;
  /** Pmem that is neither data nor memmap: info block, unused reserve, what alignment cuts off. */
  readonly lostBytes: number;
}

/** What one part of the machine costs. Bytes. */
export interface BoxCost extends Spent {
  /** What it is. */
  readonly kind: "memory" | "namespace" | "ram" | "pool";
  /** Its name: `node 0`, `namespace0.0`, `dax0.0`, `20480 x 2M`. */
  readonly name: string;
  /** Region it is in; null outside of pmem. */
  readonly region: string | null;
  /** Node it is near. */
  readonly node: number;
  /** Memory whose struct pages these are. */
  readonly sizeBytes: number;
  /** Usable bytes. */
  readonly usableBytes: number;
  /** Why the emulator could not bring it up, or another remark; null if there is none. */
  readonly remark: string | null;
}

const NOTHING = { dramBytes: 0, pmemBytes: 0, onMemoryBytes: 0, tableBytes: 0, directMapBytes: 0, lostBytes: 0 };

/** The sum of several parts. */
export function sumOf(parts: readonly Spent[]): Spent {
  const sum = { ...NOTHING };
  for (const key of Object.keys(sum) as (keyof Spent)[]) sum[key] = parts.reduce((n, part) => n + part[key], 0);
  return sum;
}

/** Costs of all parts, in address order: DRAM by node, namespaces, System RAM, pools. */
export function costsOf(box: Box, emulator: Emulator): BoxCost[] {
  return [
    ...memoryCosts(box, emulator),
    ...box.regions.flatMap((r) => r.namespaces.map((ns) => namespaceCost(box, ns, emulator))),
    ...box.ram.map((ram) => ramCost(box, ram, emulator)),
    ...box.pools.map((pool) => poolCost(box, pool, emulator)),
  ];
}

function memoryCosts(box: Box, emulator: Emulator): BoxCost[] {
  const { preset: kernel, arch } = box.runningKernel;
  return [...new Set(box.dram.map((d) => d.node))].map((node) => {
    const size = box.dram.filter((d) => d.node === node).reduce((sum, d) => sum + d.end - d.start, 0);
    const found = emulator.memory({ kernel, arch, size });
    const name = `node ${node}`;
    const common = {
      kind: "memory",
      name,
      region: null,
      node,
      sizeBytes: size,
      usableBytes: size,
      ...NOTHING,
    } as const;
    return typeof found === "string"
      ? { ...common, remark: found }
      : { ...common, dramBytes: found.memmap, tableBytes: found.tables, remark: null };
  });
}

/** The emulated namespace for one of the machine's, as it is or (`change`) as it could be. */
export function namespaceSpec(box: Box, ns: BoxNamespace, change: Partial<NamespaceSpec> = {}): NamespaceSpec {
  return {
    kernel: box.runningKernel.preset,
    arch: box.runningKernel.arch,
    start: ns.start % WINDOW,
    shared: sharesWindow(box, ns.start),
    size: ns.sizeBytes,
    mode: ns.mode as NamespaceMode,
    align: ns.alignBytes,
    map: ns.map as MapMode,
    ...change,
  };
}

/** Whether something before an address shares its window of memmap tables; DRAM is in the first window. */
function sharesWindow(box: Box, start: number): boolean {
  const from = alignDown(start, WINDOW);
  if (from === 0) return true;
  const before = (r: AddressRange) => r.start < start && r.end > from;
  return box.dram.some(before) || box.ram.some((ram) => ram.ranges.some(before)) ||
    box.regions.some((r) =>
      r.namespaces.some((ns) => hasMemmap(box, ns) && before({ ...ns, end: ns.start + ns.sizeBytes }))
    );
}

/** The System RAM that a namespace became, if any. */
export function ramOf(box: Box, ns: BoxNamespace): BoxRam | null {
  return box.ram.find((ram) => ram.namespace === ns.dev) ?? null;
}

/** Whether a namespace has device pages at present. */
export function hasMemmap(box: Box, ns: BoxNamespace): boolean {
  return ns.map !== null && !ns.disabled && ramOf(box, ns) === null;
}

/** What an emulated namespace of `size` costs. */
export function namespaceFigures(size: number, found: Outcome<NamespaceKey>): Spent & { readonly usableBytes: number } {
  if (typeof found === "string") return { ...NOTHING, usableBytes: 0 };
  const { dram: dramBytes, pmem: pmemBytes, tables: tableBytes, usable } = found;
  return { ...NOTHING, dramBytes, pmemBytes, tableBytes, lostBytes: size - usable - pmemBytes, usableBytes: usable };
}

function namespaceCost(box: Box, ns: BoxNamespace, emulator: Emulator): BoxCost {
  const { dev: name, region, node, sizeBytes } = ns;
  const common = { kind: "namespace", name, region, node, sizeBytes } as const;
  const idle = { ...common, ...NOTHING, usableBytes: sizeBytes };
  if (ns.map === null) return { ...idle, remark: `mode ${ns.mode}: no struct pages` };
  const found = emulator.namespace(namespaceSpec(box, ns));
  if (typeof found === "string") return { ...idle, usableBytes: 0, remark: `the emulated kernel refuses it: ${found}` };
  if (hasMemmap(box, ns)) {
    const directMapBytes = directMapOf(box, { ...ns, end: ns.start + sizeBytes }, sizeBytes, emulator);
    return { ...common, ...namespaceFigures(sizeBytes, found), directMapBytes, remark: null };
  }
  const ram = ramOf(box, ns);
  const remark = ram === null ? "disabled: no struct pages now" : `is System RAM, see ${ram.dev}`;
  return { ...idle, lostBytes: sizeBytes - found.usable, usableBytes: found.usable, remark };
}

/** Bytes of the tables of the direct map over a range that is added `addBytes` at a time. */
export function directMapOf(box: Box, { start, end }: AddressRange, addBytes: number, emulator: Emulator): number {
  const { arch } = box.runningKernel;
  const shared = sharesWindow(box, start);
  const found = emulator.directMap({ arch, start: start % WINDOW, shared, size: end - start, addBytes });
  return typeof found === "string" ? 0 : found.tables;
}

/** The emulated memory blocks for a range of added memory. */
export function ramSpec(
  box: Box,
  { by, selfHosted }: Pick<BoxRam, "by" | "selfHosted">,
  { start, end }: AddressRange,
  change: Partial<RamSpec> = {},
): RamSpec {
  const { preset: kernel, arch, blockBytes, memmapOnMemory, hugetlbFreeVmemmap } = box.runningKernel;
  const spec = {
    kernel,
    arch,
    start: start % WINDOW,
    shared: sharesWindow(box, start),
    size: end - start,
    blockBytes,
    dimm: by !== "kmem",
    hugetlbFreeVmemmap: hugetlbFreeVmemmap === true,
  };
  const parameter = memmapOnMemory ?? false;
  const asks = mayHostMemmap(kernel, by, spec.size / blockBytes) ? parameter : false;
  const said = selfHosted === null ? asks : selfHosted && (parameter === "force" ? parameter : true);
  return { ...spec, memmapOnMemory: said, ...change };
}

/** Whether added memory requested, and got, memmap on itself: since 6.8 a DIMM of several blocks can. */
export function mayHostMemmap(kernel: string, by: BoxRam["by"], blocks: number): boolean {
  const { memmapOnMemory, memmapOnMemoryUnit, kmemMemmapOnMemory } = kernelConfig(kernel);
  // Since 6.8.
  if (by === "kmem") return kmemMemmapOnMemory;
  return by === "DIMM" && memmapOnMemory && (memmapOnMemoryUnit === "block" || blocks <= 1);
}

/** What System RAM costs, all its ranges. */
export function ramCost(box: Box, ram: BoxRam, emulator: Emulator, change: Partial<RamSpec> = {}): BoxCost {
  const region = box.regions.find((r) => r.namespaces.some((ns) => ns.dev === ram.namespace))?.dev ?? null;
  const sums = { ...NOTHING, sizeBytes: 0, usableBytes: 0 };
  let remark: string | null = null;
  for (const range of ram.ranges) {
    const size = range.end - range.start;
    const found = emulator.ram(ramSpec(box, ram, range, change));
    sums.sizeBytes += size;
    if (typeof found === "string") {
      sums.lostBytes += size;
      remark = `the emulated kernel refuses it: ${found}`;
      continue;
    }
    sums.dramBytes += found.dram;
    sums.onMemoryBytes += found.onMemory;
    sums.tableBytes += found.tables;
    const blockBytes = found.added / found.blocks;
    const first = alignDown(range.start, WINDOW) + found.firstBlock * blockBytes;
    const added = { start: first, end: first + found.added };
    sums.directMapBytes += directMapOf(box, added, found.onMemory > 0 ? blockBytes : found.added, emulator);
    sums.lostBytes += size - found.added;
    sums.usableBytes += found.added - found.onMemory;
  }
  return { kind: "ram", name: ram.dev, region, node: ram.node, ...sums, remark };
}

function poolCost(box: Box, { sizeBytes: size, count, byNode }: BoxPool, emulator: Emulator): BoxCost {
  const { preset: kernel, arch } = box.runningKernel;
  const hugetlbFreeVmemmap = box.runningKernel.hugetlbFreeVmemmap === true;
  const bytes = size * count;
  const [name, node] = [poolName(size, count), byNode[0]?.node ?? 0];
  const common = { kind: "pool", name, region: null, node, sizeBytes: bytes, ...NOTHING, usableBytes: bytes } as const;
  const found = emulator.pool({ kernel, arch, size, count, hugetlbFreeVmemmap });
  if (typeof found === "string") return { ...common, remark: found };
  const remark = hugetlbFreeVmemmap ? null : "hugetlb_free_vmemmap is off";
  return { ...common, dramBytes: 0 - found.freed, tableBytes: found.tables, remark };
}

/** `20480 x 2M`. */
export function poolName(size: number, count: number): string {
  return `${count} x ${formatSize(size)}`;
}

// SPDX-License-Identifier: GPL-2.0-only
// The emulator in place of a captured machine: boots the same box, creates the same namespaces, and walks its tables
// into the form that the captures' own functions count (capture/tally.ts).

import { boot, type BootOptions } from "../../src/boot.ts";
import { createNamespace, type NdNamespace, usableBytes } from "../../src/drivers/nvdimm/namespace.ts";
import type { NdRegion } from "../../src/drivers/nvdimm/region.ts";
import { errnoName } from "../../src/include/errno.ts";
import { USE_ALTMAP_VMEMMAP } from "../../src/include/frame_use.ts";
import { ZONE_NORMAL } from "../../src/include/mmzone.ts";
import { SZ_1G } from "../../src/include/sizes.ts";
import { alignUp } from "../../src/lib/align.ts";
import { parseSize } from "../../src/lib/units.ts";
import { directVpn } from "../../src/mm/direct_map.ts";
import type { Kernel } from "../../src/mm/kernel.ts";
import { levelPages, tableIndex, vmemmapVpn } from "../../src/mm/pgtable.ts";
import { totalFreePages } from "../../src/mm/page_alloc.ts";
import { walkTables } from "../../src/mm/ptdump.ts";
import { C } from "../../src/mm/vmstat.ts";
import type { NamespaceSpec } from "./capture/namespace_spec.ts";
import type { Leaf, Walk } from "./capture/page_walk.ts";
import { entriesByLevel, type PmemFrames as Frames, tallyNamespace } from "./capture/tally.ts";
import type { CapturedMachine } from "./captures.ts";
import type { Fields } from "./row.ts";

/** Boots the machine of a capture; struct pages are written only if `contents` is set. */
export function bootCaptured(machine: CapturedMachine, options: BootOptions = {}): Kernel {
  const { arch, kernel, dram, pmem } = machine;
  const pmemStart = machine.pmemStart ?? (arch.startsWith("arm64") ? virtPmemStart(dram) : undefined);
  const region = { bytes: pmem, ...(pmemStart === undefined ? {} : { startBytes: pmemStart }) };
  return boot({
    arch,
    kernel,
    dram: [dram],
    pmem: pmem > 0 ? [region] : [],
    contents: false,
    directMap: true,
    ...options,
  });
}

/**
 * Where qemu's virt board has its first NVDIMM: DRAM begins at 1 GiB there, and device memory at the next GiB after it.
 * The emulator's arm64 has DRAM from 0 on; only the address of the pmem matters.
 */
export function virtPmemStart(dram: number): number {
  return alignUp(SZ_1G + dram, SZ_1G);
}

/** As `ndctl create-namespace`; a negative errno if the kernel refuses. */
export function create(k: Kernel, region: NdRegion, { size, align, map }: NamespaceSpec): NdNamespace | number {
  return createNamespace(k, region, {
    size: parseSize(size),
    align: parseSize(align),
    map: map === "dev" ? "dev" : "mem",
  });
}

export function mustCreate(k: Kernel, region: NdRegion, spec: NamespaceSpec): NdNamespace {
  const ns = create(k, region, spec);
  if (typeof ns === "number") throw new Error(`Cannot create namespace ${spec.name}: ${errnoName(ns)}`);
  return ns;
}

/** Address and size of a namespace and its data, as in sysfs. Bytes. */
export function extentOf(k: Kernel, ns: NdNamespace) {
  const { start, end } = ns.extent;
  const usable = usableBytes(k, ns);
  return {
    namespaceBytes: end - start,
    usableBytes: usable,
    reserveBytes: end - start - usable,
    namespaceStart: `0x${start.toString(16)}`,
    dataStart: `0x${(start + ns.info.dataoff).toString(16)}`,
  };
}

export function framesOf(k: Kernel, ns: NdNamespace): Frames {
  return { start: ns.extent.start / k.pageBytes, end: ns.extent.end / k.pageBytes };
}

/** `nr_memmap_pages` and `nr_memmap_boot_pages`; null on kernels that do not count them. */
export type MemmapCounters = { readonly pages: number; readonly bootPages: number } | null;

/** Pages of the first node, the only one on captured machines. */
export function countsOf(k: Kernel) {
  const { zones } = k.nodes[0];
  return {
    free: totalFreePages(k),
    managed: zones.reduce((sum, zone) => sum + zone.managed, 0),
    present: zones.reduce((sum, zone) => sum + zone.present, 0),
    normalSpanned: zones[ZONE_NORMAL].spanned,
    memmap: { pages: nrMemmapPages(k), bootPages: k.stat[C.nrMemmapBootPages] },
  };
}

/** Changes of these counts, and of the memmap counters if both readings have them. */
export function since<Field extends string>(
  fields: readonly Field[],
  now: Readonly<Record<Field, number>> & { readonly memmap?: MemmapCounters },
  base: Readonly<Record<Field, number>> & { readonly memmap?: MemmapCounters },
): Record<string, number> {
  const changes = Object.fromEntries(fields.map((field) => [field, now[field] - base[field]]));
  if (!now.memmap || !base.memmap) return changes;
  const { pages, bootPages } = base.memmap;
  return { ...changes, memmapPages: now.memmap.pages - pages, bootPages: now.memmap.bootPages - bootPages };
}

/** nr_memmap_pages as Linux has counted it since 6.11: includes an altmap's. */
function nrMemmapPages(k: Kernel): number {
  return k.stat[C.nrMemmapPages] + k.uses[USE_ALTMAP_VMEMMAP];
}

/** A namespace, or the errno that the kernel refuses it with, and what it takes: by the counters and by the tables. */
export function createMeasured(
  k: Kernel,
  make: () => NdNamespace | number,
): { ns: NdNamespace | null; fields: Fields } {
  const everything = { start: 0, end: k.machine.topology.maxPfn };
  const before = walkEmulated(k, everything);
  const free = totalFreePages(k);
  const memmap = nrMemmapPages(k);
  const ns = make();
  const taken = { freePagesConsumed: free - totalFreePages(k), memmapPages: nrMemmapPages(k) - memmap };
  if (typeof ns === "number") return { ns: null, fields: { error: errnoName(ns), probe: ns, ...taken } };
  const { walk } = tallyNamespace(before, walkEmulated(k, everything), pmemFrames(k));
  const vmemmapEntries = entriesByLevel(walkEmulated(k, framesOf(k, ns)));
  return { ns, fields: { ...taken, ...extentOf(k, ns), walk, vmemmapEntries } };
}

export function pmemFrames(k: Kernel): Frames {
  return k.machine.topology.pmem[0];
}

/** The memmap of a range of frames, walked into the form of the captured tables. */
export function walkEmulated(k: Kernel, frames: Frames): Walk {
  const perPage = k.pageBytes / k.structPageSize;
  const [base, leaves] = [vmemmapVpn(k, 0), [] as Leaf[]];
  const tables = walkFrom(k, base, frames.start / perPage, frames.end / perPage, (level, vpn, frame) => {
    leaves.push({ page: vpn - base, level, frame });
  });
  return { pageBytes: k.pageBytes, leaves, tables };
}

/** The direct map of a range of frames: how many leaves of each level, for it may have millions, and the tables. */
export function countDirectEmulated(k: Kernel, { start, end }: Frames) {
  const leaves = [0, 0, 0];
  const base = directVpn(k, k.arch.directMap!.pgdIndex, 0);
  return { leaves, tables: walkFrom(k, base, start, end, (level) => leaves[level]++) };
}

/** Visits the leaves for pages [start, end), counted from virtual page `base`; returns the tables on the way. */
function walkFrom(
  k: Kernel,
  base: number,
  start: number,
  end: number,
  visit: (level: number, vpn: number, frame: number) => void,
): Walk["tables"] {
  const outside = (vpn: number, pages: number) => vpn + pages <= base + start || vpn >= base + end;
  const tables = [new Set<number>(), new Set<number>(), new Set<number>()];
  const { topLevel } = k.arch.format;
  const last = tableIndex(k, base + end - 1, topLevel) + 1;
  walkTables(k, k.rootPfn, tableIndex(k, base + start, topLevel), last, {
    table: (level, vpn, frame) => {
      if (!outside(vpn, levelPages(k, level))) tables[level - 1].add(frame);
    },
    leaf: (level, vpn, frame) => {
      if (!outside(vpn, levelPages(k, level))) visit(level, vpn, frame);
    },
  });
  return tables;
}

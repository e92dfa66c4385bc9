// SPDX-License-Identifier: GPL-2.0-only
// The emulator in the place of a captured machine: boots the same box, makes the same namespaces, walks its tables into
// the form that the captures' own functions sort (capture/tally.ts).

import { boot, type BootOptions } from "../../src/boot.ts";
import { createNamespace, type NdNamespace, usableBytes } from "../../src/drivers/nvdimm/namespace.ts";
import type { NdRegion } from "../../src/drivers/nvdimm/region.ts";
import { errnoName } from "../../src/include/errno.ts";
import { parseSize } from "../../src/lib/units.ts";
import type { Kernel } from "../../src/mm/kernel.ts";
import { levelPages, tableEntries, vmemmapVpn } from "../../src/mm/pgtable.ts";
import { walkTables } from "../../src/mm/ptdump.ts";
import type { NamespaceSpec } from "./capture/namespace_spec.ts";
import type { Walk } from "./capture/page_walk.ts";
import type { CapturedMachine } from "./captures.ts";

/** Boots the machine of a capture; struct pages are written only where `contents` says so. */
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
 * Where qemu's virt board has its first NVDIMM: DRAM begins at 1 GiB there, and device memory at the next GiB behind it.
 * The emulator's arm64 has DRAM from 0 on; what depends on addresses is the pmem.
 */
export function virtPmemStart(dram: number): number {
  const GIB = 2 ** 30;
  return Math.ceil((GIB + dram) / GIB) * GIB;
}

/** As `ndctl create-namespace`; a negative errno where the kernel refuses. */
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

/** Where a namespace and its data lie, as sysfs says it. Bytes. */
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

interface Frames {
  readonly start: number;
  readonly end: number;
}

export function framesOf(k: Kernel, ns: NdNamespace): Frames {
  return { start: ns.extent.start / k.pageBytes, end: ns.extent.end / k.pageBytes };
}

export function pmemFrames(k: Kernel): Frames {
  return k.machine.topology.pmem[0];
}

/** The memmap of a run of frames, in the form the captured tables are walked to. */
export function walkEmulated(k: Kernel, frames: Frames): Walk {
  const perPage = k.pageBytes / k.structPageSize;
  const base = vmemmapVpn(k, 0);
  const first = base + frames.start / perPage;
  const end = base + frames.end / perPage;
  const outside = (vpn: number, pages: number) => vpn + pages <= first || vpn >= end;
  const walk: Walk = { leaves: [], tables: [new Set(), new Set(), new Set()] };
  walkTables(k, k.rootPfn, k.arch.vmemmapPgdIndex, tableEntries(k), {
    table: (level, vpn, frame) => {
      if (!outside(vpn, levelPages(k, level))) walk.tables[(level - 1) as 0 | 1 | 2].add(frame);
    },
    leaf: (level, vpn, frame) => {
      if (!outside(vpn, levelPages(k, level))) walk.leaves.push({ page: vpn - base, level, frame });
    },
  });
  return walk;
}

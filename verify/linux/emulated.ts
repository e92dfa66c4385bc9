// SPDX-License-Identifier: GPL-2.0-only
// The emulator, preset 6.1, in the place of the captured machine: boots the same box, makes the same namespaces, walks
// its tables, and sorts what it finds with the very functions the captures went through (capture/tally.ts), so that the
// two can be compared field by field. Struct pages are written only where a fixture is about them.

import { boot } from "../../src/boot.ts";
import {
  createNamespace,
  destroyNamespace,
  type NdNamespace,
  usableBytes,
} from "../../src/drivers/nvdimm/namespace.ts";
import { type NdRegion, ndRegions } from "../../src/drivers/nvdimm/region.ts";
import { errnoName } from "../../src/include/errno.ts";
import { PAGE_FLAGS } from "../../src/include/mm_types.ts";
import { PG_HEAD } from "../../src/include/page_flags.ts";
import { ZONE_DEVICE } from "../../src/include/mmzone.ts";
import { KernelPanic } from "../../src/lib/bug.ts";
import { parseSize } from "../../src/lib/units.ts";
import { checkInvariants } from "../../src/debug_vm/debug_vm.ts";
import type { Kernel } from "../../src/mm/kernel.ts";
import { compoundHead, pageRefcount, readPage } from "../../src/mm/page.ts";
import { totalFreePages } from "../../src/mm/page_alloc.ts";
import { levelPages, tableEntries, vmemmapVpn } from "../../src/mm/pgtable.ts";
import { walkTables } from "../../src/mm/ptdump.ts";
import { STRUCT_PAGE_BYTES } from "./capture/namespace.ts";
import { type NamespaceSpec, parseNamespaceSpec } from "./capture/namespace_spec.ts";
import { PAGE_BYTES, VMEMMAP_BASE, type Walk } from "./capture/page_walk.ts";
import { tallyMap, tallyNamespace } from "./capture/tally.ts";

/** A captured machine. Bytes. */
export interface CapturedMachine {
  readonly dram: number;
  readonly pmem: number;
  /** Where qemu was told to put the NVDIMM; undefined where it chose. */
  readonly pmemStart?: number;
  /** A namespace made first and left alone. */
  readonly beside?: NamespaceSpec;
}

/** A captured machine out of qemu's command line, as the fixtures hold it. */
export function machineOf(qemuLine: string, beside: string | undefined): CapturedMachine {
  const LABEL_BYTES = 128 * 2 ** 10;
  const dram = Number(/ -m (\d+)M,/.exec(qemuLine)?.[1]) * 2 ** 20;
  const pmem = Number(/mem-path=pmem,size=(\d+)/.exec(qemuLine)?.[1]) - LABEL_BYTES;
  const addr = /,addr=(0x[0-9a-f]+)/.exec(qemuLine)?.[1];
  return {
    dram,
    pmem,
    ...(addr === undefined ? {} : { pmemStart: Number(addr) }),
    ...(beside === undefined ? {} : { beside: parseNamespaceSpec(beside) }),
  };
}

/** A row of namespaces.json, without the noisy free pages; `consumed` stands in for them. */
export interface EmulatedRow {
  readonly row: Record<string, unknown>;
  readonly consumed: number;
  /** What the invariant checker says; empty when it has nothing to say. */
  readonly broken: string;
}

/**
 * The rows of namespaces.json, one after the other on one machine, each namespace destroyed before the next, as they
 * were captured: the device zone's span tells of those that went before.
 */
export function emulateRows(machine: CapturedMachine, specs: readonly NamespaceSpec[]): EmulatedRow[] {
  const k = bootCaptured(machine);
  const region = ndRegions(k)[0];
  return specs.map((spec) => {
    const neighbour = machine.beside === undefined ? null : mustCreate(k, region, machine.beside);
    const { ns, ...row } = emulateRow(k, region, spec);
    for (const gone of [ns, neighbour]) {
      if (gone !== null && destroyNamespace(k, gone) < 0) throw new Error(`Cannot destroy namespace ${spec.name}`);
    }
    return row;
  });
}

function emulateRow(k: Kernel, region: NdRegion, spec: NamespaceSpec): EmulatedRow & { ns: NdNamespace | null } {
  const { size, align, map } = spec;
  const everything = { start: 0, end: k.machine.topology.maxPfn };
  const before = walkEmulated(k, everything);
  const free = totalFreePages(k);
  const ns = create(k, region, spec);
  const consumed = free - totalFreePages(k);
  if (typeof ns === "number") {
    return {
      row: { size, align, map, error: `device fails to enable: ${errnoName(ns)}` },
      consumed,
      broken: "",
      ns: null,
    };
  }
  const { walk } = tallyNamespace(before, walkEmulated(k, everything), pmemFrames(k));
  const { vmemmapEntries } = tallyNamespace(before, walkEmulated(k, framesOf(ns)), pmemFrames(k));
  const { present, spanned, managed } = k.nodes[0].zones[ZONE_DEVICE];
  const deviceZone = { present, spanned, managed };
  const row = { size, align, map, ...extentOf(k, ns), walk, vmemmapEntries, deviceZone };
  return { row, consumed, broken: brokenInvariant(k), ns };
}

function brokenInvariant(k: Kernel): string {
  try {
    checkInvariants(k);
    return "";
  } catch (error) {
    if (error instanceof KernelPanic) return error.message;
    throw error;
  }
}

/** One namespace of vmemmap_maps.json, on a machine of its own. */
export function emulateMap(machine: CapturedMachine, spec: NamespaceSpec): Record<string, unknown> {
  const k = bootCaptured(machine);
  const region = ndRegions(k)[0];
  if (machine.beside !== undefined) mustCreate(k, region, machine.beside);
  const ns = mustCreate(k, region, spec);
  const { namespaceStart, dataStart, usableBytes, namespaceBytes } = extentOf(k, ns);
  return {
    namespaceStart,
    dataStart,
    dataBytes: String(usableBytes),
    startPfn: framesOf(ns).start,
    pages: namespaceBytes / PAGE_BYTES,
    ...tallyMap(walkEmulated(k, framesOf(ns)), pmemFrames(k)),
  };
}

/** What struct_pages.json says of one page, as far as it does not depend on where a kernel has its objects. */
export interface PageFacts {
  readonly isHead: boolean;
  /** Frame of the head its compound_head leads to; its own when it is no tail. */
  readonly head: number;
  readonly refcount: number;
}

/** The same out of captured words. */
export function capturedFacts(pfn: number, words: readonly string[]): PageFacts {
  const [flags, link] = words.map(BigInt);
  const tail = (link & 1n) === 1n;
  return {
    isHead: (flags & BigInt(PG_HEAD)) !== 0n,
    head: tail ? Number((link - 1n - VMEMMAP_BASE) / BigInt(STRUCT_PAGE_BYTES)) : pfn,
    refcount: Number(BigInt(words[6]) >> 32n),
  };
}

/** The facts about pages of a fresh namespace. */
export function emulateFacts(machine: CapturedMachine, spec: NamespaceSpec, pfns: readonly number[]): PageFacts[] {
  const k = bootCaptured(machine, true);
  mustCreate(k, ndRegions(k)[0], spec);
  return pfns.map((pfn) => ({
    isHead: (readPage(k, pfn, PAGE_FLAGS) & PG_HEAD) !== 0,
    head: compoundHead(k, pfn),
    refcount: pageRefcount(k, pfn),
  }));
}

function bootCaptured({ dram, pmem, pmemStart }: CapturedMachine, contents = false): Kernel {
  const region = { bytes: pmem, ...(pmemStart === undefined ? {} : { startBytes: pmemStart }) };
  return boot({ kernel: "6.1", dram: [dram], pmem: [region], contents });
}

function create(k: Kernel, region: NdRegion, { size, align, map }: NamespaceSpec): NdNamespace | number {
  return createNamespace(k, region, {
    size: parseSize(size),
    align: parseSize(align),
    map: map === "dev" ? "dev" : "mem",
  });
}

function mustCreate(k: Kernel, region: NdRegion, spec: NamespaceSpec): NdNamespace {
  const ns = create(k, region, spec);
  if (typeof ns === "number") throw new Error(`Cannot create namespace ${spec.name}: ${errnoName(ns)}`);
  return ns;
}

function extentOf(k: Kernel, ns: NdNamespace) {
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

function framesOf(ns: NdNamespace): Frames {
  return { start: ns.extent.start / PAGE_BYTES, end: ns.extent.end / PAGE_BYTES };
}

function pmemFrames(k: Kernel): Frames {
  return k.machine.topology.pmem[0];
}

/** The memmap of a run of frames, in the form the captured tables are walked to. */
function walkEmulated(k: Kernel, frames: Frames): Walk {
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

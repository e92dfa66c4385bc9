// SPDX-License-Identifier: GPL-2.0-only
// Namespaces of a captured machine (namespaces.json): created one after the other, each destroyed before the next, as
// on Linux, since the device zone's span depends on earlier namespaces.

import type { MapMode } from "../../src/drivers/nvdimm/pfn_devs.ts";
import { destroyNamespace, type NdNamespace } from "../../src/drivers/nvdimm/namespace.ts";
import { type NdRegion, ndRegions } from "../../src/drivers/nvdimm/region.ts";
import { errnoName } from "../../src/include/errno.ts";
import { USE_ALTMAP_VMEMMAP } from "../../src/include/frame_use.ts";
import { ZONE_DEVICE } from "../../src/include/mmzone.ts";
import { parseSize } from "../../src/lib/units.ts";
import type { Kernel } from "../../src/mm/kernel.ts";
import { totalFreePages } from "../../src/mm/page_alloc.ts";
import { C } from "../../src/mm/vmstat.ts";
import { memmapFrames, PAGE, pteTables, reserve, SECTION, vmemmapPages } from "../formulas/vmemmap.ts";
import { latest } from "../measure/measure.ts";
import { type NamespaceSpec, parseNamespaceSpec } from "./capture/namespace_spec.ts";
import { tallyNamespace } from "./capture/tally.ts";
import type { Capture, CapturedMachine } from "./captures.ts";
import { type CapturedRow, type Fields, flat } from "./row.ts";
import { bootCaptured, create, extentOf, framesOf, mustCreate, pmemFrames, walkEmulated } from "./emulated.ts";

/** A captured row; fields from the page-table walk are absent if there was none. */
interface Row extends Record<string, unknown> {
  readonly size: string;
  readonly align: string;
  readonly map: string;
  readonly error?: string | null;
  /** Number of the guest; absent if one served for all. */
  readonly guest?: number;
  readonly namespaceStart?: string;
}

/** Noise of free pages, the largest difference seen: on 6.1, and on later kernels. */
const NOISE_6_1 = 4;
const NOISE_LATER = 24;

/** Rows of a capture. Requests that ndctl itself refuses say nothing about the kernel and are left out. */
export function namespaceRows(capture: Capture): CapturedRow[] {
  const { machine, folder, release } = capture;
  const rows = (capture.data as { rows: readonly Row[] }).rows.filter((row) => !row.error?.startsWith("ndctl refuses"));
  const specs = rows.map(({ size, align, map }) => parseNamespaceSpec(`${size}-${align}-${map}`));
  const emulated = () => latest(`namespaces of ${folder}`, () => emulateGuests(machine, rows, specs));
  return rows.map((row, i) => {
    return {
      name: specs[i].name,
      linux: linuxFields(row),
      formula: machine.arch === "x86-64" && row.walk !== undefined ? formulaFields(row) : {},
      emulate: () => emulated()[i],
      noise: { freePagesConsumed: release.startsWith("6.1.") ? NOISE_6_1 : NOISE_LATER },
    };
  });
}

/** A row's fields; ndctl's message for a device that does not come up is translated to its errno. */
function linuxFields({ size: _size, align: _align, map: _map, guest: _guest, error, ...row }: Row): Fields {
  if (typeof error !== "string") {
    const { probe, usableBytes: _usableBytes, ...rest } = row;
    // For ndctl a device that does not bind exists all the same; the emulator removes it.
    return flat(probe === undefined ? row : { ...rest, probe });
  }
  return { error: error.includes("No such device or address") ? "ENXIO" : error.replace(/^.*: /, "") };
}

/** One number of the walk by formula: 6.1 and later share the tails of compound pages if their memmap is in DRAM. */
function formulaFields(row: Row): Fields {
  const size = parseSize(row.size);
  const align = parseSize(row.align);
  const map = row.map as MapMode;
  const start = Number(row.namespaceStart);
  // Whole sections and pages only; the edges are left to the emulator.
  if (start % Math.max(SECTION, align) !== 0 || size % SECTION !== 0) return {};
  const data = reserve(start, size, align, map);
  if (data === null) return {};
  const shared = map === "mem" && align > PAGE;
  const how = shared ? "pte" : "none";
  const frames = shared ? memmapFrames(size, align, how) : 0;
  const blocks = !shared && map === "mem" ? size / SECTION : 0;
  return {
    dataStart: `0x${(start + data.dataoff).toString(16)}`,
    usableBytes: data.usable,
    reserveBytes: data.dataoff,
    "walk.vmemmap4kFrames": frames,
    "walk.vmemmap2mBlocks": blocks,
    "walk.pteTables": pteTables(size, align, how),
    "vmemmapEntries.ptes": shared ? vmemmapPages(size) : 0,
    "vmemmapEntries.pmdLeaves": shared ? 0 : size / SECTION,
    "walk.dramPages": frames + blocks * 512 + pteTables(size, align, how) + Number(flat(row)["walk.pmdTables"]),
  };
}

/** A fresh machine for each guest of the capture. */
function emulateGuests(machine: CapturedMachine, rows: readonly Row[], specs: readonly NamespaceSpec[]): Fields[] {
  const guests = Map.groupBy(specs, (_, i) => rows[i].guest ?? 0);
  return [...guests.values()].flatMap((ofGuest) => emulateRows(machine, ofGuest));
}

function emulateRows(machine: CapturedMachine, specs: readonly NamespaceSpec[]): Fields[] {
  const k = bootCaptured(machine);
  const region = ndRegions(k)[0];
  return specs.map((spec) => {
    const neighbour = machine.beside === undefined ? null : mustCreate(k, region, machine.beside);
    const { ns, fields } = emulateRow(k, region, spec);
    for (const gone of [ns, neighbour]) {
      if (gone !== null && destroyNamespace(k, gone) < 0) throw new Error(`Cannot destroy namespace ${spec.name}`);
    }
    return fields;
  });
}

function emulateRow(k: Kernel, region: NdRegion, spec: NamespaceSpec): { ns: NdNamespace | null; fields: Fields } {
  const everything = { start: 0, end: k.machine.topology.maxPfn };
  const before = walkEmulated(k, everything);
  const free = totalFreePages(k);
  const memmap = nrMemmapPages(k);
  const ns = create(k, region, spec);
  const freePagesConsumed = free - totalFreePages(k);
  const memmapPages = nrMemmapPages(k) - memmap;
  if (typeof ns === "number") {
    return { ns: null, fields: { error: errnoName(ns), probe: ns, freePagesConsumed, memmapPages } };
  }
  const { walk } = tallyNamespace(before, walkEmulated(k, everything), pmemFrames(k));
  const { vmemmapEntries } = tallyNamespace(before, walkEmulated(k, framesOf(k, ns)), pmemFrames(k));
  const { present, spanned, managed } = k.nodes[0].zones[ZONE_DEVICE];
  const deviceZone = { present, spanned, managed };
  return { ns, fields: flat({ ...extentOf(k, ns), walk, vmemmapEntries, deviceZone, freePagesConsumed, memmapPages }) };
}

/** nr_memmap_pages as Linux has counted it since 6.11: includes an altmap's. */
export function nrMemmapPages(k: Kernel): number {
  return k.stat[C.nrMemmapPages] + k.uses[USE_ALTMAP_VMEMMAP];
}

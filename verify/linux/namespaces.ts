// SPDX-License-Identifier: GPL-2.0-only
// Namespaces of a captured machine (namespaces.json): created one after the other, each destroyed before the next, as
// on Linux, since the device zone's span depends on earlier namespaces.

import type { MapMode } from "../../src/drivers/nvdimm/pfn_devs.ts";
import { destroyNamespace } from "../../src/drivers/nvdimm/namespace.ts";
import { ndRegions } from "../../src/drivers/nvdimm/region.ts";
import { ZONE_DEVICE } from "../../src/include/mmzone.ts";
import { parseSize } from "../../src/lib/units.ts";
import { memmapFrames, PAGE, pteTables, reserve, SECTION, vmemmapPages } from "../formulas/vmemmap.ts";
import { latest } from "../measure/measure.ts";
import { type NamespaceSpec, parseNamespaceSpec } from "./capture/namespace_spec.ts";
import type { Capture, CapturedMachine } from "./captures.ts";
import { type CapturedRow, type Fields, flat } from "./row.ts";
import { bootCaptured, create, createMeasured, mustCreate } from "./emulated.ts";

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
    // For ndctl, a device that does not bind still exists; the emulator removes it.
    return flat(probe === undefined ? row : { ...rest, probe });
  }
  return { error: error.includes("No such device or address") ? "ENXIO" : error.replace(/^.*: /, "") };
}

/**
 * What the memmap of a namespace consists of by formula: 6.1 and later share the tails of compound pages if their
 * memmap is in DRAM. Null unless the namespace consists of whole sections and pages: edges are left to the emulator.
 */
export function memmapFormula(
  { size, align, map }: Pick<NamespaceSpec, "size" | "align" | "map">,
  start: number,
) {
  const [bytes, unit] = [parseSize(size), parseSize(align)];
  if (start % Math.max(SECTION, unit) !== 0 || bytes % SECTION !== 0) return null;
  const shared = map === "mem" && unit > PAGE;
  const how = shared ? "pte" : "none";
  return {
    bytes,
    unit,
    shared,
    frames: shared ? memmapFrames(bytes, unit, how) : 0,
    ptes: shared ? vmemmapPages(bytes) : 0,
    pmdLeaves: shared ? 0 : bytes / SECTION,
    pteTables: pteTables(bytes, unit, how),
  };
}

/** One number of the walk by formula. */
function formulaFields(row: Row): Fields {
  const start = Number(row.namespaceStart);
  const memmap = memmapFormula(row, start);
  const data = memmap && reserve(start, memmap.bytes, memmap.unit, row.map as MapMode);
  if (data === null) return {};
  const { frames, ptes, pmdLeaves, pteTables } = memmap!;
  const blocks = row.map === "mem" ? pmdLeaves : 0;
  return {
    dataStart: `0x${(start + data.dataoff).toString(16)}`,
    usableBytes: data.usable,
    reserveBytes: data.dataoff,
    "walk.vmemmap4kFrames": frames,
    "walk.vmemmap2mBlocks": blocks,
    "walk.pteTables": pteTables,
    "vmemmapEntries.ptes": ptes,
    "vmemmapEntries.pmdLeaves": pmdLeaves,
    "walk.dramPages": frames + blocks * 512 + pteTables + Number(flat(row)["walk.pmdTables"]),
  };
}

/** A fresh machine for each guest of the capture. */
function emulateGuests(machine: CapturedMachine, rows: readonly Row[], specs: readonly NamespaceSpec[]): Fields[] {
  const guests = Map.groupBy(specs, (_, i) => rows[i].guest ?? 0);
  return [...guests.values()].flatMap((ofGuest) => emulateRows(machine, ofGuest));
}

function emulateRows(machine: CapturedMachine, specs: readonly NamespaceSpec[]): Fields[] {
  const k = bootCaptured(machine);
  const [region] = ndRegions(k);
  return specs.map((spec) => {
    const neighbour = machine.beside === undefined ? null : mustCreate(k, region, machine.beside);
    const { ns, fields } = createMeasured(k, () => create(k, region, spec));
    const { present, spanned, managed } = k.nodes[0].zones[ZONE_DEVICE];
    for (const gone of [ns, neighbour]) {
      if (gone !== null && destroyNamespace(k, gone) < 0) throw new Error(`Cannot destroy namespace ${spec.name}`);
    }
    return ns === null ? fields : flat({ ...fields, deviceZone: { present, spanned, managed } });
  });
}

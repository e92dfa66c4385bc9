// SPDX-License-Identifier: GPL-2.0-only
// A real Linux 6.1.192, measured on a virtual machine (fixtures/linux-6.1), against the emulator configured like it,
// preset 6.1: what Linux did stands in the column "documented". Equal, not close; only the count of free pages, which
// Linux's own per-CPU lists blur by two pages, is compared within that.

import namespaces from "../../fixtures/linux-6.1/namespaces.json" with { type: "json" };
import maps from "../../fixtures/linux-6.1/vmemmap_maps.json" with { type: "json" };
import { boot } from "../../src/boot.ts";
import { createNamespace, type NdNamespace, usableBytes } from "../../src/drivers/nvdimm/namespace.ts";
import type { MapMode } from "../../src/drivers/nvdimm/pfn_devs.ts";
import { ndRegions } from "../../src/drivers/nvdimm/region.ts";
import { ZONE_DEVICE } from "../../src/include/mmzone.ts";
import { parseSize } from "../../src/lib/units.ts";
import { checkInvariants } from "../../src/debug_vm/debug_vm.ts";
import type { Kernel } from "../../src/mm/kernel.ts";
import { totalFreePages } from "../../src/mm/page_alloc.ts";
import type { Claim } from "../claims/claim.ts";
import {
  basePages,
  memmapFrames,
  newPmdTables,
  PAGE,
  pteTables,
  reserve,
  SECTION,
  type Sharing,
  tailFrameRefs,
  vmemmapPages,
} from "../formulas/vmemmap.ts";
import { hotplugClaims } from "./hotplug.ts";
import { hugetlbClaims } from "./hugetlb.ts";
import { structPageClaims } from "./struct_pages.ts";
import { latest, yes } from "../measure/measure.ts";
import { main, type Suite } from "../audit/report.ts";
import { type Walk, walkMemmap } from "./walk.ts";

/** Suite of Linux 6.1. */
export const LINUX: Suite = {
  name: "linux",
  title: "Linux 6.1.192 as measured",
  claims: () => [
    ...namespaces.rows.flatMap(namespaceClaims),
    ...Object.entries(maps.namespaces).flatMap(([name, row]) => mapClaims(name, row)),
    ...structPageClaims(),
    ...hotplugClaims(),
    ...hugetlbClaims(),
  ],
};

/** A namespace on a machine with this much DRAM, pmem right behind it. */
export interface Machine61 {
  readonly k: Kernel;
  /** The namespace, or the negative errno of enabling it. */
  readonly ns: NdNamespace | number;
  /** Frames that left the free lists. */
  readonly consumed: number;
}

/** Boots Linux 6.1's machine and creates one namespace as ndctl did. Bytes. */
export function machine61(dram: number, size: number, align: number, map: MapMode): Machine61 {
  const k = boot({ kernel: "6.1", dram: [dram], pmem: [{ bytes: size }] });
  const free = totalFreePages(k);
  const ns = createNamespace(k, ndRegions(k)[0], { size, align, map });
  checkInvariants(k);
  return { k, ns, consumed: free - totalFreePages(k) };
}

/** One number of Linux, what the formula says, what the emulator counts. */
type Row = (what: string, linux: number, formula: number, measure: (m: Machine61, walk: Walk) => number) => Claim;

/** Rows about one namespace; it is created for the first of them and lives until the next is. */
function rowsOf(id: string, dram: number, size: number, align: number, map: MapMode): Row {
  return (what, linux, formula, measure) => ({
    id,
    what,
    unit: "",
    printed: String(linux),
    formula,
    measure: () => {
      const { machine, walk } = latest(`${id} with ${dram} bytes of DRAM`, () => {
        const machine = machine61(dram, size, align, map);
        return { machine, walk: walkMemmap(machine.k, machine.k.machine.topology.pmemStart, size / PAGE) };
      });
      return measure(machine, walk);
    },
    expected: "confirmed",
  });
}

/** 6.1 shares the memmap of compound pages in DRAM. */
function sharing(align: number, map: MapMode): Sharing {
  return map === "mem" && align > PAGE ? "pte" : "none";
}

function up(m: Machine61): NdNamespace {
  if (typeof m.ns === "number") throw new Error(`verify: enabling the namespace fails with ${m.ns}`);
  return m.ns;
}

function namespaceClaims(linux: typeof namespaces.rows[number]): Claim[] {
  const size = parseSize(linux.size);
  const align = parseSize(linux.align);
  const map = linux.map as MapMode;
  const row = rowsOf(`${linux.size} ${linux.align} ${linux.map}`, namespaces.dramMiB * 2 ** 20, size, align, map);
  const start = (namespaces.dramMiB + LOW_HOLE_MIB) * 2 ** 20;
  const data = reserve(start, size, align, map);
  if (linux.walk === undefined) {
    return [row("fails to enable: ENXIO", 6, data === null ? 6 : 0, (m) => typeof m.ns === "number" ? -m.ns : 0)];
  }
  const { walk, vmemmapEntries, deviceZone, freePagesConsumed } = linux;
  const how = sharing(align, map);
  const frames = how === "none" ? 0 : memmapFrames(size, align, how);
  const blocks = how === "none" && map === "mem" ? size / SECTION : 0;
  const tables = pteTables(size, align, how);
  const pmds = newPmdTables(start, size, start);
  const dramFrames = frames + blocks * 512 + tables + pmds;
  return [
    row("namespace starts", Number(linux.namespaceStart), start, (m) => up(m).extent.start),
    row("data starts", Number(linux.dataStart), start + data!.dataoff, (m) => up(m).extent.start + up(m).info.dataoff),
    row("usable bytes", linux.usableBytes!, data!.usable, (m) => usableBytes(m.k, up(m))),
    row("reserve bytes", linux.reserveBytes!, data!.dataoff, (m) => up(m).info.dataoff),
    row("4 KiB frames", walk.vmemmap4kFrames, frames, (_, w) => w.frames.size),
    row("2 MiB blocks", walk.vmemmap2mBlocks, blocks, (_, w) => w.pmdLeavesInDram),
    row("PTE tables", walk.pteTables, tables, (_, w) => w.pteTables),
    row("new PMD tables", walk.pmdTables, pmds, (m) => newTables(m, size)),
    row("DRAM pages", walk.dramPages, dramFrames, (m) => m.consumed),
    row("page-table entries", vmemmapEntries!.ptes, how === "none" ? 0 : vmemmapPages(size), (_, w) => w.ptes),
    row("PMD leaves", vmemmapEntries!.pmdLeaves, how === "none" ? size / SECTION : 0, (_, w) => w.pmdLeaves),
    row("device zone spanned", deviceZone!.spanned, basePages(size), (m) => deviceZoneOf(m).spanned),
    row("device zone present", deviceZone!.present, 0, (m) => deviceZoneOf(m).present),
    row("device zone managed", deviceZone!.managed, 0, (m) => deviceZoneOf(m).managed),
    row(
      "free pages, within 2 (1 yes)",
      1,
      yes(freePagesConsumed!.every((n) => Math.abs(n - dramFrames) <= 2)),
      (m) => yes(freePagesConsumed!.every((n) => Math.abs(n - m.consumed) <= 2)),
    ),
  ];
}

/** The board keeps 2 GiB of addresses below 4 GiB for devices. */
const LOW_HOLE_MIB = 2048;

/** PMD tables the namespace added: what its walk finds and a walk over DRAM's memmap does not. */
function newTables({ k }: Machine61, size: number): number {
  const { pmemStart } = k.machine.topology;
  const both = walkMemmap(k, 0, pmemStart + size / PAGE).pmdTables;
  return both - walkMemmap(k, 0, pmemStart).pmdTables;
}

function deviceZoneOf({ k }: Machine61) {
  return k.nodes[0].zones[ZONE_DEVICE];
}

function mapClaims(name: string, linux: typeof maps.namespaces[keyof typeof maps.namespaces]): Claim[] {
  const [sizeText, alignText, map] = name.split("-");
  const size = parseSize(sizeText);
  const align = parseSize(alignText);
  const how = sharing(align, map as MapMode);
  const compounds = how === "none" ? 0 : size / align;
  const row = rowsOf(name, MAPS_DRAM, size, align, map as MapMode);
  const leaves = how === "none" ? size / SECTION : 0;
  const start = Number(linux.namespaceStart);
  const { dataoff, usable } = reserve(start, size, align, map as MapMode)!;
  const refs: Readonly<Record<string, number>> = linux.tailFrameRefcounts;
  const framesWith = (n: number) => (_: Machine61, w: Walk) =>
    [...w.frames.values()].filter((refs) => refs === n).length;
  return [
    row("namespace starts", start, MAPS_DRAM + LOW_HOLE_MIB * 2 ** 20, (m) => up(m).extent.start),
    row("data starts", Number(linux.dataStart), start + dataoff, (m) => up(m).extent.start + up(m).info.dataoff),
    row("data bytes", Number(linux.dataBytes), usable, (m) => usableBytes(m.k, up(m))),
    row("first frame", linux.startPfn, start / PAGE, (m) => up(m).pgmap.ranges[0].start),
    row("frames", linux.pages, basePages(size), (m) => up(m).pgmap.ranges[0].end - up(m).pgmap.ranges[0].start),
    row("page-table entries", linux.ptes, how === "none" ? 0 : vmemmapPages(size), (_, w) => w.ptes),
    row("PMD leaves", linux.pmdLeaves, leaves, (_, w) => w.pmdLeaves),
    row("PMD leaves in DRAM", linux.pmdLeavesInDram, map === "mem" ? leaves : 0, (_, w) => w.pmdLeavesInDram),
    row(
      "4 KiB frames",
      linux.distinct4kFrames,
      how === "none" ? 0 : memmapFrames(size, align, how),
      (_, w) => w.frames.size,
    ),
    row("PTE tables", linux.pteTables, pteTables(size, align, how), (_, w) => w.pteTables),
    row("PMD tables", linux.pmdTables, newPmdTables(start, size, 0), (_, w) => w.pmdTables),
    row("frames mapped once", refs["1"] ?? 0, compounds, framesWith(1)),
    ...(how === "none" ? [] : [
      row(
        `frames mapped ${tailFrameRefs(align, how)} times`,
        refs[tailFrameRefs(align, how)] ?? 0,
        compounds,
        framesWith(tailFrameRefs(align, how)),
      ),
    ]),
    row(
      "of the first 16 memmap pages, mapped as on Linux",
      linux.sharingPatternFirst16.length,
      how === "none" ? 0 : 16,
      (_, w) => w.pattern.filter((frame, i) => frame === linux.sharingPatternFirst16[i]).length,
    ),
  ];
}

/** The machine of vmemmap_maps.json and struct_pages.json. */
export const MAPS_DRAM = 4 * 2 ** 30;

if (import.meta.main) Deno.exit(main([LINUX], Deno.args));

// SPDX-License-Identifier: GPL-2.0-only
// Every defect that is tried: an erratum of the documents, an edit of the sources (edits.ts), an object of a booted
// machine that misbehaves, or an order of steps that another CPU can observe. New paths add rows.

import { TOY, TOY_ARM64_PAGES, TOY_HUGETLB } from "../../src/arch/toy/toy.ts";
import { ZONE_DEVICE } from "../../src/include/mmzone.ts";
import { C } from "../../src/mm/vmstat.ts";
import { RACE_ROWS } from "./race_rows.ts";
import {
  DEV,
  devices,
  erratum,
  FAR,
  fullNode,
  IN_BOOT_SECTION,
  IN_LEAF,
  MEM,
  mutation,
  type MutationRow,
  object,
  PLUG,
  PLUGGED,
  plugged,
  POOLED,
  pooled,
  PUD,
  SECTIONS,
  SMALL,
  toy,
} from "./row.ts";

export const ROWS: readonly MutationRow[] = [
  erratum("refShiftLeft", "B1", "pgmap references counted with << order", { invariant: "I18" }),
  erratum("pfnNextYield", "B2", "pfn_next() yields on every step except one in 1024", { invariant: "I30" }),
  erratum("pgoffAlignUp", "B3", "page->index is that of the next huge page", { invariant: "I22" }),
  mutation("initAssumesShared", "B4", {
    machine: toy("v7", {}, { structPageSize: 80 }),
    live: devices(SECTIONS),
    invariant: "I6",
    notices: /I7 tail|I6/,
  }),
  erratum("earlySectionAssumedShared", "B5", "init skips tails in a section that has plain boot memmap", {
    machine: toy("v7", {}, IN_BOOT_SECTION),
    live: devices(MEM),
    invariant: "I6",
    notices: /I7 tail|I6/,
  }),
  erratum("pageblockInShortLoop", "B6", "pageblock types set inside the shortened loop", {
    live: devices(PUD),
    invariant: "I23",
  }),
  object("memmapChargedBySize", "B7", "removing memmap un-charges its full size", {
    patch: (k) => {
      const clear = k.sections.clear.bind(k.sections);
      k.sections.clear = (pfn, n) => {
        k.stat[C.nrMemmapPages] -= n * k.structPageSize / k.pageBytes;
        return clear(pfn, n);
      };
    },
    invariant: "I25",
    notices: /I25 nr_memmap_pages/,
  }),
  mutation("unwindWithoutAltmap", "B8", {
    live: devices(SMALL, { ...DEV, size: 2 ** 17 + 2 ** 12 }),
    invariant: "I16",
    notices: /belongs to no zone's free area|memmap of frame \d+ is not mapped/,
  }),
  mutation("leafFreedAsPage", "B9", {
    machine: toy("5.14"),
    invariant: "I12",
    notices: /I25 \d+ frames are vmemmap|I12/,
  }),
  mutation("noPgdSync", "B10", {
    machine: toy("v7", {}, FAR),
    invariant: "I3",
    notices: /I3 top-level entry/,
  }),
  mutation("unusedMarkedAtStart", "B11", {
    machine: toy("5.14", {}, { ...IN_LEAF, structPageSize: 80 }),
    live: devices(SECTIONS, SECTIONS),
    invariant: "I4",
    notices: /I1 vmemmap page \d+ is mapped|not mapped for writing/,
  }),
  mutation("leafFreedInUse", "B12", {
    machine: toy("5.14", {}, { structPageSize: 80 }),
    live: devices(SECTIONS, SECTIONS),
    invariant: "I4",
    notices: /I1 vmemmap page \d+ of frame \d+ is not mapped|memmap of frame \d+ is not mapped/,
  }),
  object("flushIsNoOp", "B13", "one CPU does not flush its TLB", {
    patch: (k) => void (k.machine.cpus[1].mmu.flushRange = () => {}),
    invariant: "I10",
    notices: /I10|memmap/,
  }),
  erratum(
    "grabOneMoreThanTwo",
    "001:4224",
    "the sketch takes the remaining references only for more than two pages",
    {
      machine: toy("v4", { gup: "grab-one" }),
      invariant: "I20",
      notices: /lost its last reference|I20/,
    },
  ),
  erratum("rangeFromCall", "001:3112", "the pages of an entry are counted from the first page of the call", {
    machine: toy("v4", { gup: "compound-range" }),
    invariant: "I21",
  }),
  erratum("compoundHeadUnadjusted", "004:202", "tails on the head's memmap page carry PG_head and pass for heads", {
    machine: toy("v7+head"),
    invariant: "I7",
    notices: /I7|I8/,
  }),
  erratum("dedupAnyStructSize", "v4, v5", "tails shared although struct pages straddle pages", {
    machine: toy("v7", {}, { structPageSize: 80 }),
    live: devices(SECTIONS),
    invariant: "I7",
    notices: /I7|I8|I6/,
  }),
  erratum("addPagesNoUnwind", "mm/memory_hotplug.c", "a failed add leaves the sections it had added", {
    live: devices(DEV, MEM),
    invariant: "I14",
    notices: /frames are lost by a failed add|errno -17|removePages|I\d+/,
  }),
  mutation("headBeforeTails", "001:687", { invariant: "I8" }),
  mutation("onlineBySection", "before 5.12", {
    machine: toy("v7", {}, IN_BOOT_SECTION),
    live: devices(MEM),
    invariant: "I31",
  }),
  mutation("deviceOnNodeZero", "", {
    machine: toy("v7", {}, { dram: [2 ** 16, 2 ** 16], pmem: [{ bytes: 2 ** 18, nid: 1 }] }),
    invariant: "I6",
  }),
  erratum(
    "addMemoryNullAltmap",
    "B8",
    "a block's own memmap is freed to the buddy allocator when its device cannot be created",
    {
      ...PLUGGED,
      invariant: "I16",
      notices: /belongs to no zone's free area|memmap of frame \d+ is not mapped|I\d+/,
    },
  ),
  mutation("headFromTemplate", "B14", { ...POOLED, invariant: "I8" }),
  ...(["graceAlways", "graceFlagKept"] as const).map((name) =>
    mutation(name, "B17", {
      machine: toy("v7", { hugetlbFlush: "batch", hugetlbGrace: true }, { hugetlbFreeVmemmap: true }),
      live: pooled,
      invariant: "I30",
    })
  ),
  mutation("poisonsTail", "B19", {
    ...POOLED,
    invariant: "I9",
    notices: /store to the read-only struct page/,
  }),
  mutation("restoresWhole", "B20", {
    ...POOLED,
    invariant: "I12",
    notices: /is not shared|not mapped by a page-table entry/,
  }),
  erratum(
    "restoreWithoutReset",
    "6.12.115",
    "restored tails on a copy of the head's page keep its special struct pages",
    {
      machine: toy("6.12", {}, { arch: TOY_HUGETLB, dram: [2 ** 23], pmem: [], hugetlbFreeVmemmap: true }),
      live: pooled,
      invariant: "I12",
      notices: /frames are in pools/,
    },
  ),
  mutation("restoresOnOwnNode", "B21", {
    machine: toy("v7", { hugetlbRestoreFallback: true }, { dram: [2 ** 20, 2 ** 20], hugetlbFreeVmemmap: true }),
    live: fullNode,
    invariant: "",
    notices: /\d+ pages stay|got 3, expected 0/,
  }),
  mutation("ownMemmapNotPresent", "", {
    ...PLUGGED,
    invariant: "I26",
    notices: /I26|I12/,
  }),
  mutation("selfHostedUnmarked", "", {
    machine: toy("6.1", { selfHostedVmemmap: "marked" }, PLUG),
    live: plugged,
    invariant: "I28",
  }),
  mutation("selfHostedAnywhere", "", {
    machine: toy("6.1", {}, { ...PLUG, structPageSize: 80 }),
    live: plugged,
    invariant: "I27",
  }),
  mutation("reuseWithoutGet", "", { invariant: "I13" }),
  mutation("sectionsNotJoined", "", { invariant: "I5" }),
  mutation("sectionStaysPresent", "", { invariant: "I14" }),
  mutation("altmapPagesFreed", "", {
    machine: toy("6.1", {}, { arch: TOY_ARM64_PAGES }),
    live: devices(SMALL, { ...DEV, size: 2 ** 15 + 2 ** 12 }),
    invariant: "I16",
    notices: /belongs to no zone's free area/,
  }),
  mutation("altmapFreeLost", "", {
    machine: toy("5.14"),
    invariant: "I15",
    notices: /failed to free all reserved pages/,
  }),
  mutation("recordsHeads", "", { machine: toy("v4"), invariant: "I21" }),
  mutation("pinWithoutReference", "", { machine: toy("v4"), invariant: "I20" }),
  object("vmemmapBaseUnaligned", "", "a vmemmap base that is not a multiple of 4 GiB loses its low word", {
    machine: toy("5.14"),
    arch: { ...TOY, vmemmapHi: TOY.vmemmapHi + 2 ** -10 },
    invariant: "I2",
    notices: /I2 pfn/,
  }),
  mutation("leafNotCleared", "", {
    machine: toy("5.14"),
    invariant: "I1",
    notices: /I1 |I25|I12/,
  }),
  object("freedBlockLost", "", "a freed block of memmap does not reach the free list", {
    machine: toy("5.14"),
    patch: (k) => {
      for (const area of k.nodes[0].zones.flatMap((zone) => zone.areas)) {
        const free = area.free.bind(area);
        area.free = (unit, order) => order === 0 ? free(unit, order) : undefined;
      }
    },
    invariant: "I12",
  }),
  object("pgmapNotStored", "", "memmap in an altmap whose pgmap cannot be found", {
    patch: (k) => void (k.pgmaps.store = () => {}),
    machine: toy("5.14"),
    live: devices(DEV),
    invariant: "I16",
  }),
  object("getDevPagemapTwice", "", "a lookup takes two references", {
    patch: (k) => {
      const lookup = k.pgmaps.lookup.bind(k.pgmaps);
      k.pgmaps.lookup = (pfn) => {
        const pgmap = lookup(pfn);
        if (pgmap !== null) pgmap.refs++;
        return pgmap;
      };
    },
    invariant: "I18",
  }),
  object("pgmapNotDeleted", "", "a removed pgmap is still found", {
    patch: (k) => void (k.pgmaps.delete = () => {}),
    machine: toy("5.14"),
    live: devices(SMALL),
    invariant: "I19",
  }),
  mutation("bootmemUnmarked", "", { invariant: "I24" }),
  mutation("bootmemFreedPlain", "", {
    ...POOLED,
    invariant: "I24",
    notices: /I25|I12/,
  }),
  mutation("labelReserved", "", { invariant: "I17" }),
  mutation("memmapNotPoisoned", "", {
    ...PLUGGED,
    invariant: "I32",
    notices: /I32 struct page/,
  }),
  mutation("poisonedTooLate", "", {
    invariant: "I32",
    notices: /I32 vmemmap page \d+ is not mapped/,
  }),
  object("zoneNotGrown", "", "the device zone does not span its device", {
    patch: (k) => void Object.defineProperty(k.nodes[0].zones[ZONE_DEVICE], "spanned", { get: () => 0, set: () => {} }),
    invariant: "I29",
  }),
  ...RACE_ROWS,
];

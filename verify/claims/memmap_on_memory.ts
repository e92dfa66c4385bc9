// SPDX-License-Identifier: GPL-2.0-only
// Seed 003, the cover letter of "Allocate memmap from hotadded memory (per device)", v7: pages per block, why it
// exists, and the exclusion with HugeTLB vmemmap freeing. The fences are in memmap_fences.ts.

import { type HotplugOptions, type HotplugReport, hotplugReport, PRESETS, traceReport } from "../../mod.ts";
import { boot } from "../../src/boot.ts";
import { memoryBlockOnline } from "../../src/drivers/base/memory.ts";
import { addMemory } from "../../src/drivers/base/memory_hotplug.ts";
import type { SelfHostedVmemmap } from "../../src/include/kernel_config.ts";
import { checkInvariants } from "../../src/debug_vm/debug_vm.ts";
import { allocHugePageAt, sizeToHstate } from "../../src/mm/hugetlb/hugetlb.ts";
import { mayFreeVmemmap } from "../../src/mm/hotplug/memmap_on_memory.ts";
import { type Claim, type Suite, YES_NO, yesNo } from "./claim.ts";
import { reach, tablesOf, usableOf, vmemmapPagesOf } from "../formulas/hotplug.ts";
import { diffstat, patchCount } from "./listings.ts";
import { panics, yes } from "../measure/measure.ts";
import { fenceClaims } from "./memmap_fences.ts";
import { READ_003, SUPERSEDED_003 } from "./read.ts";

/** Suite of seed 003. */
export const MEMMAP_ON_MEMORY: Suite = {
  name: "memmap_on_memory",
  title: "Seed 003: memmap from hot-added memory, v7",
  claims: () => [
    ...blockClaims(),
    ...reasonClaims(),
    ...roomClaims(),
    ...fenceClaims(),
    ...exclusionClaims(),
    patchCount("003-16", "003", 8),
    ...diffstat("003-17", "003"),
    ...SUPERSEDED_003,
    ...READ_003,
  ],
};

const MIB = 2 ** 20;
const GIB = 2 ** 30;
const SMALL = 128 * MIB;

const reports = new Map<string, HotplugReport>();

/** hotplugReport() without writing struct pages, once per set of options. */
function report(options: HotplugOptions): HotplugReport {
  const key = JSON.stringify(options);
  const known = reports.get(key) ?? hotplugReport({ dram: 4 * GIB, contents: false, ...options });
  reports.set(key, known);
  return known;
}

/** One block of each size on a machine that chooses it. */
const small = () => report({ size: SMALL, memmapOnMemory: true });
const oneGib = () => report({ size: GIB, dram: 65 * GIB, memmapOnMemory: true });
const twoGib = () => report({ size: 2 * GIB, dram: 64 * GIB, bareMetal: true, memmapOnMemory: true });

/** What is left of a block for users. */
function usable(what: string, bytes: number, measured: () => HotplugReport): Claim {
  return {
    id: `003-12/${what}`,
    what: `bytes usable of a block of ${what}`,
    unit: "",
    formula: usableOf(bytes),
    measure: () => measured().usableBytes,
    expected: "equal",
  };
}

function blockClaims(): Claim[] {
  return [
    {
      id: "003-12",
      what: "nr_vmemmap_pages of each of 4 blocks",
      unit: "",
      formula: 4 * vmemmapPagesOf(SMALL),
      measure: () =>
        report({ size: 4 * SMALL, dimm: SMALL, memmapOnMemory: true }).blocks.reduce((n, b) => n + b.vmemmapPages, 0),
      expected: "equal",
    },
    {
      id: "003-13",
      what: "vmemmap pages of a small block on x86-64",
      unit: "",
      printed: "512",
      formula: vmemmapPagesOf(SMALL),
      measure: () => small().selfHosted,
      expected: "confirmed",
    },
    {
      id: "003-14",
      what: "vmemmap pages of a block of 1 GB",
      unit: "",
      printed: "4096",
      formula: vmemmapPagesOf(GIB),
      measure: () => oneGib().selfHosted,
      expected: "confirmed",
    },
    {
      id: "003-14/large",
      what: "vmemmap pages of a large block of bare metal",
      unit: "",
      formula: vmemmapPagesOf(2 * GIB),
      measure: () => twoGib().selfHosted,
      expected: "equal",
      note: "large blocks of bare metal are 2 GiB; 1 GiB is for virtual machines whose memory ends at an odd GiB",
    },
    {
      id: "003-15",
      what: "pages a block's memmap keeps from being managed",
      unit: "",
      formula: vmemmapPagesOf(SMALL),
      measure: () => {
        const [base, , online] = small().states;
        return online.present - base.present - (online.managed - base.managed);
      },
      expected: "equal",
    },
    ...memmapFirstClaims(),
    usable("128M", SMALL, small),
    usable("1G", GIB, oneGib),
    usable("2G", 2 * GIB, twoGib),
  ];
}

/** What the two new functions do first and last. */
function memmapFirstClaims(): Claim[] {
  return [
    yesNo({
      id: "003-15/order",
      what: "going online, its memmap joins the zone before the rest, and leaves it after going offline",
      unit: "",
      printed: "1",
      formula: 1,
      measure: memmapFirst,
      expected: "confirmed",
    }),
    equal("003-15/written", "struct pages of it written by then", vmemmapPagesOf(SMALL), memmapWrittenFirst),
  ];
}

/** The life of a small block, call by call. */
function life() {
  return traceReport({ path: "hotplug", size: SMALL, memmapOnMemory: true, dram: 4 * GIB }).events;
}

function memmapFirst(): number {
  const at = (symbol: string) => life().findIndex((event) => event.kind === "enter" && event.symbol === symbol);
  const order = ["mhp_init_memmap_on_memory", "online_pages", "offline_pages", "mhp_deinit_memmap_on_memory"].map(at);
  return yes(order.every((place, i) => place >= 0 && (i === 0 || order[i - 1] < place)));
}

/** Struct pages of hot-added memory that were written when online_pages() begins. */
function memmapWrittenFirst(): number {
  return life().find((event) => event.symbol === "online_pages")?.counters.ramStructPagesWritten ?? 0;
}

/** The same without the feature. */
const without = (options: HotplugOptions) => report(options).baseline!;

/** The drawbacks of memmap from elsewhere: each is shown without and with the feature. */
function reasonClaims(): Claim[] {
  const size = 2 * GIB;
  const memmap = vmemmapPagesOf(size);
  const dimms = { size, dimm: SMALL, memmapOnMemory: true };
  const movable = { ...dimms, node: 1, online: "online_movable" } as const;
  const broken = { ...dimms, fragment: 1 };
  const consumed = (states: HotplugReport["states"]) => states[0].free - states[1].free;
  return [
    {
      id: "003-10",
      what: "drawbacks of memmap from elsewhere",
      unit: "",
      printed: "2",
      formula: 3,
      measure: () =>
        yes(consumed(without(dimms).states) > 0) + yes(without(movable).mapping.byNode[0] > 0) +
        yes(without(broken).mapping.pmdLeaves === 0),
      expected: "contradicted",
      note: "(a), (b) and (c) follow; all three are shown below",
    },
    equal("003-10/a before", "pages taken before going online", memmap, () => consumed(without(dimms).states)),
    equal("003-10/a after", "... on memory", 0, () => consumed(report(dimms).states)),
    equal("003-10/b before", "memmap of movable node 1 on node 0", memmap, () => without(movable).mapping.byNode[0]),
    equal("003-10/b after", "... on memory", 0, () => report(movable).mapping.byNode[0]),
    {
      id: "003-18",
      what: "fragmentation leads to base pages",
      unit: YES_NO,
      printed: "1",
      formula: 1,
      measure: () => yes(without(broken).mapping.pteEntries === memmap),
      expected: "confirmed",
    },
    equal("003-18/tables before", "page tables for it", tablesOf(size), () => without(broken).pages.pteTables),
    equal("003-18/tables after", "... on memory", 0, () => report(broken).pages.pteTables),
    equal(
      "003-18/reach before",
      "bytes a translation reaches",
      reach(false),
      () => without(broken).mapping.bytesPerTlbEntry,
    ),
    equal("003-18/reach after", "... on memory", reach(true), () => report(broken).mapping.bytesPerTlbEntry),
  ];
}

/** Memory for which there is no room elsewhere. */
function roomClaims(): Claim[] {
  const guest = { size: 12 * GIB, freeMemory: SMALL, dimm: SMALL, memmapOnMemory: true };
  return [
    yesNo(equal(
      "12G/one DIMM",
      "12G at once, 128M free, fails",
      yes(vmemmapPagesOf(12 * GIB) * 4096 > SMALL),
      () => yes(report({ size: 12 * GIB, freeMemory: SMALL }).error === "ENOMEM"),
    )),
    yesNo(equal(
      "12G/before",
      "12G as blocks, 128M free, fails",
      yes(vmemmapPagesOf(12 * GIB) * 4096 > SMALL),
      () => yes(without(guest).error === "ENOMEM"),
    )),
    equal("12G/after", "bytes added on memory", 12 * GIB, () => report(guest).addedBytes),
    equal(
      "dax/usable",
      "1G of device-dax as RAM, memmap on it",
      8 * usableOf(SMALL),
      () => report(DAX).usableBytes,
    ),
    equal(
      "dax/DRAM",
      "pages of DRAM it takes elsewhere",
      vmemmapPagesOf(GIB),
      () => without(DAX).pages.dramTotal,
    ),
  ];
}

/** A gibibyte of whole blocks for kmem, on a kernel whose kmem asks for memmap on the memory (6.8). */
const DAX: HotplugOptions = {
  range: { start: 8 * GIB, end: 9 * GIB },
  memmapOnMemory: true,
  kernel: "6.1,kmemMemmapOnMemory=true",
};

/** A claim of which the document prints no figure. */
function equal(id: string, what: string, formula: number, measure: () => number): Claim {
  return { id, what, unit: "", formula, measure, expected: "equal" };
}

/** Whether a kernel with HugeTLB vmemmap freeing keeps self-hosted frames: by refusing, by marks, or not at all. */
function exclusionClaims(): Claim[] {
  const selfHosted = (kernel: string) =>
    report({ size: SMALL, memmapOnMemory: true, hugetlbFreeVmemmap: true, kernel }).selfHosted;
  return [
    {
      id: "003-02",
      what: "5.14: HugeTLB freeing on keeps it off",
      unit: YES_NO,
      printed: "1",
      formula: 1,
      measure: () => yes(selfHosted("5.14") === 0),
      expected: "confirmed",
    },
    equal("003-02/later", "6.1: both on, vmemmap pages on memory", vmemmapPagesOf(SMALL), () => selfHosted("6.1")),
    yesNo(equal("003-02/marked", "6.1: may its memmap be freed", 0, () => yes(free("marked").allowed))),
    yesNo(equal("003-02/ignored", "without either", 1, () => yes(free("ignored").allowed))),
    yesNo(equal(
      "003-02/caught",
      "... a huge page on it, and the checker panics",
      1,
      () => yes(free("ignored").caught),
    )),
    yesNo(equal("003-02/sound", "... with marks it does not", 0, () => yes(free("marked").caught))),
  ];
}

/** Makes a 2M page of a block that holds its own memmap: whether its memmap may be freed, and what the checker says. */
function free(selfHostedVmemmap: SelfHostedVmemmap): { readonly allowed: boolean; readonly caught: boolean } {
  const k = boot({
    dram: [2 * GIB],
    hotplug: [{ bytes: SMALL }],
    memmapOnMemory: true,
    hugetlbFreeVmemmap: true,
    kernel: { ...PRESETS["6.1"], selfHostedVmemmap },
  });
  const start = k.machine.topology.hotplug[0].start;
  addMemory(k, 0, start * k.pageBytes, SMALL, { memmapOnMemory: true });
  const [block] = k.hotplug.blocks.values();
  memoryBlockOnline(k, block, "online");
  checkInvariants(k);
  const head = start + block.nrVmemmapPages;
  const allowed = mayFreeVmemmap(k, head);
  const caught = panics(/I16 frame \d+ holds memmap of its block/, () => {
    allocHugePageAt(k, sizeToHstate(k, 2 * MIB)!, head);
    checkInvariants(k);
  });
  return { allowed, caught };
}

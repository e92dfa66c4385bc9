// SPDX-License-Identifier: GPL-2.0-only
// Document 003, the cover letter of "Allocate memmap from hotadded memory (per device)", v7: pages per block, the
// reasons for it, and the exclusion with HugeTLB vmemmap freeing. The fences are in memmap_fences.ts.

import { type HotplugOptions, type HotplugReport, PRESETS, traceReport } from "../../mod.ts";
import { boot } from "../../src/boot.ts";
import { memoryBlockOnline } from "../../src/drivers/base/memory.ts";
import { addMemory } from "../../src/drivers/base/memory_hotplug.ts";
import type { SelfHostedVmemmap } from "../../src/include/kernel_config.ts";
import { vmemmapPage } from "../../src/mm/page.ts";
import { lookupAddress, vmemmapVpn } from "../../src/mm/pgtable.ts";
import { checkInvariants } from "../../src/debug_vm/debug_vm.ts";
import { allocHugePageAt, sizeToHstate } from "../../src/mm/hugetlb/hugetlb.ts";
import { mayFreeVmemmap } from "../../src/mm/hotplug/memmap_on_memory.ts";
import { hotplugReportOn } from "../../src/scenario/hotplug.ts";
import { check, type Claim, type Suite, yesNo } from "./claim.ts";
import { claim, withReadings } from "./documented.ts";
import { reach, tablesOf, usableOf, vmemmapPagesOf } from "../formulas/hotplug.ts";
import { diffstat, patchCount, references } from "./listings.ts";
import { generation } from "../measure/generation.ts";
import { kept, panics, yes } from "../measure/measure.ts";
import { fenceClaims } from "./memmap_fences.ts";

export const MEMMAP_ON_MEMORY: Suite = {
  name: "memmap_on_memory",
  title: "Document 003: memmap from hot-added memory, v7",
  claims: () =>
    withReadings("003", [
      ...blockClaims(),
      ...reasonClaims(),
      ...roomClaims(),
      ...fenceClaims(),
      ...exclusionClaims(),
      patchCount("003-16", "003", 8),
      ...diffstat("003-17", "003"),
      ...references("003-19"),
      claim("003-20", yes(vmemmapPagesOf(SMALL) > tablesOf(SMALL)), () => yes(memmapIsMost())),
      claim("003-21", vmemmapPagesOf(SMALL), memmapInOfflineBlock),
    ]),
};

const MIB = 2 ** 20;
const GIB = 2 ** 30;
const SMALL = 128 * MIB;

const reports = new Map<string, HotplugReport>();

/** hotplugReport(), cached, without struct page contents and without a direct map, which the documents do not count. */
function report(options: HotplugOptions): HotplugReport {
  const asked = options.kernel === undefined ? generation() : null;
  const all = { dram: 4 * GIB, contents: false, ...(asked === null ? {} : { kernel: asked }), ...options };
  return kept(reports, all, () => hotplugReportOn(all, false));
}

/** One block of each size, on machines that choose that size. */
const small = () => report({ size: SMALL, memmapOnMemory: true });
const oneGib = () => report({ size: GIB, dram: 65 * GIB, memmapOnMemory: true });
const twoGib = () => report({ size: 2 * GIB, dram: 64 * GIB, bareMetal: true, memmapOnMemory: true });

function blockClaims(): Claim[] {
  return [
    claim(
      "003-12",
      4 * vmemmapPagesOf(SMALL),
      () =>
        report({ size: 4 * SMALL, dimm: SMALL, memmapOnMemory: true }).blocks.reduce(
          (n, b) => n + b.selfHostedPages,
          0,
        ),
    ),
    claim("003-13", vmemmapPagesOf(SMALL), () => small().selfHostedPages),
    claim("003-14", vmemmapPagesOf(GIB), () => oneGib().selfHostedPages),
    claim("003-14/large", vmemmapPagesOf(2 * GIB), () => twoGib().selfHostedPages),
    claim("003-15", vmemmapPagesOf(SMALL), () => {
      const [base, , online] = small().states;
      return online.presentPages - base.presentPages - (online.managedPages - base.managedPages);
    }),
    ...memmapFirstClaims(),
    claim("003-12/128M", usableOf(SMALL), () => small().usableBytes),
    claim("003-12/1G", usableOf(GIB), () => oneGib().usableBytes),
    claim("003-12/2G", usableOf(2 * GIB), () => twoGib().usableBytes),
  ];
}

/** The order of the two new functions, and what the first one writes. */
function memmapFirstClaims(): Claim[] {
  return [
    claim("003-15/order", 1, memmapFirst),
    claim("003-15/written", vmemmapPagesOf(SMALL), memmapWrittenFirst),
  ];
}

/** The trace of a small block's life. */
function life() {
  return traceReport({ path: "hotplug", size: SMALL, memmapOnMemory: true, dram: 4 * GIB }).events;
}

function memmapFirst(): number {
  const at = (symbol: string) => life().findIndex((event) => event.kind === "enter" && event.symbol === symbol);
  const order = ["mhp_init_memmap_on_memory", "online_pages", "offline_pages", "mhp_deinit_memmap_on_memory"].map(at);
  return yes(order.every((place, i) => place >= 0 && (i === 0 || order[i - 1] < place)));
}

/** Struct pages of hot-added memory already written when online_pages() starts. */
function memmapWrittenFirst(): number {
  return life().find((event) => event.symbol === "online_pages")?.counters.ramStructPagesWritten ?? 0;
}

/** The report without the feature. */
const without = (options: HotplugOptions) => report(options).baseline!;

/** The drawbacks of memmap in other memory, each without and with the feature. */
function reasonClaims(): Claim[] {
  const size = 2 * GIB;
  const memmap = vmemmapPagesOf(size);
  const dimms = { size, dimm: SMALL, memmapOnMemory: true };
  const movable = { ...dimms, node: 1, online: "online_movable" } as const;
  const broken = { ...dimms, fragment: 1 };
  const consumed = (states: HotplugReport["states"]) => states[0].freePages - states[1].freePages;
  const mapping = () => without(broken).mapping;
  return [
    claim("003-10", 3, () =>
      yes(consumed(without(dimms).states) > 0) + yes(without(movable).mapping.byNode[0] > 0) +
      yes(without(broken).mapping.pmdLeaves === 0)),
    claim("003-10/a before", memmap, () => consumed(without(dimms).states)),
    claim("003-10/a after", 0, () => consumed(report(dimms).states)),
    claim("003-10/b before", memmap, () => without(movable).mapping.byNode[0]),
    claim("003-10/b after", 0, () => report(movable).mapping.byNode[0]),
    claim("003-18", 1, () => yes(mapping().pteEntries > 0 && mapping().pmdLeaves === 0)),
    claim("003-18/tables before", tablesOf(size), () => without(broken).pages.pteTables),
    claim("003-18/tables after", 0, () => report(broken).pages.pteTables),
    claim("003-18/reach before", reach(false), () => without(broken).mapping.bytesPerTlbEntry),
    claim("003-18/reach after", reach(true), () => report(broken).mapping.bytesPerTlbEntry),
  ];
}

/** Memory whose memmap would not fit elsewhere. */
function roomClaims(): Claim[] {
  const guest = { size: 12 * GIB, freeMemory: SMALL, dimm: SMALL, memmapOnMemory: true };
  return [
    yesNo(check(
      "12G/one DIMM",
      "12G at once, 128M free, fails",
      yes(vmemmapPagesOf(12 * GIB) * 4096 > SMALL),
      () => yes(report({ size: 12 * GIB, freeMemory: SMALL }).errno === "ENOMEM"),
    )),
    yesNo(check(
      "12G/before",
      "12G as blocks, 128M free, fails",
      yes(vmemmapPagesOf(12 * GIB) * 4096 > SMALL),
      () => yes(without(guest).errno === "ENOMEM"),
    )),
    check("12G/after", "bytes added on memory", 12 * GIB, () => report(guest).addedBytes),
    check(
      "dax/usable",
      "1G of device-dax as RAM, memmap on it",
      8 * usableOf(SMALL),
      () => report(DAX).usableBytes,
    ),
    check(
      "dax/DRAM",
      "pages of DRAM it takes elsewhere",
      vmemmapPagesOf(GIB),
      () => without(DAX).pages.dramTotal,
    ),
  ];
}

/** Whether a block's memmap takes more DRAM than the rest of adding it. */
function memmapIsMost(): boolean {
  const { vmemmap, dramTotal } = report({ size: SMALL }).pages;
  return vmemmap > dramTotal - vmemmap;
}

/** Memmap pages of an offline block that are mapped to frames of the block. */
function memmapInOfflineBlock(): number {
  const k = boot({ hotplug: [{ bytes: SMALL }], memmapOnMemory: true });
  const { start, end } = k.machine.topology.hotplug[0];
  addMemory(k, 0, start * k.pageBytes, SMALL, { memmapOnMemory: true });
  const pages = new Set<number>();
  for (let pfn = start; pfn < end; pfn++) {
    const frame = lookupAddress(k, k.rootPfn, vmemmapVpn(k, vmemmapPage(k, pfn)))?.pfn ?? -1;
    if (frame >= start && frame < end) pages.add(frame);
  }
  return pages.size;
}

/** 1 GiB of whole blocks for kmem, on a kernel whose kmem uses memmap_on_memory (6.8). */
const DAX: HotplugOptions = {
  range: { start: 8 * GIB, end: 9 * GIB },
  memmapOnMemory: true,
  kernel: "6.1,kmemMemmapOnMemory=true",
};

/** How a kernel with HugeTLB vmemmap freeing keeps self-hosted frames: by refusal, by marks, or not at all. */
function exclusionClaims(): Claim[] {
  const selfHosted = (kernel: string) =>
    report({ size: SMALL, memmapOnMemory: true, hugetlbFreeVmemmap: true, kernel }).selfHostedPages;
  return [
    claim("003-02", 1, () => yes(selfHosted("5.14") === 0)),
    claim("003-02/later", vmemmapPagesOf(SMALL), () => selfHosted("6.1")),
    claim("003-02/marked", 0, () => yes(free("marked").allowed)),
    claim("003-02/ignored", 1, () => yes(free("ignored").allowed)),
    claim("003-02/caught", 1, () => yes(free("ignored").caught)),
    claim("003-02/sound", 0, () => yes(free("marked").caught)),
  ];
}

/**
 * Makes a 2M page in a block that holds its own memmap; returns whether that page's memmap may be freed, and whether
 * the checker objects.
 */
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

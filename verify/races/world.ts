// SPDX-License-Identifier: GPL-2.0-only
// The small world the races run in: a toy machine with two CPUs, a device-dax device of one PUD of pmem, a process that
// maps it. CPU 0 runs gup-fast with interrupts off, CPU 1 takes the device down and brings it up again.
//
//   pmem  | 256 pages; the process maps them by one PMD entry per 16 pages (or one PUD entry) and holds pages 5 and 6 |
//
// A flush of CPU 0's TLB arrives when CPU 1's step says so, so that the window in which it still has an old translation
// is open to look into. The world notes what no kernel may do (hazards) at the moment it happens.

import { boot } from "../../src/boot.ts";
import { allocDaxRegion, createDevDax, type DevDax } from "../../src/drivers/dax/bus.ts";
import { daxMmap, devDaxProbe } from "../../src/drivers/dax/device.ts";
import { type KernelConfig, PRESETS } from "../../src/include/kernel_config.ts";
import { PAGE_FLAGS, PAGE_PGMAP, PAGE_PGMAP_HI, PAGE_POISON_WORD, PAGE_REFCOUNT } from "../../src/include/mm_types.ts";
import type { DevPagemap } from "../../src/include/memremap.ts";
import { KernelPanic, panic } from "../../src/lib/bug.ts";
import { Mmu } from "../../src/machine/mmu.ts";
import { checkInvariants } from "../../src/mm/debug_vm.ts";
import { type Kernel, objectAt } from "../../src/mm/kernel.ts";
import { putDevPagemap } from "../../src/mm/memremap.ts";
import { handleFault, mmAlloc } from "../../src/mm/memory.ts";
import type { Mm } from "../../src/mm/mm.ts";
import { addPageCount, compoundHead, pageRefcount, readPage, vmemmapPage } from "../../src/mm/page.ts";
import { entryFrame, entryHuge, entryNone, levelPages, vmemmapVpn, walkTo } from "../../src/mm/pgtable.ts";

/** What the unmapping CPU waits for before it goes on. */
export type Waits =
  /** Nothing: what a variant must then do by itself shows. */
  | "none"
  /** TLB flushes are interrupts that are answered once gup-fast has turned them on again (x86). */
  | "ipi"
  /** percpu_ref_kill() lets a grace period pass; gup-fast, interrupts off, is a reader. Flushes are broadcast (arm64). */
  | "rcu";

/** How memunmap_pages() gets its references back. */
export type Memunmap =
  /** One put_page() per page; whoever puts the last one drops the pgmap's (up to 5.17). */
  | "per-page"
  /** percpu_ref_put_many(); pages in use are not looked at (from 5.18). */
  | "bulk"
  /** The same by a driver that first waits until no page is in use. */
  | "bulk, idle first";

/** What happens to the device. Pages. */
export interface Setting {
  readonly waits: Waits;
  readonly memunmap: Memunmap;
  /** Pages per mapping and per compound page, before. */
  readonly before: Geometry;
  /** The same after it was brought up again; null when it stays down. */
  readonly after: Geometry | null;
}

/** How a device is mapped: pages per entry, and per compound (1: base pages). */
export interface Geometry {
  readonly align: number;
  readonly compound: number;
}

/** The world between steps. */
export interface RaceWorld {
  readonly k: Kernel;
  readonly dev: DevDax;
  readonly mm: Mm;
  readonly setting: Setting;
  /** Page gup begins at, and how many it wants. */
  readonly vpn: number;
  readonly n: number;
  /** Number of the stretch CPU 0 has interrupts off in; 0 when they are on. */
  section: number;
  sections: number;
  /** TLB flushes that CPU 0 has not carried out. */
  readonly flushes: [number, number][];
  readonly hazards: Set<string>;
  /** Pages gup returned; whether it counted on a page of a life of the device after the one its entry was from. */
  held: number;
  speculated: boolean;
  /** The pgmap that was up when gup read its entry. */
  entryOf: DevPagemap | null;
}

const PAGES = 256;
const FIRST = 5;
/** Where the process maps the device. */
const BASE_VPN = 256;

/** A fresh world: device up, mapped, touched. */
export function raceWorld(setting: Setting): RaceWorld {
  const config: KernelConfig = {
    ...PRESETS["v7"],
    compoundDevmap: setting.before.compound > 1,
    memunmap: setting.memunmap === "per-page" ? "per-page" : "bulk",
  };
  const k = boot({
    arch: "toy",
    kernel: config,
    dram: [2 ** 16],
    pmem: [{ bytes: PAGES * 256 }],
    cpus: 2,
    debug: true,
  });
  const { nid, start, end } = k.machine.topology.pmem[0];
  const region = allocDaxRegion(k, nid, { start, end }, 256, false) ?? setUpFailed("no region");
  const dev = created(createDevDax(k, region, PAGES, setting.before.align * 256, null));
  if (devDaxProbe(k, dev) < 0) setUpFailed("no device");
  const mm = created(mmAlloc(k));
  const vpn = BASE_VPN + FIRST;
  mapDevice(k, dev, mm, vpn);
  const world: RaceWorld = {
    k,
    dev,
    mm,
    setting,
    vpn,
    n: 2,
    section: 0,
    sections: 0,
    flushes: [],
    hazards: new Set(),
    held: 0,
    speculated: false,
    entryOf: null,
  };
  k.machine.cpus[0].mmu.flushRange = (vpage, count) => void world.flushes.push([vpage, count]);
  return world;
}

/** Maps all of the device in the process and touches a page. */
export function mapDevice(k: Kernel, dev: DevDax, mm: Mm, vpn: number): void {
  created(daxMmap(k, dev, mm, BASE_VPN, PAGES, 0));
  const result = handleFault(k, mm, vpn);
  if (result !== "nopage") setUpFailed(`fault says ${result}`);
}

/** CPU 0 carries out the flushes it was sent. */
export function takeFlushes(w: RaceWorld): void {
  const { mmu } = w.k.machine.cpus[0];
  for (const [vpage, count] of w.flushes.splice(0)) Mmu.prototype.flushRange.call(mmu, vpage, count);
}

/** The leaf that maps the page gup begins at: word index of the entry, the frame of the page, the one the entry names. */
export interface Leaf {
  readonly at: number;
  readonly pfn: number;
  readonly first: number;
}

/** Walks the process's tables to the page gup begins at; null when it is not mapped. */
export function findLeaf(w: RaceWorld): Leaf | null {
  for (let level = 2; level >= 0; level--) {
    const at = walkTo(w.k, w.mm.rootPfn, w.vpn, level);
    if (at < 0 || entryNone(w.k, at)) return null;
    if (level > 0 && !entryHuge(w.k, at)) continue;
    const first = entryFrame(w.k, at);
    return { at, pfn: first + w.vpn % levelPages(w.k, level), first };
  }
  return null;
}

/** Notes what is wrong with touching this struct page now, as the current CPU sees it; panics when it faults. */
export function look(w: RaceWorld, pfn: number, verb: string): void {
  const { k } = w;
  const inDevice = Number.isInteger(pfn) && pfn >= 0 && pfn < k.machine.topology.maxPfn;
  if (!inDevice) panic(`look: ${verb} a struct page at a garbage address`);
  const vpage = vmemmapPage(k, pfn);
  const seen = k.cpu.mmu.frame(vpage);
  if (seen < 0) panic(`look: ${verb} a struct page that is not mapped`);
  if (seen !== memmapFrame(k, vpage)) w.hazards.add(`${verb} freed memmap through a stale translation`);
  else if (readPage(k, pfn, PAGE_FLAGS) === PAGE_POISON_WORD) w.hazards.add(`${verb} a struct page nobody initialised`);
}

/** The head a page has by the tables and struct pages of this moment, not by what CPU 0 remembers; -1 without memmap. */
export function trueHead(w: RaceWorld, pfn: number): number {
  const { k } = w;
  if (memmapFrame(k, vmemmapPage(k, pfn)) < 0) return -1;
  const cpu = k.cpu;
  k.cpu = k.machine.cpus[1];
  const head = compoundHead(k, pfn);
  k.cpu = cpu;
  return head;
}

/** `put_page`, `refs` times, on a head. With memunmap per page the last one drops the pgmap's reference (__put_page). */
export function putDevicePage(w: RaceWorld, head: number, refs: number): void {
  const { k } = w;
  look(w, head, "puts");
  const left = addPageCount(k, head, PAGE_REFCOUNT, -refs);
  if (left < 0 || left === 0 && w.setting.memunmap !== "per-page") {
    w.hazards.add("puts a reference that is not its own");
  }
  if (left !== 0 || w.setting.memunmap !== "per-page") return;
  const pgmap = objectAt(k, readPage(k, head, PAGE_PGMAP), readPage(k, head, PAGE_PGMAP_HI));
  if (pgmap === null) return void w.hazards.add("puts the last reference of a page without pgmap");
  putDevPagemap(pgmap as DevPagemap);
}

/** The end of a run: hazards noted on the way, and what is left behind. */
export function raceEnd(w: RaceWorld, waiting: readonly string[], thrown: unknown): readonly string[] {
  if (thrown !== undefined) {
    if (!(thrown instanceof KernelPanic)) throw thrown;
    return [...w.hazards, `oops: ${thrown.message.replace(/^\w+: /, "").replace(/\d+/g, "N")}`];
  }
  if (waiting.length > 0) return [...w.hazards, `${waiting.join(", ")}: waits for ever`];
  const { k } = w;
  k.cpu = k.machine.cpus[1];
  const extra = extraReferences(k);
  if (extra !== 0) return [...w.hazards, extra > 0 ? "leaks a reference" : "takes a reference too many away"];
  k.gupRefs = 0;
  try {
    checkInvariants(k);
  } catch (error) {
    if (!(error instanceof KernelPanic)) throw error;
    return [...w.hazards, error.message.replace(/\d+/g, (n, at) => at > 0 && error.message[at - 1] === "I" ? n : "N")];
  }
  return [...w.hazards];
}

/** References beyond the one each page was born with, over all pages that are up. */
function extraReferences(k: Kernel): number {
  let extra = 0;
  for (const { range, pgmap } of k.pgmaps.entries) {
    for (let pfn = range.start; pfn < range.end; pfn += pgmap.geometry) extra += pageRefcount(k, pfn) - 1;
  }
  return extra;
}

/** Frame of a vmemmap page in the kernel table, past every TLB; -1 when none. */
function memmapFrame(k: Kernel, vpage: number): number {
  const vpn = vmemmapVpn(k, vpage);
  const pmd = walkTo(k, k.rootPfn, vpn, 1);
  if (pmd < 0 || entryNone(k, pmd)) return -1;
  if (entryHuge(k, pmd)) return entryFrame(k, pmd) + vpn % levelPages(k, 1);
  const pte = walkTo(k, k.rootPfn, vpn, 0);
  return entryNone(k, pte) ? -1 : entryFrame(k, pte);
}

function created<T>(result: T | number): T {
  return typeof result === "number" ? setUpFailed(`errno ${result}`) : result;
}

/** No panic: what is wrong with the set-up must not pass for something a race did. */
export function setUpFailed(why: string): never {
  throw new Error(`Cannot set the race up: ${why}`);
}

// SPDX-License-Identifier: GPL-2.0-only
// The small world of device-dax: a toy machine with two CPUs, a device of one PUD of pmem, and a process that maps it.
// CPU 0 runs gup-fast with interrupts off, CPU 1 takes the device down and brings it up again.
//
//   pmem  | 256 pages; the process maps them by one PMD entry per 16 pages (or one PUD entry) and holds pages 5 and 6 |

import { boot } from "../../src/boot.ts";
import { allocDaxRegion, createDevDax, type DevDax } from "../../src/drivers/dax/bus.ts";
import { daxMmap, devDaxProbe } from "../../src/drivers/dax/device.ts";
import { type KernelConfig, PRESETS } from "../../src/include/kernel_config.ts";
import { PAGE_PGMAP, PAGE_PGMAP_HI, PAGE_REFCOUNT } from "../../src/include/mm_types.ts";
import type { DevPagemap } from "../../src/include/memremap.ts";
import { type Kernel, type Mm, objectAt } from "../../src/mm/kernel.ts";
import { putDevPagemap } from "../../src/mm/memremap.ts";
import { handleFault, mmAlloc } from "../../src/mm/memory.ts";
import { addPageCount, compoundHead, pageRefcount, readPage, vmemmapPage } from "../../src/mm/page.ts";
import { created, type GupStage, holdFlushes, look, memmapFrame, onCpu, setUpFailed } from "./stage.ts";

/** What the unmapping CPU waits for. */
export type Waits =
  /** Nothing: shows what a variant must then ensure by itself. */
  | "none"
  /** TLB flushes are interrupts, answered once gup-fast has enabled them again (x86). */
  | "ipi"
  /**
   * percpu_ref_kill() waits for a grace period; gup-fast, interrupts off, is a reader. Flushes are broadcast (arm64).
   */
  | "rcu";

/** How memunmap_pages() gets its references back. */
export type Memunmap =
  /** One put_page() per page; the last one drops the pgmap's reference (up to 5.17). */
  | "per-page"
  /** percpu_ref_put_many(); pages in use are not checked (from 5.18). */
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
  /** The device begins in the middle of a section whose first half is RAM. */
  readonly besideRam?: boolean;
  /** pageunmap_range() takes the pgmap out of the tree before it removes the memmap, unlike the kernel. */
  readonly pgmapFirst?: boolean;
}

/** How a device is mapped: pages per entry, and per compound (1: base pages). */
export interface Geometry {
  readonly align: number;
  readonly compound: number;
}

/** The world between steps. */
export interface RaceWorld extends GupStage {
  readonly dev: DevDax;
  readonly setting: Setting;
}

const PAGES = 256;
const FIRST = 5;
/** Bytes of RAM that end in the middle of a section of 64 pages. */
const HALF_SECTION = 4.5 * 64 * 256;
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
    dram: [setting.besideRam === true ? HALF_SECTION : 2 ** 16],
    pmem: [{ bytes: PAGES * 256, ...(setting.besideRam === true ? { startBytes: HALF_SECTION } : {}) }],
    cpus: 2,
    debug: true,
    // Just enough room for the memmaps and tables: boot takes time in proportion to the host memory.
    hostMemoryBytes: 3 * 2 ** 14,
  });
  const { nid, start, end } = k.machine.topology.pmem[0];
  const region = allocDaxRegion(k, nid, { start, end }, 256, false) ?? setUpFailed("no region");
  const dev = created(createDevDax(k, region, PAGES, setting.before.align * 256, null));
  if (devDaxProbe(k, dev) < 0) setUpFailed("no device");
  const mm = created(mmAlloc(k));
  const vpn = BASE_VPN + FIRST;
  mapDevice(k, dev, mm, vpn);
  // The pgmap that was up when gup read its entry.
  let entryOf: DevPagemap | null = null;
  const w: RaceWorld = {
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
    keeps: () => false,
    finish: () => extraReferences(k),
    entryRead: (again) => {
      if (!again) entryOf = dev.pgmap;
    },
    counted: (pfn, head) => {
      if (trueHead(w, pfn) !== head) w.hazards.add("counts on a stale head");
      if (k.pgmaps.lookup(pfn) !== entryOf) w.speculated = true;
    },
    returned: () => {},
    headNow: (pfn) => trueHead(w, pfn),
    put: (head, refs) => putDevicePage(w, head, refs),
  };
  holdFlushes(k, w.flushes);
  return w;
}

/** Maps all of the device in the process and touches a page. */
export function mapDevice(k: Kernel, dev: DevDax, mm: Mm, vpn: number): void {
  created(daxMmap(k, dev, mm, BASE_VPN, PAGES, 0));
  const result = handleFault(k, mm, vpn);
  if (result !== "nopage") setUpFailed(`fault says ${result}`);
}

/**
 * The head of a page by the current tables and struct pages, ignoring CPU 0's cached translations; -1 without memmap.
 */
function trueHead(w: RaceWorld, pfn: number): number {
  const { k } = w;
  if (memmapFrame(k, vmemmapPage(k, pfn)) < 0) return -1;
  const cpu = k.cpu;
  onCpu(w, 1);
  const head = compoundHead(k, pfn);
  k.cpu = cpu;
  return head;
}

/**
 * `put_page`, `refs` times, on a head. With memunmap per page the last one drops the pgmap's reference (__put_page).
 */
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

/** References beyond each page's initial one, over all pages that are up. */
function extraReferences(k: Kernel): number {
  let extra = 0;
  for (const { range, pgmap } of k.pgmaps.entries) {
    for (let pfn = range.start; pfn < range.end; pfn += pgmap.geometry) extra += pageRefcount(k, pfn) - 1;
  }
  return extra;
}

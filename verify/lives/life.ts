// SPDX-License-Identifier: GPL-2.0-only
// One life of a toy machine under random operations, and the model it is compared with: what exists and what is held,
// kept by simple arithmetic that shares no code with the paths under test. Operations are in operations.ts; check()
// runs the kernel's invariants and the model's own after each one, and end() takes everything down and looks for
// leaks.

import type { Arch } from "../../src/arch/arch.ts";
import { boot } from "../../src/boot.ts";
import { memoryBlockOffline } from "../../src/drivers/base/memory.ts";
import { removeMemory } from "../../src/drivers/base/memory_hotplug.ts";
import { allocDaxRegion, type DaxRegion, deleteDevDax, type DevDax } from "../../src/drivers/dax/bus.ts";
import { devDaxRemove } from "../../src/drivers/dax/device.ts";
import { checkInfoBlock } from "../../src/drivers/nvdimm/debug_pfn.ts";
import { destroyNamespace, type NdNamespace } from "../../src/drivers/nvdimm/namespace.ts";
import { type NdRegion, ndRegions } from "../../src/drivers/nvdimm/region.ts";
import type { KernelConfig } from "../../src/include/kernel_config.ts";
import { panic } from "../../src/lib/bug.ts";
import { checkInvariants } from "../../src/debug_vm/debug_vm.ts";
import { conserved } from "../../src/debug_vm/hugetlb.ts";
import type { GupMode } from "../../src/include/gup.ts";
import { putPages, unpinPages } from "../../src/mm/gup/put.ts";
import { freeHugePage, setNrHugepages } from "../../src/mm/hugetlb/hugetlb.ts";
import { flushFreeHpageWork } from "../../src/mm/hugetlb/make_and_free.ts";
import type { Kernel, Mm, VmArea } from "../../src/mm/kernel.ts";
import { mmPut } from "../../src/mm/memory.ts";
import { pageRefcount } from "../../src/mm/page.ts";

/** Pages held by gup. */
export interface Holding {
  readonly mode: GupMode;
  readonly pages: Float64Array;
  /** References that each page counts for, and the head that holds them according to the model. */
  readonly perPage: number;
  readonly heads: readonly number[];
}

/** The setting of a life. */
export interface LifeSetting {
  /** The toy or one of its variants. */
  readonly arch: Arch;
  readonly kernel: KernelConfig;
  readonly structPageSize: number;
}

/** Toy pages of pmem in each region. */
const REGION_PAGES = 512;
/** Bytes of a pluggable memory block, and how many there can be. */
export const BLOCK_BYTES = 2 ** 14;
export const BLOCKS = 4;
/** Pages of address space for one mapping, and the number of mappings of a process. */
export const WINDOW_PAGES = 1024;
export const WINDOWS = 6;

/** A machine, and the model of its contents. */
export class Life {
  readonly k: Kernel;
  readonly region: NdRegion;
  readonly daxRegion: DaxRegion;
  readonly namespaces: NdNamespace[] = [];
  /** Dynamic devices, bound or not. */
  readonly devices: DevDax[] = [];
  readonly mms: Mm[] = [];
  readonly areas: VmArea[] = [];
  readonly held: Holding[] = [];
  /** Huge pages with users; whether any frame of one ever went bad. */
  readonly huge: number[] = [];
  poisoned = false;
  readonly #freeAtStart: number;
  /** Kernel functions that the tracer saw entered but not left. */
  #open = 0;
  /** Operations performed; those that failed because of an injected allocation failure. */
  operations = 0;
  failures = 0;

  constructor(setting: LifeSetting) {
    this.k = boot({
      arch: setting.arch,
      kernel: setting.kernel,
      structPageSize: setting.structPageSize,
      dram: [2 ** 17, 2 ** 17],
      hotplug: [{ bytes: BLOCKS * BLOCK_BYTES }],
      memmapOnMemory: true,
      hugetlbFreeVmemmap: true,
      pmem: [{ bytes: REGION_PAGES * 256, nid: 0 }, { bytes: REGION_PAGES * 256, nid: 1 }],
      cpus: 2,
      debug: true,
    });
    this.k.tracer = { enter: () => void this.#open++, leave: () => void this.#open-- };
    this.region = ndRegions(this.k)[0];
    const { nid, start, end } = this.k.machine.topology.pmem[1];
    this.daxRegion = allocDaxRegion(this.k, nid, { start, end }, 256, false) ?? panic("Life: no dax region");
    this.#freeAtStart = conserved(this.k);
    this.check();
  }

  /** Checks everything that the kernel and the model must agree on. */
  check(): void {
    const { k } = this;
    checkInvariants(k);
    if (this.#open !== 0) panic(`Life.check: ${this.#open} more functions were entered than left`);
    for (const ns of this.namespaces) checkInfoBlock(k, ns);
    const counts = new Map<number, number>();
    let [refs, pins] = [0, 0];
    for (const { heads, perPage, mode } of this.held) {
      for (const head of heads) counts.set(head, (counts.get(head) ?? 1) + perPage);
      refs += heads.length * perPage;
      if (mode === "pin" && perPage === 1) pins += heads.length;
    }
    if (k.gupRefs !== refs || k.gupPins !== pins) {
      panic(`Life.check: ${k.gupRefs} references and ${k.gupPins} pins are out, the model has ${refs} and ${pins}`);
    }
    for (const [head, count] of counts) {
      if (pageRefcount(k, head) !== count) {
        panic(`Life.check: frame ${head} has ${pageRefcount(k, head)} references, the model ${count}`);
      }
    }
    const up = this.namespaces.length + this.devices.filter((dev) => dev.bound).length;
    const pgmaps = new Set(k.pgmaps.entries.map(({ pgmap }) => pgmap)).size;
    if (pgmaps !== up) panic(`Life.check: ${pgmaps} pgmaps are up, the model has ${up}`);
    if (k.mms.size !== this.mms.length) panic(`Life.check: ${k.mms.size} processes, the model has ${this.mms.length}`);
  }

  /** Whether any page of a device is held in the model. */
  holds(dev: DevDax | null): boolean {
    return this.held.some(({ pages }) => pages.some((pfn) => dev?.ranges.some((r) => pfn >= r.start && pfn < r.end)));
  }

  /** Puts pages of any origin. */
  put({ mode, pages }: Holding): void {
    if (mode === "pin") unpinPages(this.k, pages, 0, pages.length);
    else putPages(this.k, pages, 0, pages.length);
  }

  /** Drops areas whose device or process is gone. */
  dropAreas(gone: (area: VmArea) => boolean): void {
    for (const area of this.areas.filter(gone)) this.areas.splice(this.areas.indexOf(area), 1);
  }

  /** Takes everything down and checks that nothing is left. */
  end(): void {
    const { k } = this;
    for (const holding of this.held.splice(0)) this.put(holding);
    for (const mm of this.mms.splice(0)) mmPut(k, mm);
    this.areas.length = 0;
    for (const ns of this.namespaces.splice(0)) expectDone(destroyNamespace(k, ns), "destroyNamespace");
    for (const dev of this.devices.splice(0)) {
      if (dev.bound) expectDone(devDaxRemove(k, dev), "devDaxRemove");
      expectDone(deleteDevDax(dev), "deleteDevDax");
    }
    this.#emptyPool();
    this.#unplugAll();
    this.check();
    // A bad frame keeps its block online here (Linux lets it go), so leaks cannot be told apart.
    if (k.hotplug.blocks.size > 0) return;
    // Vmemmap tables of the level below the top one stay, as in the kernel; they are the same in every life.
    const missing = this.#freeAtStart - conserved(k);
    if (missing < 0 || missing > 1) panic(`Life.end: ${missing} frames are missing`);
  }

  /** Users return their pages; surplus pages are adopted, then all are freed. */
  #emptyPool(): void {
    const { k } = this;
    const [h] = k.hugetlb.hstates;
    for (const head of this.huge.splice(0)) expectDone(freeHugePage(k, h, head), "freeHugePage");
    flushFreeHpageWork(k);
    if (h.surplusHugePages > 0) setNrHugepages(k, h, h.nrHugePages);
    setNrHugepages(k, h, 0);
    flushFreeHpageWork(k);
    if (h.nrHugePages !== 0) panic(`Life.end: ${h.nrHugePages} huge pages stay`);
  }

  /** A block may hold memmap of another one, so this takes several passes. */
  #unplugAll(): void {
    const { k } = this;
    const { blocks } = k.hotplug;
    for (let round = 0; blocks.size > 0; round++) {
      if (round > BLOCKS && this.poisoned) return;
      if (round > BLOCKS) panic(`Life.end: ${blocks.size} memory blocks cannot be taken away`);
      for (const block of [...blocks.values()]) {
        if (block.zone >= 0 && memoryBlockOffline(k, block) < 0) continue;
        expectDone(removeMemory(k, block.start * k.pageBytes, BLOCK_BYTES), "removeMemory");
      }
    }
  }
}

function expectDone(errno: number, what: string): void {
  if (errno !== 0) panic(`Life.end: ${what} says ${errno}`);
}

// SPDX-License-Identifier: GPL-2.0-only
// The measurements behind the claims. Each boots a box, runs the kernel paths, and reads frames, page-table entries,
// struct pages and counters; what can be counted is not computed. Reports are cached but kernels are not, so that a box
// is freed before the next one is built.

import {
  gupReport,
  type KernelConfig,
  KernelPanic,
  type LayoutReport,
  layoutReport,
  type NamespaceOptions,
  type NamespacePages,
  type NamespaceReport,
  namespaceReport,
  PRESETS,
} from "../../mod.ts";
import { createNamespace, type NdNamespace } from "../../src/drivers/nvdimm/namespace.ts";
import { ndRegions } from "../../src/drivers/nvdimm/region.ts";
import { daxMmap } from "../../src/drivers/dax/device.ts";
import { errnoName } from "../../src/include/errno.ts";
import { checkInvariants } from "../../src/debug_vm/debug_vm.ts";
import type { GupMode } from "../../src/include/gup.ts";
import { gupTest, type GupTestResult } from "../../src/mm/gup/ioctl.ts";
import type { Kernel, VmArea } from "../../src/mm/kernel.ts";
import { mmAlloc, populateArea } from "../../src/mm/memory.ts";
import { compoundHead } from "../../src/mm/page.ts";
import { levelPages } from "../../src/mm/pgtable.ts";
import { bootBox, namespaceConfig } from "../../src/scenario/box.ts";
import { gupBox } from "../../src/scenario/gup.ts";
import { createOnBox } from "../../src/scenario/namespace.ts";
import { asAsked } from "./generation.ts";

/** Amount of work. Bytes. */
export interface Scale {
  /** Under 30 seconds: costs per TiB are counted on a part and multiplied. */
  readonly quick: boolean;
  /** Size of the namespaces on which the costs per TiB are counted. */
  readonly size: number;
}

/** 1 TiB, or a part of it. */
export function scaleOf(quick: boolean): Scale {
  return { quick, size: quick ? 2 ** 34 : 2 ** 40 };
}

const namespaces = new Map<string, NamespaceReport>();

/** namespaceReport(), cached by options. */
export function namespaceOf(options: NamespaceOptions): NamespaceReport {
  const asked = options.kernel === undefined ? options : { ...options, kernel: asAsked(options.kernel) };
  return kept(namespaces, asked, () => namespaceReport(asked));
}

/** Memory used by one namespace on the box of {@linkcode COST_BOX}. */
export interface Cost {
  /** Frames by use. */
  readonly pages: NamespacePages;
  /** Struct pages written; 0 if only frames and tables were counted. */
  readonly written: number;
  readonly pgmapRefs: number;
}

/** DRAM of the box used for the costs, and its end: 2 GiB are below the hole, the rest from 4 GiB on. */
export const COST_BOX = { dram: 20 * 2 ** 30, dramEnd: 22 * 2 ** 30 };

const costs = new Map<string, Cost>();

/** Populates a namespace and writes its struct pages; those of base pages are only counted (16 GiB per TiB). */
export function costOf(size: number, align: number, series: string): Cost {
  const kernel = asAsked(series);
  return kept(costs, { size, align, kernel }, () => {
    const config = namespaceConfig({ size, align, kernel, contents: align > BASE_PAGE && kernel !== "5.14" });
    const { pages, counters, namespace } = createOnBox(config, { dram: [COST_BOX.dram] });
    return { pages, written: counters.structPagesWrittenDram, pgmapRefs: namespace.pgmap.refs - 1 };
  });
}

const BASE_PAGE = 4096;

const layouts = new Map<string, LayoutReport>();

/** layoutReport() of one page of the device, cached by options. */
export function layoutOf(align: number, series: string): LayoutReport {
  const kernel = asAsked(series);
  return kept(layouts, { align, kernel }, () => layoutReport({ align, kernel }));
}

/** Vmemmap pages of one page of the device, counted by page-table entry. */
export function mappedPages(align: number, kernel: string): number {
  return layoutOf(align, kernel).frames.reduce((sum, frame) => sum + frame.vmemmapIndexes.length, 0);
}

/** How many of `n` struct pages from `first` on satisfy a condition, counted one by one. */
export function countPages(first: number, n: number, is: (pfn: number) => boolean): number {
  let seen = 0;
  for (let pfn = first; pfn < first + n; pfn++) if (is(pfn)) seen++;
  return seen;
}

/** Struct pages that point to the head of a device's first page, the head included, counted one by one. */
export function pagesOfCompound(kernel: string, align: number): number {
  const { k, ns, data } = build(kernel, { size: Math.max(2 ** 28, 2 * align), align });
  const { end } = ns.pgmap.ranges[0];
  let n = 1;
  while (data + n < end && compoundHead(k, data + n) === data) n++;
  return n;
}

const rounds = new Map<string, GupTestResult>();

/** One round of gup_test on a mapped device, with a preset or a custom kernel; cached by options. */
export function gupRound(
  series: string | KernelConfig,
  options: { readonly size: number; readonly align: number; readonly mode: GupMode; readonly batch?: number },
): GupTestResult {
  const kernel = asAsked(series);
  return kept(rounds, { kernel, ...options }, () => {
    const config = namespaceConfig({ size: options.size, align: options.align });
    const { kernel: k, area } = gupBox(config, { kernel });
    const pages = options.size / k.pageBytes;
    const { mode, batch = 512 } = options;
    const result = gupTest(k, { mm: area.mm, vpn: area.start, pages, batch, mode, repeats: 1 });
    checkInvariants(k);
    return result;
  });
}

const held = new Map<string, number>();

/** Pages held in one round of gup_test on a device of 2 MiB pages, map=mem. */
export function pagesHeld(size: number, series: string): number {
  const kernel = asAsked(series);
  return kept(held, { size, kernel }, () => gupReport({ size, kernel, repeats: 1 }).heldPages);
}

/** A value cached by options. */
export function kept<T>(cache: Map<string, T>, options: unknown, make: () => T): T {
  const key = JSON.stringify(options);
  let value = cache.get(key);
  if (value === undefined) {
    value = make();
    cache.set(key, value);
  }
  return value;
}

let slot: { readonly key: string; readonly value: unknown } | null = null;

/** Caches the result of `make` until another key is requested: kernels are too large to keep several. */
export function latest<T>(key: string, make: () => T): T {
  if (slot?.key !== key) {
    slot = null;
    slot = { key, value: make() };
  }
  return slot.value as T;
}

/** A kernel with one namespace, for reading struct pages. */
export interface Built {
  readonly k: Kernel;
  readonly ns: NdNamespace;
  /** First frame of the pgmap's range, and first frame of data. */
  readonly start: number;
  readonly data: number;
}

/** Boots a box with a preset or a custom kernel, creates a namespace and checks the invariants. */
export function build(
  series: string | KernelConfig,
  options: Omit<NamespaceOptions, "kernel"> & { readonly mode?: "devdax" | "fsdax" },
): Built {
  const { mode = "devdax", ...rest } = options;
  const config = namespaceConfig(rest);
  const k = bootBox(config, { kernel: asAsked(series) });
  const ns = createNamespace(k, ndRegions(k)[0], { ...config, mode });
  if (typeof ns === "number") throw new Error(`verify: the namespace fails with ${errnoName(ns)}`);
  // A defect may break what the checker looks for: that is its purpose.
  // The check missing in 6.1 breaks nothing here: regions begin at sections.
  const { compoundStartUnchecked: _, ...shown } = k.config.errata;
  if (!Object.values(shown).includes(true)) checkInvariants(k);
  return { k, ns, start: ns.pgmap.ranges[0].start, data: (ns.extent.start + ns.info.dataoff) / k.pageBytes };
}

/** Maps the first `bytes` of a namespace's device, without touching them. */
export function mapDevice({ k, ns }: Built, bytes: number): VmArea {
  const mm = mmAlloc(k);
  if (typeof mm === "number" || ns.dev === null) throw new Error("verify: the device cannot be mapped");
  const area = daxMmap(k, ns.dev, mm, levelPages(k, 2), bytes / k.pageBytes, 0);
  if (typeof area === "number") throw new Error(`verify: the mapping fails with ${errnoName(area)}`);
  return area;
}

/** A device of 2M pages, eight of which a process has mapped and touched. */
export function mappedDevice(kernel: string | KernelConfig) {
  const built = build(kernel, { size: 2 ** 28, align: 2 ** 21 });
  const area = mapDevice(built, 8 * 2 ** 21);
  populateArea(built.k, area, 512);
  return { ...built, area };
}

/** A preset with one of the documents' defects. */
export function withErratum(preset: string, erratum: keyof KernelConfig["errata"]): KernelConfig {
  const config = PRESETS[preset];
  return { ...config, name: `${preset} with ${erratum}`, errata: { ...config.errata, [erratum]: true } };
}

/** Whether a call ends in a panic of the emulated kernel with this message; other errors are rethrown. */
export function panics(says: RegExp, run: () => unknown): boolean {
  try {
    run();
  } catch (error) {
    if (error instanceof KernelPanic && says.test(error.message)) return true;
    throw error;
  }
  return false;
}

/** Bytes as MiB. Measurements do not share the formulas' units, so that a mistake there shows. */
export function inMiB(bytes: number): number {
  return bytes / 2 ** 20;
}

export function inGiB(bytes: number): number {
  return bytes / 2 ** 30;
}

/** A part of a whole in percent. */
export function inPercent(part: number, whole: number): number {
  return part * 100 / whole;
}

/** A condition as 0 or 1, for claims of behaviour. */
export function yes(holds: boolean): number {
  return holds ? 1 : 0;
}

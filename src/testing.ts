// SPDX-License-Identifier: GPL-2.0-only
// The base of all tests: a machine from one line of text, and a wrapper that boots it, runs the case, then checks every
// invariant and that nothing leaked. The checks run in the test's own body, where a failure cannot be swallowed. Only
// tests import this file; it mirrors nothing in the kernel.

import { boot, type BootOptions } from "./boot.ts";
import {
  createNamespace,
  destroyNamespace,
  type NamespaceRequest,
  type NdNamespace,
} from "./drivers/nvdimm/namespace.ts";
import { ndRegions } from "./drivers/nvdimm/region.ts";
import { errnoName } from "./include/errno.ts";
import { USE_PUD_TABLE } from "./include/frame_use.ts";
import { type Errata, type KernelConfig, NO_ERRATA, PRESETS } from "./include/kernel_config.ts";
import { parseSize } from "./lib/units.ts";
import { checkInvariants } from "./debug_vm/debug_vm.ts";
import type { Kernel } from "./mm/kernel.ts";
import { totalFreePages } from "./mm/page_alloc.ts";
import { C } from "./mm/vmstat.ts";

/**
 * A machine in one line, with the toy architecture and debug poison by default:
 *
 *     "dram=1M,1M pmem=256K,64K@3M/1 kernel=v4 arch=x86-64 struct=56 cpus=2 fragment=1 seed=7 shared nocontents"
 *
 * `dram` lists nodes; `pmem` lists regions as SIZE, SIZE@START, SIZE/NODE. Default `dram=1M pmem=256K kernel=6.1`.
 */
export function machine(text: string): BootOptions {
  const options: Record<string, unknown> = { arch: "toy", debug: true, dram: [2 ** 20], pmem: [{ bytes: 2 ** 18 }] };
  for (const word of text.split(" ").filter((w) => w !== "")) {
    const [key, ...rest] = word.split("=");
    const value = rest.join("=");
    const read = WORDS[key];
    if (read === undefined) {
      throw new RangeError(`Cannot read machine word "${word}": expected ${Object.keys(WORDS).join(", ")}`);
    }
    Object.assign(options, read(value));
  }
  return options;
}

const WORDS: Readonly<Record<string, (value: string) => BootOptions>> = {
  arch: (arch) => ({ arch }),
  kernel: (kernel) => ({ kernel }),
  dram: (sizes) => ({ dram: sizes.split(",").map(parseSize) }),
  pmem: (regions) => ({ pmem: regions.split(",").map(pmemRegion) }),
  struct: (bytes) => ({ structPageSize: Number(bytes) }),
  cpus: (n) => ({ cpus: Number(n) }),
  fragment: (share) => ({ fragment: Number(share) }),
  seed: (seed) => ({ seed: Number(seed) }),
  shared: () => ({ shared: true }),
  nocontents: () => ({ contents: false }),
};

function pmemRegion(text: string): { bytes: number; nid?: number; startBytes?: number } {
  const [place, nid] = text.split("/");
  const [size, start] = place.split("@");
  return {
    bytes: parseSize(size),
    ...(nid === undefined ? {} : { nid: Number(nid) }),
    ...(start === undefined ? {} : { startBytes: parseSize(start) }),
  };
}

/** A preset with some switches changed and some defects of the documents switched on. */
export function kernelLike(
  name: string,
  changes: Partial<KernelConfig> = {},
  errata: Partial<Errata> = {},
): KernelConfig {
  return { ...PRESETS[name], ...changes, errata: { ...NO_ERRATA, ...errata } };
}

/** A preset whose __add_pages() unwinds, unlike Linux's, so that paths can be tested for unwinding. */
export function unwinding(preset: string): string {
  return PRESETS[preset].errata.addPagesNoUnwind ? `${preset},addPagesNoUnwind=false` : preset;
}

/**
 * Boots a fresh machine ({@linkcode machine} text or options), runs the case and checks: all invariants hold, every
 * frame is free again, and no page is held. Returns what the case returned.
 */
export function withKernel<T>(options: string | BootOptions, run: (k: Kernel) => T): T {
  const k = boot(typeof options === "string" ? machine(options) : options);
  checkInvariants(k);
  const before = takeStock(k);
  const result = run(k);
  checkInvariants(k);
  const leak = stockDifference(before, takeStock(k));
  if (leak !== "") throw new Error(`Leak: ${leak}`);
  return result;
}

/** The counts of a machine that a failed or undone operation must leave unchanged. */
export type Stock = Readonly<Record<string, number | string>>;

/**
 * Reads the counts. PUD tables are never freed, as on x86 with four levels, so they are counted as free; the spans of
 * device zones do not shrink and are not read.
 */
export function takeStock(k: Kernel): Stock {
  const kernelTables = k.uses[USE_PUD_TABLE];
  return {
    free: totalFreePages(k) + kernelTables,
    uses: k.uses.map((n, use) => use === USE_PUD_TABLE ? 0 : n).join(" "),
    zones: k.nodes.map((n) => n.zones.map((z) => `${z.present}/${z.managed}`).join(" ")).join(" | "),
    memmap: `${k.stat[C.nrMemmapPages]} ${k.stat[C.nrMemmapBootPages]}`,
    bootReserved: k.bootReserved,
    sections: sectionsInUse(k),
    pgmaps: k.pgmaps.entries.length,
    altmaps: k.pgmaps.entries.map(({ pgmap }) => `${pgmap.altmap?.alloc ?? 0}`).join(" "),
    refs: k.pgmaps.entries.map(({ pgmap }) => pgmap.refs).join(" "),
    mms: k.mms.size,
    gup: `${k.gupRefs} ${k.gupPins}`,
  };
}

/** The difference between two readings, in words; empty when there is none. */
export function stockDifference(before: Stock, after: Stock): string {
  return Object.keys(before).filter((key) => before[key] !== after[key])
    .map((key) => `${key} was ${before[key]}, is ${after[key]}`).join("; ");
}

/** State and populated subsections of every section that has either. */
function sectionsInUse(k: Kernel): string {
  const { sections, pagesPerSection, pagesPerSubsection } = k;
  const used: string[] = [];
  for (let nr = 0; nr < sections.length; nr++) {
    if (sections.state[nr] === 0 && sections.isEmpty(nr)) continue;
    const populated: number[] = [];
    for (let s = 0; s < sections.subsections; s++) {
      if (sections.populated(nr * pagesPerSection + s * pagesPerSubsection)) populated.push(s);
    }
    used.push(`${nr}:${sections.state[nr]}:${populated}`);
  }
  return used.join(" ");
}

/**
 * Creates a namespace on the first region, of the whole region unless a size is given; throws if the kernel refuses.
 */
export function mustCreate(k: Kernel, request: Partial<NamespaceRequest> = {}, region = ndRegions(k)[0]): NdNamespace {
  const ns = createNamespace(k, region, {
    size: region.end - region.start,
    align: k.arch.compatAlignBytes,
    map: "mem",
    ...request,
  });
  if (typeof ns === "number") throw new Error(`createNamespace: ${errnoName(ns)}`);
  return ns;
}

/** Destroys a namespace; throws if the kernel refuses. */
export function mustDestroy(k: Kernel, ns: NdNamespace): void {
  const err = destroyNamespace(k, ns);
  if (err < 0) throw new Error(`destroyNamespace: ${errnoName(err)}`);
}

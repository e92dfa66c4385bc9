// SPDX-License-Identifier: GPL-2.0-only
// Compares the figures in the machine's files with what the emulator counts.

import { formatSize } from "../lib/units.ts";
import type { Box, BoxFigure, BoxNamespace } from "./box.ts";
import { costsOf, hasMemmap, namespaceSpec, ramOf, ramSpec } from "./costs.ts";
import type { Emulator } from "./emulate.ts";
import type { Place } from "./facts.ts";

/** One figure, as the machine prints it and as the emulator counts it. */
export interface BoxCheck extends Place {
  /** What it counts, in words. */
  readonly what: string;
  /** What it is of. */
  readonly of: string;
  /** The machine's figure. */
  readonly said: number;
  /** The emulator's; null if it has none to compare. */
  readonly emulated: number | null;
  /** Whether they agree. */
  readonly agrees: boolean;
  /** What may explain a difference; null without one. */
  readonly why: string | null;
}

const WHAT: Readonly<Record<BoxFigure["what"], string>> = {
  "usable": "usable bytes",
  "dax-start": "data begins at byte",
  "blocks": "memory blocks",
  "block-range": "first memory block",
  "truncated": "bytes cut off by kmem",
  "too-small": "bytes that make no block",
  "spanned": "pages spanned by the zone",
  "initialised": "struct pages initialised",
  "memmap": "pages of memmap",
  "freed": "vmemmap bytes freed of a page",
};

type Answer = { readonly value: number | null; readonly why?: string | null };

/** Every figure the machine gives, beside the emulator's. */
export function checksOf(box: Box, emulator: Emulator): BoxCheck[] {
  return box.statements.map((figure) => {
    const { value, why = null } = ANSWERS[figure.what](box, figure, emulator);
    const { file, line, value: said, slack } = figure;
    const agrees = value !== null && Math.abs(value - said) <= slack;
    return { file, line, what: WHAT[figure.what], of: nameOf(figure), said, emulated: value, agrees, why };
  });
}

function nameOf({ what, of }: BoxFigure): string {
  if (what === "freed") return formatSize(Number(of));
  return what === "too-small" ? of.split(" ")[0] : of;
}

const ANSWERS: Readonly<Record<BoxFigure["what"], (box: Box, figure: BoxFigure, emulator: Emulator) => Answer>> = {
  "usable": (box, { of }, emulator) => ofNamespace(box, of, emulator, (figures) => figures.usable),
  "dax-start": (box, { of }, emulator) => {
    const ns = namespaceNamed(box, of);
    return ofNamespace(box, of, emulator, (figures) => ns!.start + figures.offset);
  },
  "blocks": (box, { of }, emulator) => ofRam(box, of, emulator, (sum, found) => sum + found.blocks, 0),
  "block-range": (box, { of }, emulator) =>
    ofRam(box, of, emulator, (least, found) => Math.min(least, found.firstBlock), Infinity),
  "truncated": (box, { of }, emulator) => {
    const size = box.ram.find((ram) => ram.dev === of)?.ranges.reduce((sum, r) => sum + r.end - r.start, 0) ?? 0;
    return ofRam(box, of, emulator, (left, found) => left - found.added, size);
  },
  "too-small": tooSmall,
  "spanned": spanned,
  "initialised": initialised,
  "memmap": memmapPages,
  "freed": freed,
};

function namespaceNamed(box: Box, dev: string): BoxNamespace | undefined {
  return box.regions.flatMap((r) => r.namespaces).find((ns) => ns.dev === dev);
}

type NamespaceFigures = Exclude<ReturnType<Emulator["namespace"]>, string>;
type RamFigures = Exclude<ReturnType<Emulator["ram"]>, string>;

function ofNamespace(box: Box, dev: string, emulator: Emulator, read: (found: NamespaceFigures) => number): Answer {
  const ns = namespaceNamed(box, dev);
  if (ns === undefined || ns.map === null) return { value: null, why: "it has no info block" };
  const found = emulator.namespace(namespaceSpec(box, ns));
  return typeof found === "string" ? { value: null, why: `the emulated kernel refuses it: ${found}` } : {
    value: read(found),
  };
}

function ofRam(
  box: Box,
  dev: string,
  emulator: Emulator,
  fold: (sum: number, found: RamFigures) => number,
  from: number,
): Answer {
  const ram = box.ram.find((r) => r.dev === dev);
  if (ram === undefined) return { value: null, why: "it is no System RAM" };
  let value = from;
  for (const range of ram.ranges) {
    const found = emulator.ram(ramSpec(box, ram, range));
    if (typeof found === "string") continue;
    const windows = Math.floor(range.start / 2 ** 36) * 2 ** 36 / box.runningKernel.blockBytes;
    value = fold(value, { ...found, firstBlock: found.firstBlock + windows });
  }
  return { value: Number.isFinite(value) ? value : null };
}

/** A range that kmem found too small: what is not a whole block, and which block sizes are too large for it. */
function tooSmall(box: Box, { of, value }: BoxFigure, emulator: Emulator): Answer {
  const [, start, end] = of.split(" ").map(Number);
  const found = emulator.ram(ramSpec(box, { by: "kmem", selfHosted: null }, { start, end }));
  if (typeof found === "string") return { value };
  let least = box.runningKernel.blockBytes;
  while (least < 2 ** 36 && Math.floor(end / least) > Math.ceil(start / least)) least *= 2;
  const why = `${found.blocks} blocks of ${formatSize(box.runningKernel.blockBytes)} fit; too small from ${
    formatSize(least)
  } on`;
  return { value: value - found.added, why };
}

function spanned(box: Box, { of }: BoxFigure, emulator: Emulator): Answer {
  const [, number, zone] = /^node (\d+) (\w+)$/.exec(of)!;
  const node = Number(number);
  let [first, last] = [Infinity, 0];
  const span = (start: number, bytes: number) => {
    first = Math.min(first, start);
    last = Math.max(last, start + bytes);
  };
  if (zone === "Device") {
    // ZONE_DEVICE never shrinks (remove_pfn_range_from_zone): a device that is System RAM now was in it before.
    const used = (ns: BoxNamespace) => hasMemmap(box, ns) || ramOf(box, ns) !== null;
    for (const ns of box.regions.flatMap((r) => r.namespaces).filter((ns) => ns.node === node && used(ns))) {
      const found = emulator.namespace(namespaceSpec(box, ns));
      if (typeof found !== "string") span(ns.start, found.spannedPages * 4096);
    }
    return { value: Math.max(0, last - first) / 4096 };
  }
  for (const ram of box.ram.filter((r) => r.node === node && r.zone === zone)) {
    for (const range of ram.ranges) {
      const found = emulator.ram(ramSpec(box, ram, range));
      if (typeof found === "string") continue;
      const start = Math.ceil(range.start / box.runningKernel.blockBytes) * box.runningKernel.blockBytes;
      span(start, found.added);
    }
  }
  return { value: last > 0 ? (last - first) / 4096 : null };
}

/**
 * The namespace that a number of pages belongs to; for System RAM, the namespace it was when its pages were
 * initialised.
 */
function initialised(box: Box, { value: said }: BoxFigure, emulator: Emulator): Answer {
  const counts = box.regions.flatMap((r) => r.namespaces).filter((ns) => ns.map !== null).map((ns) => {
    const found = emulator.namespace(namespaceSpec(box, ns));
    return { dev: ns.dev, pages: typeof found === "string" ? 0 : found.initPages };
  });
  const same = counts.find(({ pages }) => pages === said);
  if (same !== undefined) return { value: said, why: same.dev };
  return counts.length === 1
    ? { value: counts[0].pages, why: counts[0].dev }
    : { value: null, why: `${counts.map(({ dev, pages }) => `${dev} ${pages}`).join(", ")}` };
}

/** Memmap in DRAM, whatever it describes. */
function memmapPages(box: Box, { value: said }: BoxFigure, emulator: Emulator): Answer {
  const costs = costsOf(box, emulator);
  const value = costs.reduce((sum, { dramBytes: dram }) => sum + dram, 0) / 4096;
  // Huge pages in memory that holds its own memmap keep all of it, and no file says where a pool's pages lie.
  const selfHosted = costs.some(({ onMemoryBytes: onMemory }) => onMemory > 0);
  const saving = costs.some(({ kind, dramBytes: dram }) => kind === "pool" && dram < 0);
  if (value !== said && selfHosted && saving) {
    return {
      value: null,
      why: "huge pages on memory that holds its own memmap keep theirs; where they lie is not said",
    };
  }
  return { value, why: value === said ? null : "Linux up to 7.1 counts shared and self-hosted memmap whole" };
}

function freed(box: Box, { of, value }: BoxFigure, emulator: Emulator): Answer {
  const { preset: kernel, arch } = box.runningKernel;
  const one = (preset: string) => {
    const found = emulator.pool({ kernel: preset, arch, size: Number(of), count: 1, hugetlbFreeVmemmap: true });
    return typeof found === "string" ? null : found.freed;
  };
  const mine = one(kernel);
  if (mine === value) return { value: mine };
  return one("5.14") === value ? { value: mine, why: "what 5.14 to 5.17 free" } : { value: mine };
}

// SPDX-License-Identifier: GPL-2.0-only
// vmemmap_maps.json: which memmap page maps to which frame, for namespaces that each had a fresh machine.

import { ndRegions } from "../../src/drivers/nvdimm/region.ts";
import { parseSize } from "../../src/lib/units.ts";
import { memmapFrames, PAGE, pteTables, SECTION, tailFrameRefs, vmemmapPages } from "../formulas/vmemmap.ts";
import { parseNamespaceSpec } from "./capture/namespace_spec.ts";
import { tallyMap } from "./capture/tally.ts";
import type { Capture, CapturedMachine } from "./captures.ts";
import type { CapturedRow, Fields } from "./row.ts";
import { bootCaptured, extentOf, framesOf, mustCreate, pmemFrames, walkEmulated } from "./emulated.ts";

/** Rows of a capture. */
export function mapRows({ data, machine }: Capture): CapturedRow[] {
  const { namespaces } = data as { readonly namespaces: Readonly<Record<string, Fields>> };
  return Object.entries(namespaces).map(([name, linux]) => ({
    name,
    linux,
    formula: machine.arch === "x86-64" ? formulaFields(name, linux) : {},
    emulate: () => emulateMap(machine, name),
  }));
}

function formulaFields(name: string, linux: Fields): Fields {
  const spec = parseNamespaceSpec(name);
  const size = parseSize(spec.size);
  const align = parseSize(spec.align);
  if (Number(linux.namespaceStart) % Math.max(SECTION, align) !== 0 || size % SECTION !== 0) return {};
  const shared = spec.map === "mem" && align > PAGE;
  const how = shared ? "pte" : "none";
  return {
    ptes: shared ? vmemmapPages(size) : 0,
    pmdLeaves: shared ? 0 : size / SECTION,
    distinct4kFrames: shared ? memmapFrames(size, align, how) : 0,
    pteTables: pteTables(size, align, how),
    tailFrameRefcounts: shared ? { 1: size / align, [tailFrameRefs(align, "pte")]: size / align } : {},
  };
}

function emulateMap(machine: CapturedMachine, name: string): Fields {
  const k = bootCaptured(machine);
  const region = ndRegions(k)[0];
  if (machine.beside !== undefined) mustCreate(k, region, machine.beside);
  const ns = mustCreate(k, region, parseNamespaceSpec(name));
  const { namespaceStart, dataStart, usableBytes, namespaceBytes } = extentOf(k, ns);
  return {
    namespaceStart,
    dataStart,
    dataBytes: String(usableBytes),
    startPfn: framesOf(k, ns).start,
    pages: namespaceBytes / k.pageBytes,
    ...tallyMap(walkEmulated(k, framesOf(k, ns)), pmemFrames(k)),
  };
}

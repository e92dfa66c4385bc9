// SPDX-License-Identifier: GPL-2.0-only
// vmemmap_maps.json: which memmap page maps to which frame, for namespaces that each had a fresh machine.

import { ndRegions } from "../../src/drivers/nvdimm/region.ts";
import { tailFrameRefs } from "../formulas/vmemmap.ts";
import { parseNamespaceSpec } from "./capture/namespace_spec.ts";
import { tallyMap } from "./capture/tally.ts";
import type { Capture, CapturedMachine } from "./captures.ts";
import type { CapturedRow, Fields } from "./row.ts";
import { memmapFormula } from "./namespaces.ts";
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
  const memmap = memmapFormula(parseNamespaceSpec(name), Number(linux.namespaceStart));
  if (memmap === null) return {};
  const { ptes, pmdLeaves, frames, pteTables, shared } = memmap;
  const compounds = memmap.bytes / memmap.unit;
  return {
    ptes,
    pmdLeaves,
    distinct4kFrames: frames,
    pteTables,
    tailFrameRefcounts: shared ? { 1: compounds, [tailFrameRefs(memmap.unit, "pte")]: compounds } : {},
  };
}

function emulateMap(machine: CapturedMachine, name: string): Fields {
  const k = bootCaptured(machine);
  const [region] = ndRegions(k);
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

// SPDX-License-Identifier: GPL-2.0-only
// `vmemmap_maps`: which vmemmap page of a namespace maps to which frame, read from the page tables.

import type { Guest } from "./guest.ts";
import { createNamespace, destroyNamespaces, initLabels, isKernelsFailure, vmemmapOf } from "./namespace.ts";
import { type NamespaceSpec, parseNamespaceSpec } from "./namespace_spec.ts";
import { STRUCT_PAGE_BYTES, vmemmapAddress } from "./page_walk.ts";
import { machineOf, type Measured, measureInGuests, type Scenario } from "./scenario.ts";
import { createBeside, pmemFrames } from "./scenario_namespaces.ts";
import { type PmemFrames, tallyMap } from "./tally.ts";

const DRAM_MIB = 4096;
const NAMESPACES = ["2G-4K-mem", "2G-2M-mem", "2G-1G-mem", "2G-2M-dev"].map(parseNamespaceSpec);

interface Row {
  readonly name: string;
  readonly error?: string;
  readonly map?: Record<string, unknown>;
}

/** Walks the memmap of every namespace of the list. */
export const vmemmapMaps: Scenario = async (capture) => {
  const { options } = capture;
  const { machine } = machineOf(capture, DRAM_MIB);
  const specs = options.namespaces ?? NAMESPACES;
  let base = 0n;
  const rows = await measureInGuests(capture, machine, specs, async (guest) => {
    await initLabels(guest);
    const pmem = await pmemFrames(guest);
    base = vmemmapAddress(await guest.tableFormat());
    return async (spec) => {
      capture.note(spec.name);
      await createBeside(capture, guest);
      const measured = await measure(guest, spec, pmem);
      if (measured.row.error !== undefined) capture.note(`${spec.name}: ${measured.row.error}`);
      return measured;
    };
  });
  return {
    vmemmapBase: `0x${base.toString(16)}`,
    structPageBytes: STRUCT_PAGE_BYTES,
    note:
      "sharingPattern: for each consecutive vmemmap page, the index of its frame in order of first appearance; refcounts: frame -> number of PTEs",
    ...(options.beside === undefined ? {} : { beside: options.beside.name }),
    namespaces: Object.fromEntries(rows.flatMap(({ name, map }) => map === undefined ? [] : [[name, map]])),
  };
};

async function measure(guest: Guest, spec: NamespaceSpec, pmem: PmemFrames): Promise<Measured<Row>> {
  const { name } = spec;
  const ns = await createNamespace(guest, spec);
  const failed = typeof ns === "string" && isKernelsFailure(ns);
  if (typeof ns === "string") {
    if (!failed) await destroyNamespaces(guest);
    return { row: { name, error: ns }, failed };
  }
  const pageBytes = await guest.pageBytes();
  const { first, count } = vmemmapOf(ns, pageBytes);
  const map = {
    namespaceStart: `0x${ns.start.toString(16)}`,
    dataStart: `0x${ns.dataStart.toString(16)}`,
    dataBytes: String(ns.usableBytes),
    startPfn: ns.start / pageBytes,
    pages: ns.bytes / pageBytes,
    ...tallyMap(await guest.walk(first, count), pmem),
  };
  await destroyNamespaces(guest);
  return { row: { name, map }, failed };
}

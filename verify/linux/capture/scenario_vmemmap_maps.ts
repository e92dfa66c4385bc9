// SPDX-License-Identifier: GPL-2.0-only
// `vmemmap_maps`: which vmemmap page of a namespace maps to which frame, read from the page tables.

import { createNamespace, destroyNamespaces, initLabels, STRUCT_PAGE_BYTES, vmemmapOf } from "./namespace.ts";
import { parseNamespaceSpec } from "./namespace_spec.ts";
import { PAGE_BYTES, VMEMMAP_BASE } from "./page_walk.ts";
import { dramOf, type Scenario } from "./scenario.ts";
import { createBeside, pmemFrames, pmemOf } from "./scenario_namespaces.ts";
import { tallyMap } from "./tally.ts";

const DRAM_MIB = 4096;
const NAMESPACES = ["2G-4K-mem", "2G-2M-mem", "2G-1G-mem", "2G-2M-dev"].map(parseNamespaceSpec);

/** Walks the memmap of every namespace of the list. */
export const vmemmapMaps: Scenario = async (capture) => {
  const { options } = capture;
  const { dram } = dramOf(capture, DRAM_MIB);
  const maps = await capture.withGuest({ dram, ...pmemOf(options) }, async (guest) => {
    await initLabels(guest);
    const pmem = await pmemFrames(guest);
    const found: Record<string, unknown> = {};
    for (const spec of options.namespaces ?? NAMESPACES) {
      capture.note(spec.name);
      await createBeside(capture, guest);
      const ns = await createNamespace(guest, spec);
      if (typeof ns === "string") {
        capture.note(`${spec.name}: ${ns}`);
        await destroyNamespaces(guest);
        continue;
      }
      const { first, count } = vmemmapOf(ns);
      found[spec.name] = {
        namespaceStart: `0x${ns.start.toString(16)}`,
        dataStart: `0x${ns.dataStart.toString(16)}`,
        dataBytes: String(ns.usableBytes),
        startPfn: ns.start / PAGE_BYTES,
        pages: ns.bytes / PAGE_BYTES,
        ...tallyMap(await guest.walk(first, count), pmem),
      };
      await destroyNamespaces(guest);
    }
    return found;
  });
  return {
    vmemmapBase: `0x${VMEMMAP_BASE.toString(16)}`,
    structPageBytes: STRUCT_PAGE_BYTES,
    note:
      "sharingPattern: for each consecutive vmemmap page, the index of its frame in order of first appearance; refcounts: frame -> number of PTEs",
    ...(options.beside === undefined ? {} : { beside: options.beside.name }),
    namespaces: maps,
  };
};

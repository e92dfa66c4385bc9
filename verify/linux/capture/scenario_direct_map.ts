// SPDX-License-Identifier: GPL-2.0-only
// `direct_map`: how a namespace's own memory is mapped by the kernel while it is bound: leaves by size, and the tables
// that came with it. Memory that is not bound has no direct map.

import { createNamespace, destroyNamespaces, initLabels, unbind } from "./namespace.ts";
import { parseNamespaceSpec } from "./namespace_spec.ts";
import { PAGE_BYTES } from "./page_walk.ts";
import { dramOf, type Scenario } from "./scenario.ts";
import { pmemOf } from "./scenario_namespaces.ts";
import { leavesBySize } from "./tally.ts";

const DRAM_MIB = 4096;
const NAMESPACES = ["1G-2M-mem", "1G-2M-dev", "2G-1G-mem", "144M-2M-mem"].map(parseNamespaceSpec);

/** Every namespace of the list, before and after it is unbound. */
export const directMap: Scenario = async (capture) => {
  const { dram, dramMiB } = dramOf(capture, DRAM_MIB);
  const rows = await capture.withGuest({ dram, ...pmemOf(capture.options) }, async (guest) => {
    await initLabels(guest);
    const measured = [];
    for (const spec of capture.options.namespaces ?? NAMESPACES) {
      capture.note(spec.name);
      const ns = await createNamespace(guest, spec);
      if (typeof ns === "string") {
        measured.push({ name: spec.name, error: ns });
        continue;
      }
      const [first, count] = [ns.start / PAGE_BYTES, ns.bytes / PAGE_BYTES];
      const bound = await guest.walkDirect(first, count);
      await unbind(guest, ns);
      const unbound = await guest.walkDirect(first, count);
      measured.push({
        name: spec.name,
        namespaceStart: `0x${ns.start.toString(16)}`,
        bound: leavesBySize(bound),
        unbound: leavesBySize(unbound),
        tablesGone: bound.tables.map((tables, level) => tables.difference(unbound.tables[level as 0 | 1 | 2]).size),
      });
      await destroyNamespaces(guest);
    }
    return measured;
  });
  return {
    dramMiB,
    note:
      "leaves by size; tablesGone: PTE, PMD, PUD tables that the direct map of the namespace had while it was bound",
    rows,
  };
};

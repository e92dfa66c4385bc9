// SPDX-License-Identifier: GPL-2.0-only
// `direct_map`: the kernel's mapping of a namespace's own memory while it is bound: leaves by size, and the tables
// added for it. Unbound memory has no direct map.

import type { Guest } from "./guest.ts";
import { createNamespace, destroyNamespaces, initLabels, isKernelsFailure, unbind } from "./namespace.ts";
import { type NamespaceSpec, parseNamespaceSpec } from "./namespace_spec.ts";
import { machineOf, type Measured, measureInGuests, type Scenario } from "./scenario.ts";
import { leavesByLevel, leavesBySize, newTables } from "./tally.ts";

const DRAM_MIB = 4096;
const NAMESPACES = ["1G-2M-mem", "1G-2M-dev", "2G-1G-mem", "144M-2M-mem"].map(parseNamespaceSpec);

/** Every namespace of the list, before and after unbinding. */
export const directMap: Scenario = async (capture) => {
  const { machine, dramMiB } = machineOf(capture, DRAM_MIB);
  const specs = capture.options.namespaces ?? NAMESPACES;
  const rows = await measureInGuests(capture, machine, specs, async (guest) => {
    await initLabels(guest);
    return (spec) => {
      capture.note(spec.name);
      return measure(guest, spec);
    };
  });
  return {
    dramMiB,
    note:
      "leaves by size; tablesGone: PTE, PMD, PUD tables that the direct map of the namespace had while it was bound",
    rows,
  };
};

async function measure(guest: Guest, spec: NamespaceSpec): Promise<Measured<Record<string, unknown>>> {
  const { name } = spec;
  const ns = await createNamespace(guest, spec);
  if (typeof ns === "string") return { row: { name, error: ns }, failed: isKernelsFailure(ns) };
  const pageBytes = await guest.pageBytes();
  const [first, count] = [ns.start / pageBytes, ns.bytes / pageBytes];
  const bound = await guest.walkDirect(first, count);
  await unbind(guest, ns);
  const unbound = await guest.walkDirect(first, count);
  await destroyNamespaces(guest);
  const row = {
    name,
    namespaceStart: `0x${ns.start.toString(16)}`,
    bound: leavesBySize(bound.pageBytes, leavesByLevel(bound)),
    unbound: leavesBySize(unbound.pageBytes, leavesByLevel(unbound)),
    tablesGone: newTables(unbound, bound),
  };
  return { row, failed: false };
}

// SPDX-License-Identifier: GPL-2.0-only
// The direct map of a captured machine's namespaces (direct_map.json): leaves by size while a namespace is bound and
// after it was unbound, and the tables that were freed.

import { destroyNamespace } from "../../src/drivers/nvdimm/namespace.ts";
import { ndRegions } from "../../src/drivers/nvdimm/region.ts";
import { SZ_1G, SZ_2M } from "../../src/include/sizes.ts";
import { parseSize } from "../../src/lib/units.ts";
import { latest } from "../measure/measure.ts";
import { parseNamespaceSpec } from "./capture/namespace_spec.ts";
import { leavesBySize, newTables } from "./capture/tally.ts";
import type { Capture, CapturedMachine } from "./captures.ts";
import { bootCaptured, countDirectEmulated, create, extentOf, framesOf } from "./emulated.ts";
import { type CapturedRow, type Fields, flat } from "./row.ts";

interface Row {
  readonly name: string;
  /** Message of ndctl or the kernel if the namespace did not come up. */
  readonly error?: string;
  readonly namespaceStart: string;
  readonly guest?: number;
}

/** Rows of a capture: one per namespace. Requests that ndctl itself refuses say nothing about the kernel. */
export function directMapRows({ data, machine, folder }: Capture): CapturedRow[] {
  const rows = (data as { readonly rows: readonly Row[] }).rows.filter(({ error }) => error === undefined);
  const emulated = () => latest(`direct map of ${folder}`, () => emulate(machine, rows.map(({ name }) => name)));
  return rows.map((row, i) => {
    const { name, guest: _guest, ...fields } = row;
    return {
      name,
      linux: flat(fields),
      formula: machine.arch === "x86-64" ? formulaFields(row) : {},
      emulate: () => emulated()[i],
    };
  });
}

/** x86-64 maps whole GiB by one leaf each, and the parts before and after by leaves of 2 MiB. */
function formulaFields({ name, namespaceStart }: Row): Fields {
  const start = Number(namespaceStart);
  const end = start + parseSize(parseNamespaceSpec(name).size);
  const first = Math.ceil(start / SZ_1G);
  const last = Math.floor(end / SZ_1G);
  const gigabytes = Math.max(0, last - first);
  return { "bound.4K": 0, "bound.2M": (end - start - gigabytes * SZ_1G) / SZ_2M, "bound.1G": gigabytes };
}

function emulate(machine: CapturedMachine, names: readonly string[]): Fields[] {
  const k = bootCaptured(machine);
  const [region] = ndRegions(k);
  return names.map((name) => {
    const ns = create(k, region, parseNamespaceSpec(name));
    if (typeof ns === "number") return { error: ns };
    const frames = framesOf(k, ns);
    const bound = countDirectEmulated(k, frames);
    const { namespaceStart } = extentOf(k, ns);
    if (destroyNamespace(k, ns) < 0) throw new Error(`Cannot destroy namespace ${name}`);
    const unbound = countDirectEmulated(k, frames);
    return flat({
      namespaceStart,
      bound: leavesBySize(k.pageBytes, bound.leaves),
      unbound: leavesBySize(k.pageBytes, unbound.leaves),
      tablesGone: newTables(unbound, bound),
    });
  });
}

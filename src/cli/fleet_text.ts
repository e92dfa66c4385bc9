// SPDX-License-Identifier: GPL-2.0-only
// A fleet as text: totals by lever, then a row for each machine.

import type { FleetRow, FleetTotal } from "../box/fleet.ts";
import { humanSize } from "../lib/units.ts";
import { amount, elsewhere, signed } from "./box_text.ts";
import { table } from "./table.ts";

/** Cuts text that is too long for a table of 100 columns. */
const cut = (text: string, most: number) => text.length <= most ? text : `${text.slice(0, most - 2)}..`;

const count = (n: number, what: string) => `${n} ${what}${n === 1 ? "" : "s"}`;

/** The fleet's memory and its costs. */
export function fleetHeading(total: FleetTotal & { readonly shapes: number }): string[] {
  const { machines, damaged, shapes, dramBytes: dram, directMapBytes: direct } = total;
  const bad = damaged === 0 ? "" : `, ${damaged} of them damaged`;
  const places = [`${humanSize(dram)} of DRAM`, ...elsewhere(total.inPmemBytes, total.onMemoryBytes)];
  return [
    `${count(machines, "machine")} of ${count(shapes, "kind")}${bad}: ${humanSize(total.memoryBytes)} of DRAM, ` +
    `${humanSize(total.pmemBytes)} of pmem.`,
    `Struct pages take ${places.join(", ")}.`,
    ...(direct === 0 ? [] : [
      `Tables of the direct map take ${humanSize(direct)} besides: ${humanSize(dram + direct)} of DRAM in all.`,
    ]),
  ];
}

/** The heading, and the gain of each kind of lever. */
export function fleetTotalText(total: FleetTotal & { readonly shapes: number }): string[] {
  return [
    ...fleetHeading(total),
    "",
    ...(total.levers.length === 0 ? ["No lever gives anything back."] : table([
      ["lever", "machines", "DRAM", "pmem", "System RAM"],
      ...total.levers.map((
        l,
      ) => [l.kind, String(l.machines), signed(l.dramBytes), signed(l.pmemBytes), signed(l.ramBytes)]),
    ], 1)),
  ];
}

/** The rows of all machines. */
export function fleetRowsText(rows: readonly FleetRow[]): string[] {
  return table([
    ["machine", "kernel", "DRAM", "pmem", "spent", "in pmem", "best lever, or what is wrong"],
    ...rows.map(({ name, why: error, figures }) =>
      figures === null ? [cut(name, 20), "damaged", "", "", "", "", cut(error!, 44)] : [
        cut(name, 20),
        cut(figures.release ?? "?", 12),
        amount(figures.memoryBytes),
        amount(figures.pmemBytes),
        amount(figures.dramBytes),
        amount(figures.inPmemBytes),
        cut(figures.best ?? "-", 36),
      ]
    ),
  ], 2).map((line) => line.trimEnd());
}

/** The header of the rows as comma-separated values: machines, then levers with the columns at the end. */
export const FLEET_COLUMNS: readonly string[] =
  ("table machine error release memory pmem huge_pages struct_pages_dram struct_pages_pmem struct_pages_on_memory " +
    "direct_map disagreements best lever machines gives_dram gives_pmem gives_ram").split(" ");

const MACHINE_COLUMNS = FLEET_COLUMNS.indexOf("lever");
const none = (columns: number) => Array.from({ length: columns }, () => null);

/** A machine as comma-separated values, in bytes. */
export function fleetCells({ name, why: error, figures: f }: FleetRow): (string | number | null)[] {
  const figures = f === null ? none(MACHINE_COLUMNS - 3) : [
    f.release,
    f.memoryBytes,
    f.pmemBytes,
    f.hugePageBytes,
    f.dramBytes,
    f.inPmemBytes,
    f.onMemoryBytes,
    f.directMapBytes,
    f.disagreements,
    f.best,
  ];
  return ["machine", name, error, ...figures, ...none(FLEET_COLUMNS.length - MACHINE_COLUMNS)];
}

/** The gain of one kind of lever over all machines, in bytes. */
export function fleetLeverCells(lever: FleetTotal["levers"][number]): (string | number | null)[] {
  return [
    "lever",
    ...none(MACHINE_COLUMNS - 1),
    lever.kind,
    lever.machines,
    lever.dramBytes,
    lever.pmemBytes,
    lever.ramBytes,
  ];
}

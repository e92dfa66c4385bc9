// SPDX-License-Identifier: GPL-2.0-only
// One comparison for every captured row, whatever the kernel, the architecture and the scenario: the fields from Linux
// against those of the emulator, which boots the same machine and does the same. Fields must be equal, except for
// counts of free pages, which per-CPU lists and slabs of the real machine blur.

import { type Capture, captures, type Scenario } from "./captures.ts";
import { directMapRows } from "./direct_map.ts";
import { fsdaxRows } from "./fsdax.ts";
import { giganticRows } from "./gigantic.ts";
import { hotplugRows } from "./hotplug.ts";
import { hugetlbRows } from "./hugetlb.ts";
import { causeOf } from "./known.ts";
import { kmemRows } from "./kmem.ts";
import { mapRows } from "./maps.ts";
import { namespaceRows } from "./namespaces.ts";
import { structPageRows } from "./struct_pages.ts";
import type { CapturedRow, Fields } from "./row.ts";

/** A field that differs from Linux. */
export interface Difference {
  readonly field: string;
  readonly linux: unknown;
  readonly here: unknown;
  /** The cause; undefined if unknown. */
  readonly cause?: string;
}

/** A row, compared. */
export interface Compared {
  readonly capture: Capture;
  readonly name: string;
  readonly fields: number;
  readonly differences: readonly Difference[];
  /** Fields whose formula differs from Linux. */
  readonly formulas: readonly Difference[];
}

const ROWS: Readonly<Record<Scenario, (capture: Capture) => CapturedRow[]>> = {
  namespaces: namespaceRows,
  vmemmap_maps: mapRows,
  struct_pages: structPageRows,
  hotplug: hotplugRows,
  hugetlb: hugetlbRows,
  gigantic: giganticRows,
  fsdax: fsdaxRows,
  kmem: kmemRows,
  direct_map: directMapRows,
};

/** The rows of a capture, not yet compared. */
export function rowsOf(capture: Capture): CapturedRow[] {
  return ROWS[capture.scenario](capture);
}

/** Runs the emulator for one row and compares. */
export function compareRow(capture: Capture, row: CapturedRow): Compared {
  const cause = (d: Difference): Difference => {
    const known = causeOf(capture, row.name, d.field);
    return known === undefined ? d : { ...d, cause: known };
  };
  const against = (here: Fields, names: readonly string[]) =>
    names.filter((field) => !same(row.linux[field], here[field], row.noise?.[field]))
      .map((field) => cause({ field, linux: row.linux[field], here: here[field] }));
  const fields = Object.keys(row.linux);
  return {
    capture,
    name: row.name,
    fields: fields.length,
    differences: against(row.emulate(), fields),
    formulas: against(row.formula ?? {}, Object.keys(row.formula ?? {}).filter((field) => fields.includes(field))),
  };
}

/** Equal, or each of Linux's readings within the noise. */
function same(linux: unknown, here: unknown, noise: number | undefined): boolean {
  if (noise === undefined) return JSON.stringify(linux) === JSON.stringify(here);
  const readings = Array.isArray(linux) ? linux : [linux];
  return readings.every((n) => Math.abs(n - Number(here)) <= noise);
}

/** How many captured rows of one kernel, architecture and scenario are equal. */
export interface MatrixRow {
  readonly kernel: string;
  readonly arch: string;
  readonly scenario: Scenario;
  /** Releases that were captured. */
  readonly releases: readonly string[];
  readonly machines: number;
  readonly rows: number;
  readonly equal: number;
  /** Rows that differ for a known cause. */
  readonly explained: number;
}

/** Runs every capture: kernel x architecture x scenario. AUDIT.md, README and the report print the result. */
export function linuxMatrix(compared: readonly Compared[] = compareAll()): MatrixRow[] {
  const groups = Map.groupBy(
    compared,
    ({ capture: { machine, scenario } }) => `${machine.kernel} ${machine.arch} ${scenario}`,
  );
  return [...groups.values()].map((group) => {
    const { machine: { kernel, arch }, scenario } = group[0].capture;
    const equal = group.filter(({ differences }) => differences.length === 0).length;
    const explained = group.filter(({ differences }) =>
      differences.length > 0 && differences.every(({ cause }) => cause !== undefined)
    ).length;
    return {
      kernel,
      arch,
      scenario,
      releases: [...new Set(group.map(({ capture }) => capture.release))].sort(),
      machines: new Set(group.map(({ capture }) => capture.folder)).size,
      rows: group.length,
      equal,
      explained,
    };
  });
}

/** Every captured row, compared. */
function compareAll(): Compared[] {
  return captures().flatMap((capture) => rowsOf(capture).map((row) => compareRow(capture, row)));
}

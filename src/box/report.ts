// SPDX-License-Identifier: GPL-2.0-only
// The report about one machine: what struct pages cost now, by part, node and region; where its files agree with the
// emulator; what could be changed.

import type { Box } from "./box.ts";
import { type BoxCheck, checksOf } from "./checks.ts";
import { type BoxCost, costsOf, type Spent, sumOf } from "./costs.ts";
import { type Emulator, newEmulator } from "./emulate.ts";
import type { BoxLever } from "./lever.ts";
import { leversOf } from "./levers.ts";

/** What a set of parts costs. */
export interface BoxTotal extends Spent {
  /** `all`, `node 0`, `region0`. */
  readonly name: string;
}

/** What `lab box` prints with `--json`. */
export interface BoxReport extends Pick<Box, "contradictions" | "notes"> {
  /** The machine. */
  readonly box: Box;
  /** What each part costs. */
  readonly costs: readonly BoxCost[];
  /** The sum of all. */
  readonly total: BoxTotal;
  /** The same by node. */
  readonly nodes: readonly BoxTotal[];
  /** The same by region. */
  readonly regions: readonly BoxTotal[];
  /** The machine's figures beside the emulator's. */
  readonly checks: readonly BoxCheck[];
  /** What could be changed, best first. */
  readonly levers: readonly BoxLever[];
}

/**
 * Brings the parts of a machine up in the emulator, without writing struct pages, and reports what they cost and what
 * could be changed. Nothing is thrown: a refusal of the emulated kernel is a remark of its part.
 *
 * @example What 64 GiB of pmem cost whose memmap is in DRAM
 * ```ts
 * import { boxReport, readBox } from "@vmemmap/lab";
 * import { assertEquals } from "@std/assert";
 *
 * const list = '{"dev":"namespace0.0","mode":"devdax","map":"mem","align":2097152,"size":68717379584}';
 * const report = boxReport(readBox([{ name: "ndctl", text: list }]));
 * assertEquals(report.total.dramBytes, 2 ** 28); // 2 of 8 memmap pages per 2 MiB
 * assertEquals(report.total.pmemBytes, 0);
 * ```
 */
export function boxReport(box: Box): BoxReport {
  return reportBy(newEmulator(), box);
}

/** The report by an emulator that remembers parts: equal parts of many machines are brought up once. */
export function reportBy(emulator: Emulator, box: Box): BoxReport {
  const costs = costsOf(box, emulator);
  const nodes = [...new Set(costs.map((cost) => cost.node))].sort((a, b) => a - b);
  const regions = [...new Set(costs.map((cost) => cost.region))].filter((region) => region !== null);
  return {
    box,
    costs,
    total: totalOf("all", costs),
    nodes: nodes.map((node) => totalOf(`node ${node}`, costs.filter((cost) => cost.node === node))),
    regions: regions.map((region) => totalOf(region, costs.filter((cost) => cost.region === region))),
    checks: checksOf(box, emulator),
    levers: leversOf(box, costs, emulator),
    contradictions: box.contradictions,
    notes: box.notes,
  };
}

function totalOf(name: string, costs: readonly BoxCost[]): BoxTotal {
  return { name, ...sumOf(costs) };
}

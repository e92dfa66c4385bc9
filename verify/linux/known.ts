// SPDX-License-Identifier: GPL-2.0-only
// What is known to differ between the emulator and a captured kernel, and why. An entry that no longer differs fails
// the tests: it must go.

import type { Capture, Scenario } from "./captures.ts";

/** A deviation and its cause. */
export interface Known {
  /** Folder of the capture, `linux-6.1-x86-64/default`; any when absent. */
  readonly folder?: string;
  readonly scenario: Scenario;
  readonly row: RegExp;
  readonly field: RegExp;
  readonly cause: string;
}

const NO_PRESET = "No preset of this kernel yet: 6.1 stands for it";

export const KNOWN: readonly Known[] = [
  {
    scenario: "struct_pages",
    row: /^hugetlb2M\.0$/,
    field: /^word 4$/,
    cause: "A head keeps the index that its frame had in a former life; here frames have none",
  },
  { folder: "linux-6.12-x86-64/default", scenario: "struct_pages", row: /./, field: /^word/, cause: NO_PRESET },
  { folder: "linux-7.3-x86-64/default", scenario: "struct_pages", row: /./, field: /^word/, cause: NO_PRESET },
  { folder: "linux-6.12-x86-64/default", scenario: "hotplug", row: /^1024M/, field: /./, cause: NO_PRESET },
  { folder: "linux-6.12-arm64/default", scenario: "namespaces", row: /./, field: /./, cause: NO_PRESET },
  { folder: "linux-6.12-arm64/144M", scenario: "namespaces", row: /./, field: /./, cause: NO_PRESET },
];

/** Why this field differs, or undefined. */
export function causeOf(capture: Capture, row: string, field: string): string | undefined {
  return KNOWN.find((known) =>
    (known.folder === undefined || known.folder === capture.folder) && known.scenario === capture.scenario &&
    known.row.test(row) && known.field.test(field)
  )?.cause;
}

// SPDX-License-Identifier: GPL-2.0-only
// Known differences between the emulator and captured kernels, with their causes. An entry that no longer differs fails
// the tests and must be removed.

import type { Capture, Scenario } from "./captures.ts";

/** A deviation and its cause. */
export interface Known {
  /** Folder of the capture, `linux-6.1-x86-64/default`; any if absent. */
  readonly folder?: string;
  readonly scenario: Scenario;
  readonly row: RegExp;
  readonly field: RegExp;
  readonly cause: string;
}

export const KNOWN: readonly Known[] = [
  {
    folder: "linux-6.1-arm64/default",
    scenario: "namespaces",
    row: /^(1G-2M-mem|1G-4K-dev|144M-2M-mem)$/,
    field: /^freePagesConsumed$/,
    cause:
      "It was built without CONFIG_RODATA_FULL_DEFAULT_ENABLED: its direct map uses block mappings and needs no PTE tables",
  },
  {
    folder: "linux-6.1-arm64-64k/default",
    scenario: "namespaces",
    row: /^1G-512M-dev$/,
    field: /^freePagesConsumed$/,
    cause: "Free pages of this idle guest varied by 9; the walked tables are equal",
  },
  {
    folder: "linux-6.1",
    scenario: "hugetlb",
    row: /^on 512, round 1$/,
    field: /^(consumed|managedDelta)$/,
    cause: "Its huge pages had existed before: most leaves were split and boot's frames free",
  },
  {
    folder: "linux-7.3-x86-64/default",
    scenario: "struct_pages",
    row: /aftermap/,
    field: /^word 0$/,
    cause: "Since device pages are mapped like any folio, unmapping one marks it Referenced; rmap is not modelled",
  },
  {
    folder: "linux-6.12-x86-64/6.12.113",
    scenario: "struct_pages",
    row: /^hugetlb2M\.64$/,
    field: /^word 2$/,
    cause: "The frame was on a list before, and prep_compound_tail() keeps the link; here it was on none",
  },
  {
    scenario: "struct_pages",
    row: /^hugetlb2M\.0$/,
    field: /^word 4$/,
    cause: "A head keeps the index from its frame's earlier use; here frames have none",
  },
];

/** Why this field differs, or undefined. */
export function causeOf(capture: Capture, row: string, field: string): string | undefined {
  return KNOWN.find((known) =>
    (known.folder === undefined || known.folder === capture.folder) && known.scenario === capture.scenario &&
    known.row.test(row) && known.field.test(field)
  )?.cause;
}

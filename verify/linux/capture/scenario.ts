// SPDX-License-Identifier: GPL-2.0-only
// What every scenario is given and has to give.

import type { Guest, GuestOptions } from "./guest.ts";
import type { NamespaceSpec } from "./namespace_spec.ts";

/** The machine and the choices of the command line. Bytes. */
export interface CaptureOptions {
  /** DRAM; each scenario has a default of its own. */
  readonly dram?: number;
  readonly pmem: number;
  readonly pmemStart?: number;
  /** Instead of a scenario's own list of namespaces. */
  readonly namespaces?: readonly NamespaceSpec[];
  /** A namespace created first and left alone, below the one that is measured. */
  readonly beside?: NamespaceSpec;
  /** Steps of the hugetlb scenario, in huge pages. */
  readonly hugepages: readonly number[];
}

/** A run of the harness. */
export interface Capture {
  readonly options: CaptureOptions;
  /** Boots a guest, lets `work` use it, ends it. */
  withGuest<T>(options: GuestOptions, work: (guest: Guest) => Promise<T>): Promise<T>;
  /** Progress, for people. */
  note(text: string): void;
}

/** Takes measurements and gives the fixture, without its provenance. */
export type Scenario = (capture: Capture) => Promise<Record<string, unknown>>;

/** DRAM in bytes, in whole MiB in the fixture. */
export function dramOf({ options }: Capture, fallbackMiB: number): { dram: number; dramMiB: number } {
  const dram = options.dram ?? fallbackMiB * 2 ** 20;
  return { dram, dramMiB: dram / 2 ** 20 };
}

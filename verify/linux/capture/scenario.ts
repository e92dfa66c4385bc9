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
  /** Namespaces after one that failed are tried in the same guest. */
  readonly sameGuest: boolean;
  /** Steps of the hugetlb scenario, in huge pages. */
  readonly hugepages: readonly number[];
}

/** A run of the harness. */
export interface Capture {
  readonly options: CaptureOptions;
  /** Boots a guest, lets `work` use it, reads what its kernel complained about, ends it. */
  withGuest<T>(options: GuestOptions, work: (guest: Guest) => Promise<T>): Promise<T>;
  /** Progress, for people. */
  note(text: string): void;
}

/** Takes measurements and gives the fixture, without its provenance. */
export type Scenario = (capture: Capture) => Promise<Record<string, unknown>>;

/** What came of one item of a list. */
export interface Measured<R> {
  readonly row: R;
  /** The kernel failed: whatever its guest is asked next may fail for this reason alone. */
  readonly failed: boolean;
}

/** Measures one item after the other in one guest. */
export type Measure<S, R> = (item: S) => Promise<Measured<R>>;

/**
 * Measures a list. The rest of it goes to a new guest where an item failed, unless all of it is wanted in one. `prepare`
 * is done with each guest. Rows and the number of the guest that each was measured in.
 */
export async function measureInGuests<S, R>(
  { options, withGuest }: Capture,
  machine: GuestOptions,
  items: readonly S[],
  prepare: (guest: Guest) => Promise<Measure<S, R>>,
): Promise<(R & { guest: number })[]> {
  const rows: (R & { guest: number })[] = [];
  for (let number = 0; rows.length < items.length; number++) {
    await withGuest(machine, async (guest) => {
      const measure = await prepare(guest);
      for (const item of items.slice(rows.length)) {
        const { row, failed } = await measure(item);
        rows.push({ ...row, guest: number });
        if (failed && !options.sameGuest) return;
      }
    });
  }
  return rows;
}

/** DRAM in bytes, in whole MiB in the fixture. */
export function dramOf({ options }: Capture, fallbackMiB: number): { dram: number; dramMiB: number } {
  const dram = options.dram ?? fallbackMiB * 2 ** 20;
  return { dram, dramMiB: dram / 2 ** 20 };
}

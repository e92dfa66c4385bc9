// SPDX-License-Identifier: GPL-2.0-only
// The interface of a scenario.

import type { Guest, GuestOptions } from "./guest.ts";
import type { NamespaceSpec } from "./namespace_spec.ts";

/** The machine and the choices of the command line. Bytes. */
export interface CaptureOptions {
  /** DRAM; each scenario has a default of its own. */
  readonly dram?: number;
  readonly pmem: number;
  readonly pmemStart?: number;
  /** Replaces a scenario's own list of namespaces. */
  readonly namespaces?: readonly NamespaceSpec[];
  /** A namespace created first and left alone, below the measured one. */
  readonly beside?: NamespaceSpec;
  /** After a failure, further namespaces are tried in the same guest. */
  readonly sameGuest: boolean;
  /** Steps of the hugetlb scenario, in huge pages. */
  readonly hugepages: readonly number[];
}

/** A run of the harness. */
export interface Capture {
  readonly options: CaptureOptions;
  /** Boots a guest, lets `work` use it, reads its kernel's complaints, and ends it. */
  withGuest<T>(options: GuestOptions, work: (guest: Guest) => Promise<T>): Promise<T>;
  /** Reports progress to the user. */
  note(text: string): void;
}

/** Takes measurements and returns the fixture, without its provenance. */
export type Scenario = (capture: Capture) => Promise<Record<string, unknown>>;

/** Result for one item of a list. */
export interface Measured<R> {
  readonly row: R;
  /** The kernel failed: later failures in this guest may have no other cause. */
  readonly failed: boolean;
}

/** Measures one item after the other in one guest. */
export type Measure<S, R> = (item: S) => Promise<Measured<R>>;

/**
 * Measures a list. After a failure the rest goes to a new guest, unless all of it is wanted in one. `prepare` runs in
 * each guest. Returns the rows, and the number of the guest in which each was measured.
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

/** A guest without pmem; the fixture has its DRAM in whole MiB. */
export function dramOf({ options }: Capture, fallbackMiB: number) {
  const dram = options.dram ?? fallbackMiB * 2 ** 20;
  return { machine: { dram, pmem: 0 }, dramMiB: dram / 2 ** 20 };
}

/** The same with the NVDIMM of the command line. */
export function machineOf(capture: Capture, fallbackMiB: number) {
  const { pmem, pmemStart } = capture.options;
  const { machine, dramMiB } = dramOf(capture, fallbackMiB);
  return { machine: { ...machine, pmem, ...(pmemStart === undefined ? {} : { pmemStart }) }, dramMiB };
}

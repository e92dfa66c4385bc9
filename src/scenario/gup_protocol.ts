// SPDX-License-Identifier: GPL-2.0-only
// The messages between the main thread (gup_team.ts) and its workers (gup_worker.ts), and the words they share.

import type { CpuBooks, SmpTicket } from "../smp.ts";
import type { GupTestOptions, GupTestResult } from "../mm/gup/ioctl.ts";

/** Words of the control array: the run that may start, and the run whose pages may be put. */
export const GO = 0;
export const PUT = 1;
export const CONTROL_WORDS = 2;

/** First message to a worker: the machine to join, and the port for everything else. */
export interface Join {
  readonly ticket: SmpTicket;
  readonly cpu: number;
  /** Root table of the process whose pages are held. */
  readonly mmRootPfn: number;
  readonly control: Int32Array;
  readonly port: MessagePort;
}

/**
 * Kind of run: gup_test; one round that stops between get and put until the main thread has checked the counts; or only
 * rounds of get and put, for a bench that times them as a whole.
 */
export type GupRunKind = "test" | "hold" | "spin";

/** A run of gup_test on every CPU at once. */
export interface GupRun extends Omit<GupTestOptions, "mm" | "slow"> {
  /** Number of the run, from 1. */
  readonly run: number;
  readonly how: GupRunKind;
}

/** A worker's answers, in this order; "held" only in runs of that kind. */
export type GupAnswer =
  | { readonly kind: "ready" }
  | { readonly kind: "held"; readonly pages: number }
  | { readonly kind: "done"; readonly result: GupTestResult; readonly books: CpuBooks }
  | { readonly kind: "failed"; readonly message: string };

// SPDX-License-Identifier: GPL-2.0-only
// The gup_test benchmark (mm/gup_test.c, tools/testing/selftests/vm/gup_test.c): holds a mapping in calls of `batch`
// pages, checks the state untimed, and returns all pages; get and put are timed separately. The user program's flags
// are in parentheses. FOLL_LONGTERM is the slow path (slow.ts). Left out: dumping pages, several threads.

import { panic } from "../../lib/bug.ts";
import { gupFast } from "./gup.ts";
import { getUserPages } from "./slow.ts";
import { putPages, tailsAhead, unpinPages } from "./put.ts";
import type { GupMode } from "../../include/gup.ts";
import { pageMaybeDmaPinned } from "./refs.ts";
import type { Kernel, Mm } from "../kernel.ts";
import { compoundHead, pageRefcount } from "../page.ts";
import { countersSince, type CounterValues, readCounters } from "../vmstat.ts";

/** What to run. Pages are base pages. */
export interface GupTestOptions {
  readonly mm: Mm;
  /** Virtual page the range starts at. */
  readonly vpn: number;
  /** Pages to hold (-m, converted). */
  readonly pages: number;
  /** Pages per call (-n). */
  readonly batch: number;
  /** FOLL_GET (-u) or FOLL_PIN (-a). */
  readonly mode: GupMode;
  /** Rounds (-r). */
  readonly repeats: number;
  /** get_user_pages() or pin_user_pages() instead of the fast ones (-U, -b, -L); default false. */
  readonly slow?: boolean;
}

/** The pages held by gup_test, the work of it, and its times. */
export interface GupTestResult {
  /** Pages held per round; fewer than requested if the run was truncated. */
  readonly heldPages: number;
  /** Milliseconds of host time to get, per round. */
  readonly hostGetMs: readonly number[];
  /** Milliseconds of host time to put, per round. */
  readonly hostPutMs: readonly number[];
  /** All work of getting all pages once; every round does the same. */
  readonly getCounters: CounterValues;
  /** All work of putting all pages once. */
  readonly putCounters: CounterValues;
}

/** `__gup_test_ioctl`, `repeats` times. Panics if the untimed check finds a page that is not held. */
export function gupTest(k: Kernel, options: GupTestOptions): GupTestResult {
  const { mm, vpn, pages: wanted, batch, mode, repeats, slow = false } = options;
  const pages = new Float64Array(wanted);
  const getMs: number[] = [];
  const putMs: number[] = [];
  let held = 0;
  let readings: CounterValues[] = [];
  for (let r = 0; r < repeats; r++) {
    const start = readCounters(k.stat);
    const t0 = performance.now();
    held = gupTestGet(k, mm, vpn, batch, mode, pages, slow);
    const t1 = performance.now();
    verifyHeld(k, pages, held, mode);
    const between = readCounters(k.stat);
    const t2 = performance.now();
    gupTestPut(k, mode, pages, held);
    const t3 = performance.now();
    getMs.push(t1 - t0);
    putMs.push(t3 - t2);
    readings = [start, between, readCounters(k.stat)];
  }
  const [start, between, end] = readings;
  return {
    heldPages: held,
    hostGetMs: getMs,
    hostPutMs: putMs,
    getCounters: countersSince(start, between),
    putCounters: countersSince(between, end),
  };
}

/** The timed get loop; returns how many pages it holds. */
export function gupTestGet(
  k: Kernel,
  mm: Mm,
  vpn: number,
  batch: number,
  mode: GupMode,
  pages: Float64Array,
  slow = false,
): number {
  const hold = slow ? getUserPages : gupFast;
  let held = 0;
  while (held < pages.length) {
    const want = Math.min(batch, pages.length - held);
    const got = hold(k, mm, vpn + held, want, mode, pages, held);
    held += got;
    if (got < want) break;
  }
  return held;
}

/** The timed put loop: put_page() page by page, or unpin_user_pages() on the whole array. */
export function gupTestPut(k: Kernel, mode: GupMode, pages: Float64Array, held: number): void {
  if (mode === "pin") unpinPages(k, pages, 0, held);
  else putPages(k, pages, 0, held);
}

/** `verify_dma_pinned` and its FOLL_GET counterpart: every recorded page is held, in the right way. */
export function verifyHeld(k: Kernel, pages: Float64Array, held: number, mode: GupMode): void {
  let lastHead = -1;
  for (let i = 0; i < held; i++) {
    const head = compoundHead(k, pages[i]);
    if (head === lastHead) {
      i += Math.max(0, tailsAhead(k, pages, i, held, head) - 1);
      continue;
    }
    lastHead = head;
    const ok = mode === "pin" ? pageMaybeDmaPinned(k, pages[i]) : pageRefcount(k, head) > 1;
    if (!ok) panic(`verifyHeld: recorded page ${i}, frame ${pages[i]}, is not held (${mode})`);
  }
}

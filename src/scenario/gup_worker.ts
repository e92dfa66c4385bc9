// SPDX-License-Identifier: GPL-2.0-only
// One thread of gup_test -j: a worker that joins the machine as a CPU and does the runs that the main thread starts.
// All threads hold the same pages, as in gup_test.

import type { Kernel, Mm } from "../mm/kernel.ts";
import { gupTest, gupTestGet, gupTestPut, type GupTestResult, verifyHeld } from "../mm/gup/ioctl.ts";
import { countersSince, readCounters } from "../mm/vmstat.ts";
import { cpuBooks, joinMachine, joinMm } from "../smp.ts";
import { GO, type GupAnswer, type GupRun, type Join, PUT } from "./gup_protocol.ts";

globalThis.addEventListener("message", (event) => serve((event as MessageEvent<Join>).data), { once: true });

function serve({ ticket, cpu, mmRootPfn, control, port }: Join): void {
  const k = joinMachine(ticket, cpu);
  const mm = joinMm(mmRootPfn);
  const answer = (message: GupAnswer) => port.postMessage(message);
  port.onmessage = ({ data: run }: MessageEvent<GupRun>) => {
    try {
      answer({ kind: "ready" });
      Atomics.wait(control, GO, run.run - 1);
      const between = run.how === "spin" ? () => {} : (pages: Float64Array, got: number) => {
        verifyHeld(k, pages, got, run.mode);
        answer({ kind: "held", pages: got });
        Atomics.wait(control, PUT, run.run - 1);
      };
      const result = run.how === "test" ? gupTest(k, { ...run, mm }) : rounds(k, mm, run, between);
      answer({ kind: "done", result, books: cpuBooks(k) });
    } catch (error) {
      answer({ kind: "failed", message: error instanceof Error ? error.message : String(error) });
    }
  };
}

/** Rounds of get and put; times and work are those of all of them together. */
function rounds(
  k: Kernel,
  mm: Mm,
  { vpn, pages: wanted, batch, mode, repeats }: GupRun,
  between: (pages: Float64Array, got: number) => void,
): GupTestResult {
  const pages = new Float64Array(wanted);
  let [got, getMs, putMs] = [0, 0, 0];
  const start = readCounters(k.stat);
  let held = start;
  for (let r = 0; r < repeats; r++) {
    const t0 = performance.now();
    got = gupTestGet(k, mm, vpn, batch, mode, pages);
    const t1 = performance.now();
    if (r === 0) held = readCounters(k.stat);
    between(pages, got);
    const t2 = performance.now();
    gupTestPut(k, mode, pages, got);
    getMs += t1 - t0;
    putMs += performance.now() - t2;
  }
  const putCounters = countersSince(held, readCounters(k.stat));
  return {
    heldPages: got,
    hostGetMs: [getMs],
    hostPutMs: [putMs],
    getCounters: countersSince(start, held),
    putCounters,
  };
}

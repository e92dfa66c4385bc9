// SPDX-License-Identifier: GPL-2.0-only
// Pictures of a machine in the middle of its paths: every moment of every path can be drawn, forward and back alike.

import { assert, assertEquals } from "@std/assert";
import { type MachineNow, machineNow, traceWindow } from "./machine_now.ts";
import { TRACE_PATHS, traceAt, type TraceOptions, traceReport } from "./trace.ts";

const OPTIONS: readonly TraceOptions[] = [
  { path: "namespace", size: 2 ** 28 },
  { path: "fault", size: 2 ** 22 },
  { path: "gup", size: 2 ** 22, kernel: "v4" },
  { path: "put", size: 2 ** 21, kernel: "v4", mode: "pin" },
  { path: "hugetlb", size: 2 ** 21, count: 2 },
  { path: "hotplug", size: 2 ** 27, memmapOnMemory: true },
  { path: "destroy", size: 2 ** 28 },
];

function moments(options: TraceOptions): MachineNow[] {
  const { events } = traceReport(options);
  const window = traceWindow(options);
  const step = Math.ceil(events.length / 8);
  const at = [...Array(events.length + 1).keys()].filter((n) => n % step === 0 || n === events.length);
  return at.map((n) => traceAt(options, n, (k) => machineNow(k, window)));
}

Deno.test("every path can be drawn at any moment", () => {
  assertEquals(OPTIONS.map(({ path }) => path), [...TRACE_PATHS]);
  for (const options of OPTIONS) {
    const seen = moments(options);
    const mapped = seen.map((now) => now.frames.reduce((n, frame) => n + frame.vmemmapIndexes.length, 0));
    if (options.path === "namespace") assertEquals([mapped[0], mapped.at(-1)], [0, 8]);
    if (options.path === "destroy") assertEquals([mapped[0], mapped.at(-1)], [8, 0]);
    if (options.path === "fault") assertEquals([seen[0].user, seen.at(-1)!.user!.level], [null, "PMD"]);
    if (options.path === "gup") assertEquals(seen.at(-1)!.head!.refcount, 1 + 512);
    if (options.path === "put") assertEquals([seen[0], seen.at(-1)!].map((now) => now.head!.refcount), [513, 1]);
    if (options.path === "hugetlb") {
      assertEquals(Math.max(...seen.map((now) => now.pool.optimized)), 2);
      assertEquals(seen.at(-1)!.frames.length, 8);
    }
    if (options.path === "hotplug") {
      assert(seen.some((now) => now.blocks.online === 1) && seen.at(-1)!.blocks.added === 0);
    }
  }
});

Deno.test("a moment is the same however it is reached", () => {
  const options = OPTIONS[4];
  const window = traceWindow(options);
  const n = traceReport(options).events.length >> 1;
  const look = () => traceAt(options, n, (k) => machineNow(k, window));
  const first = look();
  traceAt(options, n + 3, (k) => machineNow(k, window));
  assertEquals(look(), first);
});

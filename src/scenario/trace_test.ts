// SPDX-License-Identifier: GPL-2.0-only
// Traces of kernel paths: repeatable, nested, and with sums that equal the counts of the reports.

import { assert, assertEquals, assertThrows } from "@std/assert";
import { checkInvariants } from "../debug_vm/debug_vm.ts";
import { foldTrace } from "../trace/fold.ts";
import { gupReport } from "./gup.ts";
import { hugetlbReport } from "./hugetlb.ts";
import { namespaceReport } from "./namespace.ts";
import { TRACE_PATHS, traceAt, type TraceOptions, traceReport } from "./trace.ts";

const MEMORY = { size: 2 ** 26, kernel: "v7" } as const;
const PATHS: readonly TraceOptions[] = [
  { path: "namespace", ...MEMORY },
  { path: "fault", ...MEMORY },
  { path: "gup", ...MEMORY },
  { path: "put", ...MEMORY, mode: "pin" },
  { path: "hugetlb", size: 2 ** 21, count: 3 },
  { path: "hotplug", size: 2 ** 27, memmapOnMemory: true },
  { path: "destroy", ...MEMORY },
];

Deno.test("every path has a trace here", () => assertEquals(PATHS.map(({ path }) => path), [...TRACE_PATHS]));

for (const options of PATHS) {
  Deno.test(`traceReport() of ${options.path} is nested, repeatable, and complete`, () => {
    const { events, errno: error } = traceReport(options);
    assertEquals(error, null);
    const open: string[] = [];
    for (const { kind, symbol, depth, modelMs } of events) {
      if (kind === "enter") open.push(symbol);
      assertEquals([open.length - 1, open.at(-1)], [depth, symbol]);
      if (kind === "leave") open.pop();
      assert(modelMs === null || modelMs >= 0);
    }
    assertEquals(open, []);
    assertEquals(traceReport(options).events, events);
    assertEquals(foldTrace(events).flatMap((s) => "symbol" in s ? [] : s.calls), []);
  });
}

Deno.test("traceReport() ends with the work and the model time that the reports have", () => {
  const last = (options: TraceOptions) => traceReport(options).events.at(-1)!;
  const moved = (counters: object) => Object.fromEntries(Object.entries(counters).filter(([, n]) => n !== 0));
  const close = (a: number | null, b: number | null) => assert(Math.abs(a! - b!) < 1e-9, `${a} is not ${b}`);
  const made = last({ path: "namespace", ...MEMORY });
  const namespace = namespaceReport(MEMORY);
  assertEquals(made.counters, moved(namespace.counters));
  assertEquals(made.framesTaken.vmemmap, namespace.pages.vmemmap);
  close(made.modelMs, namespace.modelMs);
  const held = last({ path: "gup", ...MEMORY, mode: "pin" });
  const gup = gupReport({ ...MEMORY, mode: "pin", repeats: 1 });
  assertEquals(held.counters, moved(gup.getCounters));
  close(held.modelMs, gup.modelGetMs);
  const pool = { size: 2 ** 21, count: 8 };
  close(last({ path: "hugetlb", ...pool, giveBack: false }).modelMs, hugetlbReport(pool).modelAllocMs);
  const { modelAllocMs, modelFreeMs } = hugetlbReport(pool);
  close(last({ path: "hugetlb", ...pool }).modelMs, modelAllocMs! + modelFreeMs!);
});

Deno.test("traceReport() shows the arguments that have a name, each under its own", () => {
  const argsOf = (options: TraceOptions, symbol: string) =>
    traceReport(options).events.filter((e) => e.kind === "enter" && e.symbol === symbol).map((e) => e.args);
  const sections = argsOf({ path: "namespace", size: 2 ** 29, kernel: "v7" }, "sparse_add_section");
  const [{ pfn: first }] = sections;
  const n = 2 ** 27 / 4096;
  assertEquals(sections, [0, 1, 2, 3].map((i) => ({ nid: 0, pfn: Number(first) + i * n, n })));
  const plugged: TraceOptions = { path: "hotplug", size: 2 ** 27, memmapOnMemory: true };
  const [{ start, bytes }] = argsOf(plugged, "remove_memory");
  assertEquals(bytes, 2 ** 27);
  const pfn = Number(start) / 4096;
  // Objects, the zone and the altmap here, are not shown.
  assertEquals(argsOf(plugged, "remove_pfn_range_from_zone"), [{ pfn: pfn + 512, n: n - 512 }, { pfn, n: 512 }]);
  assertEquals(argsOf(plugged, "__remove_pages"), [{ pfn, n }]);
  const pool: TraceOptions = { path: "hugetlb", size: 2 ** 21, count: 2, giveBack: false };
  const heads = argsOf(pool, "prep_new_huge_page").map(({ head }) => head);
  const remapped = argsOf(pool, "vmemmap_remap_range");
  assertEquals(remapped, heads.map((head) => ({ start: Number(head) / 64 + 1, count: 7 })));
});

Deno.test("traceAt() shows the machine after any event, in agreement with the events", () => {
  const options: TraceOptions = { path: "namespace", ...MEMORY };
  const { events } = traceReport(options);
  const start = traceAt(options, 0, (k) => Float64Array.from(k.uses));
  for (let n = 1; n <= events.length; n += 7) {
    const vmemmap = traceAt(options, n, (k) => k.uses[0] - start[0]);
    assertEquals(vmemmap, events[n - 1].framesTaken.vmemmap ?? 0);
  }
  traceAt(options, events.length, checkInvariants);
  assertThrows(() => traceAt(options, -1, () => 0), RangeError, "Cannot stop after -1 events");
});

Deno.test("traceReport() keeps the result of a path, and refuses a filter that names no function", () => {
  const full: TraceOptions = { path: "hotplug", size: 2 ** 30, freeMemory: 0 };
  assertEquals(traceReport(full).errno, "ENOMEM");
  assertThrows(
    () => traceReport({ path: "gup", ...MEMORY, filter: "put_page" }),
    RangeError,
    'Cannot trace "put_page"',
  );
  assertThrows(() => traceReport({ path: "gup", ...MEMORY, depth: 0 }), RangeError, "Cannot trace 0 levels");
  assertThrows(() => traceReport({ path: "boot" as never, ...MEMORY }), RangeError, 'Unknown path "boot"');
});

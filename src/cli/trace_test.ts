// SPDX-License-Identifier: GPL-2.0-only
// `lab trace`: text, events and Perfetto's file of a path, and what it refuses.

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { TRACE_PATHS } from "../scenario/trace.ts";
import { lab } from "./lab_testing.ts";

Deno.test("lab trace prints a path as function_graph does, repeats folded", async () => {
  const { code, out } = await lab("trace", "gup", "--size", "8M", "--kernel", "v4");
  assertEquals(code, 0);
  assertMatch(out, /^# tracer: function_graph\n# model time of the optane machine/);
  assertMatch(out, /\| {2}get_user_pages_fast\(vpn=262144, n=512\) \{ x 4\n/);
  assertMatch(out, /us {2}\| {8}try_grab_compound_head\(head=\d+, refs=512\); \/\* ret=true; refcount stores 1 \*\//);
});

Deno.test("lab trace runs every path without flags, in model time", async () => {
  for (const path of TRACE_PATHS) {
    const { code, out } = await lab("trace", path, "--depth", "1");
    assertEquals(code, 0, path);
    assertMatch(out, /^# tracer: function_graph\n# model time of the optane machine/, path);
    assertMatch(out, /^ +\d+\.\d+ us {2}\| {2}\w+\(/m, path);
  }
});

Deno.test("lab trace takes the flags of the path's command, and refuses others by name", async () => {
  assertStringIncludes(
    (await lab("trace", "hugetlb", "--count", "2", "--no-hugetlb-free-vmemmap")).out,
    "alloc_pool_huge_page(nid=-1) { x 2",
  );
  assertStringIncludes(
    (await lab("trace", "hotplug", "--memmap-on-memory", "--arch", "arm64-4k")).out,
    "is not modelled here",
  );
  for (
    const [args, complaint] of [
      [["fault", "--count", "4"], "--count has no effect on fault"],
      [["gup", "--jobs", "2"], 'unknown argument "--jobs'],
      [[], "expected one of namespace, fault"],
      [["gup", "put"], 'got "gup put"'],
      [["destroy", "--depth", "none"], "--depth: expected a whole number"],
    ] as const
  ) {
    const { code, err } = await lab("trace", ...args);
    assertEquals(code, 2);
    assertStringIncludes(err, complaint);
  }
});

Deno.test("lab trace --perfetto writes Chrome trace events, --json the plain ones", async () => {
  const dir = await Deno.makeTempDir();
  try {
    const { code, out } = await lab("trace", "destroy", "--size", "256M", "--perfetto", `${dir}/t.json`);
    assertEquals(code, 0);
    assertMatch(out, /^\d+ events in /);
    const { traceEvents } = JSON.parse(await Deno.readTextFile(`${dir}/t.json`));
    assert(traceEvents.some((e: { name: string; ph: string }) => e.ph === "X" && e.name === "memunmap_pages"));
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
  const { report } = JSON.parse((await lab("trace", "destroy", "--size", "256M", "--json")).out);
  assertEquals(report.events[0].symbol, "kill_dev_dax");
  assertEquals(report.errno, null);
});

// SPDX-License-Identifier: GPL-2.0-only
// Work per operation is unchanged. If a change is meant to affect it, `deno task test --update-snapshots` writes the
// snapshot.

import { assert, assertEquals } from "@std/assert";
import { assertSnapshot } from "@std/testing/snapshot";
import { WORK_SCENARIOS, workCounters } from "./work.ts";

Deno.test("workCounters() counts the work of the snapshot", async (t) => {
  const work = workCounters();
  assertEquals(Object.keys(work), Object.keys(WORK_SCENARIOS));
  for (const [name, counters] of Object.entries(work)) assert(Object.keys(counters).length > 0, name);
  await assertSnapshot(t, work, { path: new URL("__snapshots__/work_test.ts.snap", import.meta.url).pathname });
});

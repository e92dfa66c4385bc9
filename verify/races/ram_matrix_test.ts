// SPDX-License-Identifier: GPL-2.0-only
// Races over RAM: the reduction finds what running every schedule finds; the ways to the faults are those of the bugs'
// reports; defects that no variant has are found too.

import { assert, assertEquals } from "@std/assert";
import { hugeThread } from "./hugetlb_steps.ts";
import { type HugeSetting, hugeWorld } from "./hugetlb_world.ts";
import { ONLINE_TABLE, PGMAP_FIRST, TWO_LOOKS } from "./online_steps.ts";
import { gupTable, ORDER_TABLE, ramCases, READER_TABLE, WALKER_TABLE } from "./ram_matrix.ts";
import { LINUX_6_1, WALKERS } from "./ram_variants.ts";
import { tally } from "./tally.ts";
import { walkerThread } from "./walker_steps.ts";

const inOrder = (schedule: readonly string[], names: readonly string[]) => {
  let at = -1;
  return names.every((name) => (at = schedule.indexOf(name, at + 1)) >= 0);
};

/** The explorations of one cell. */
function cell(table: string, row: string, column: string) {
  const cases = ramCases().filter((c) => c.table === table && c.row === row && c.column === column);
  assert(cases.length > 0, `${table}, ${row}, ${column}`);
  return cases;
}

Deno.test("ramCases() find with sleep sets what they find without, in fewer schedules", () => {
  let [few, all] = [0, 0];
  for (
    const [table, row, column] of [
      [WALKER_TABLE, "nothing", "keep 1, optimised"],
      [WALKER_TABLE, "grace period; fake head test, count", "keep 1, optimised"],
      [WALKER_TABLE, "writable tails", "keep 1, restored"],
      [READER_TABLE, "page, next page, flags", "optimised"],
      [ORDER_TABLE, "no flush (B13)", "optimised"],
      [ONLINE_TABLE, TWO_LOOKS, PGMAP_FIRST],
      [gupTable("none"), "neither", "split"],
      [gupTable("none"), "head rechecked", "base pages"],
      [gupTable("rcu"), "entry rechecked", "part of a larger one"],
    ] as const
  ) {
    for (const { run } of cell(table, row, column)) {
      const [reduced, full] = [run(false), run(true)];
      assertEquals([...reduced.hazards.keys()].sort(), [...full.hazards.keys()].sort(), `${table}, ${row}, ${column}`);
      few += reduced.explored.schedules;
      all += full.explored.schedules;
    }
  }
  assert(few < all / 2, `${few} of ${all}`);
});

Deno.test("ramCases() reach the fault of 6.10 as its report has it: test, remap, user, count, store", () => {
  const ways = cell(WALKER_TABLE, "grace period; fake head test, count", "keep 1, optimised")
    .flatMap(({ run }) => [...run(false).hazards])
    .map(([hazard, { schedule }]) => ({ hazard, schedule }));
  assert(ways.length > 0);
  for (const { hazard, schedule } of ways) {
    assertEquals(hazard, "oops: store to the read-only struct page of frame N");
    const report = ["synchronize_rcu: sent", "rcu_read_lock", "is it a fake head?", "share the tails"];
    assert(inOrder(schedule, [...report, "a user takes the huge page", "read the count", "cmpxchg the count"]));
  }
});

Deno.test("ramCases() reach the split race: head read, split, counted, entry the same again", () => {
  const [{ run }] = cell(gupTable("rcu"), "entry rechecked", "split");
  const { schedule } = run(false).hazards.get("I20 returns a page without a reference on it")!;
  const names = ["read compound_head", "tails become pages of their own", "try_grab_compound_head 1"];
  assert(inOrder(schedule, [...names, "map the page again", "read the entry again"]), schedule.join("; "));
});

Deno.test("tally() finds a walker that is waited for by nobody although it reads under RCU", () => {
  const setting: HugeSetting = { ...LINUX_6_1, place: "second", begins: "base", cached: true };
  const walker = WALKERS.find((v) => v.grace && v.skip === "after the count")!;
  const { hazards } = tally(() => hugeWorld(setting), (w) => [walkerThread(w, walker), hugeThread(w)], false);
  assertEquals([...hazards.keys()], ["oops: store to the read-only struct page of frame N"]);
});

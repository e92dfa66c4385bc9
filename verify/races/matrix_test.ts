// SPDX-License-Identifier: GPL-2.0-only
// The races: the answers of RACES.md hold, the reduction finds what running every schedule finds, the ways to faults are
// those of the bugs' reports, and defects that no variant has are found (an explorer that finds nothing proves nothing).

import { assert, assertEquals } from "@std/assert";
import { assertAsSchema } from "../../src/cli/schema_testing.ts";
import { answers } from "./answers.ts";
import { hugeThread } from "./hugetlb_steps.ts";
import { type HugeSetting, hugeWorld } from "./hugetlb_world.ts";
import { daxCase, exploreAll, gupTable, ORDER_TABLE, raceCases, READER_TABLE, WALKER_TABLE } from "./matrix.ts";
import { ONLINE_TABLE, PGMAP_FIRST, TWO_LOOKS } from "./online_steps.ts";
import { racesAt } from "./race.ts";
import { racesMarkdown } from "./report.ts";
import { tally } from "./tally.ts";
import { LINUX_6_1, VARIANTS, WALKERS } from "./variants.ts";
import { walkerThread } from "./walker_steps.ts";

const byName = (name: string) => VARIANTS.find((v) => v.name === name)!;

Deno.test("answers() hold, and RACES.md matches this run", async () => {
  const races = exploreAll(raceCases());
  const found = answers(races);
  assertAsSchema("races", { answers: found, schedules: 1, different: [] });
  assertEquals(found.filter((a) => !a.holds).map((a) => a.statement), []);
  // No variant is safe merely because it never got a page.
  for (const r of races) {
    if (r.life !== undefined || [READER_TABLE, ORDER_TABLE, ONLINE_TABLE].includes(r.table)) continue;
    assert(r.held > 0, `${r.table}, ${r.row}, ${r.column}`);
  }
  // No statement covers what was not explored.
  assertEquals(answers([]).filter((a) => a.holds).map((a) => a.statement), []);
  const fewer = answers(races.filter((r) => r.row !== "patch 8, no pgmap"));
  assert(!fewer.find((a) => a.statement.startsWith("It does protect against"))!.holds);
  const ipi = answers(races.filter((r) => r.table !== gupTable("ipi")));
  assert(!ipi.find((a) => a.statement.startsWith("Neither check helps"))!.holds);
  // Running every schedule takes too long for a test.
  const rest = (text: string) => text.replace(/(steps\.) .*\n/, "$1\n");
  const file = await Deno.readTextFile(new URL("../RACES.md", import.meta.url));
  assertEquals(rest(file), rest(racesMarkdown(races, found, null)));
});

Deno.test("daxCase() finds the same hazards with and without sleep sets, in fewer schedules", () => {
  for (
    const [name, life, waits, memunmap] of [
      ["patch 8", "goes down", "none", "per-page"],
      ["patch 8, no pgmap", "goes down", "none", "per-page"],
      ["no pgmap, head not rechecked", "comes back as base pages", "none", "per-page"],
      ["patch 8", "goes down", "rcu", "bulk"],
    ] as const
  ) {
    const { run } = daxCase(byName(name), life, waits, memunmap);
    const [reduced, full] = [run(), run(true)];
    assertEquals([...reduced.hazards.keys()].sort(), [...full.hazards.keys()].sort(), `${name}, ${life}, ${waits}`);
    assert(reduced.explored.schedules < full.explored.schedules / 5);
  }
});

Deno.test("daxCase() finds a variant that never looks at the entry's page head", () => {
  const careless = { ...byName("no pgmap, head rechecked"), head: "entry", recheckHead: false } as const;
  const { hazards } = daxCase(careless, "comes back as base pages", "ipi", "per-page").run();
  assert(hazards.has("counts on a stale head"));
});

Deno.test("daxCase() shows the way to a fault as step names", () => {
  const { hazards } = daxCase(byName("one, then the rest if npages > 2"), "goes down", "ipi", "per-page").run();
  const schedule = hazards.get("wait for the pgmap's references: waits for ever")?.schedule ?? [];
  assert(schedule.includes("try_grab_compound_head 1") && schedule.includes("percpu_ref_kill"), schedule.join("; "));
});

const inOrder = (schedule: readonly string[], names: readonly string[]) => {
  let at = -1;
  return names.every((name) => (at = schedule.indexOf(name, at + 1)) >= 0);
};

/** The explorations of one cell. */
function cell(table: string, row: string, column: string) {
  const cases = racesAt(raceCases(), { table, row, column });
  assert(cases.length > 0, `${table}, ${row}, ${column}`);
  return cases;
}

Deno.test("raceCases() find the same hazards with and without sleep sets, in fewer schedules", () => {
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

Deno.test("raceCases() reach the fault of 6.10 as its report has it: test, remap, user, count, store", () => {
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

Deno.test("raceCases() reach the split race: head read, split, counted, entry the same again", () => {
  const [{ run }] = cell(gupTable("rcu"), "entry rechecked", "split");
  const { schedule } = run(false).hazards.get("I20 returns a page without a reference on it")!;
  const names = ["read compound_head", "tails become pages of their own", "try_grab_compound_head 1"];
  assert(inOrder(schedule, [...names, "map the page again", "read the entry again"]), schedule.join("; "));
});

Deno.test("tally() finds a walker under RCU for which nothing waits", () => {
  const setting: HugeSetting = { ...LINUX_6_1, place: "second", begins: "base", cached: true };
  const walker = WALKERS.find((v) => v.grace && v.skip === "after the count")!;
  const { hazards } = tally(() => hugeWorld(setting), (w) => [walkerThread(w, walker), hugeThread(w)], false);
  assertEquals([...hazards.keys()], ["oops: store to the read-only struct page of frame N"]);
});

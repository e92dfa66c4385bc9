// SPDX-License-Identifier: GPL-2.0-only
// The races: the answers of RACES.md hold, the reduction finds what running every schedule finds, and
// a defect put into a variant is found (an explorer that finds nothing proves nothing).

import { assert, assertEquals } from "@std/assert";
import { answers } from "./answers.ts";
import { race, raceMatrix } from "./matrix.ts";
import { ramAnswers } from "./ram_answers.ts";
import { ONLINE_TABLE } from "./online_steps.ts";
import { gupTable, ORDER_TABLE, ramMatrix, READER_TABLE } from "./ram_matrix.ts";
import { racesMarkdown } from "./report.ts";
import { VARIANTS } from "./variants.ts";

const byName = (name: string) => VARIANTS.find((v) => v.name === name)!;

Deno.test("answers() and ramAnswers() hold, and RACES.md is what this run says", async () => {
  const races = { dax: raceMatrix(), ram: ramMatrix() };
  const found = [...answers(races.dax), ...ramAnswers(races.ram)];
  assertEquals(found.filter((a) => !a.holds).map((a) => a.statement), []);
  // Nobody is safe because nobody ever got a page.
  for (const r of races.ram) {
    if ([READER_TABLE, ORDER_TABLE, ONLINE_TABLE].includes(r.table)) continue;
    assert(r.held > 0, `${r.table}, ${r.row}, ${r.column}`);
  }
  // Nothing is said of what was not explored.
  assertEquals([...answers([]), ...ramAnswers([])].filter((a) => a.holds).map((a) => a.statement), []);
  const fewer = answers(races.dax.filter((r) => r.variant.name !== "patch 8, no pgmap"));
  assert(!fewer.find((a) => a.statement.startsWith("It does protect against"))!.holds);
  const ipi = ramAnswers(races.ram.filter((r) => r.table !== gupTable("ipi")));
  assert(!ipi.find((a) => a.statement.startsWith("Neither look helps"))!.holds);
  // What the run of every schedule found is the one thing that is too long for a test.
  const rest = (text: string) => text.replace(/(steps\.) .*\n/, "$1\n");
  const file = await Deno.readTextFile(new URL("../RACES.md", import.meta.url));
  assertEquals(rest(file), rest(racesMarkdown(races, found, null)));
});

Deno.test("race() finds with sleep sets what it finds without, in fewer schedules", () => {
  for (
    const [name, life, waits, memunmap] of [
      ["patch 8", "goes down", "none", "per-page"],
      ["patch 8, no pgmap", "goes down", "none", "per-page"],
      ["no pgmap, head not rechecked", "comes back as base pages", "none", "per-page"],
      ["patch 8", "goes down", "rcu", "bulk"],
    ] as const
  ) {
    const reduced = race(byName(name), life, waits, memunmap);
    const full = race(byName(name), life, waits, memunmap, true);
    assertEquals([...reduced.hazards.keys()].sort(), [...full.hazards.keys()].sort(), `${name}, ${life}, ${waits}`);
    assert(reduced.explored.schedules < full.explored.schedules / 5);
  }
});

Deno.test("race() finds a variant that never looks at the entry's page head", () => {
  const careless = { ...byName("no pgmap, head rechecked"), head: "entry", recheckHead: false } as const;
  const { hazards } = race(careless, "comes back as base pages", "ipi", "per-page");
  assert(hazards.has("counts on a stale head"));
});

Deno.test("race() shows the way to a fault as step names", () => {
  const { hazards } = race(byName("one, then the rest if npages > 2"), "goes down", "ipi", "per-page");
  const schedule = hazards.get("wait for the pgmap's references: waits for ever")?.schedule ?? [];
  assert(schedule.includes("try_grab_compound_head 1") && schedule.includes("percpu_ref_kill"), schedule.join("; "));
});

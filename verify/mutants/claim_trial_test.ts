// SPDX-License-Identifier: GPL-2.0-only
// A trial looks for a changed figure, not for a failure; its outcome depends on the seed alone; a change and a failure
// are told apart, in rows and in the table.

import { assert, assertEquals, assertRejects } from "@std/assert";
import { CommandError } from "../../src/cli/command.ts";
import type { Judged } from "../claims/claim.ts";
import { CHECKER, type Path } from "./claim_bench.ts";
import { type Answer, changeOf } from "./claim_change.ts";
import { ClaimLog } from "./claim_log.ts";
import { claimMutantsMarkdown, outcomeLine, totals } from "./claim_report.ts";
import { type ClaimOutcome, inTurn, rarestFirst, type Sources, Trial } from "./claim_trial.ts";
import { CLAIM_SLIPS } from "./claim_slips.ts";
import { lines } from "./equivalent.ts";
import { type Mutant, mutantsOf } from "./operators.ts";
import { noticed, slipped } from "./slips.ts";
import { edited } from "../mutations/mutant.ts";

const ROW: Judged = {
  id: "000-01",
  what: "",
  unit: "pages",
  printed: null,
  formula: 2,
  measured: 2,
  model: null,
  band: null,
  verdict: "equal",
  expected: "equal",
  ok: true,
  note: null,
};
const FAILED: Judged = { ...ROW, measured: null, verdict: "disagreement", ok: false, note: "measuring failed: f" };
const THREE: Judged = { ...ROW, measured: 3, verdict: "disagreement", ok: false };

function answer(...rows: Judged[]): Answer {
  return { rows, timedOut: false, failure: null };
}

function path(id: string, ...blocks: number[]): Path {
  return { rows: [{ ...ROW, id }], blocks, fromLists: false, unchecked: true };
}

const TEXT = Array.from({ length: 9 }, (_, i) => `f${i}();`).join("\n");
const MUTANTS = mutantsOf("a.ts", TEXT).filter(({ replacement }) => replacement === ";");

/** Each block covers three lines of the source. */
const SOURCES: Sources = {
  text: () => TEXT,
  mutantsIn: (block) => MUTANTS.slice(3 * block, 3 * block + 3),
  listMutants: [],
};

/** Runs a trial; `judge` gives the change of a claim's row. Benches answer in random order. */
function tryAll(paths: ReadonlyMap<string, Path>, judge: (mutant: Mutant, id: string) => Judged, seed = 1) {
  const trial = new Trial(SOURCES, paths, { seed, tries: 9 });
  const outcomes: ClaimOutcome[] = [];
  const put: [Mutant, string][] = [];
  while (trial.left > 0) {
    const tasks = trial.round();
    const changes = tasks.map(({ mutant, claims }) =>
      new Map([...claims].map(([id, { rows }]) => {
        put.push([mutant, id]);
        return [id, changeOf(id, rows, answer({ ...judge(mutant, id), id }))];
      }))
    );
    outcomes.push(...trial.take(tasks, changes));
  }
  return { outcomes, put };
}

Deno.test("changeOf() distinguishes a changed figure, a failed measurement and unchanged rows", () => {
  assertEquals(changeOf("000-01", [ROW], answer(ROW)), null);
  assertEquals(changeOf("000-01", [ROW], answer(THREE)), {
    figures: [{ id: "000-01", now: "2 pages, now 3 pages" }],
    fails: [],
  });
  assertEquals(changeOf("000-01", [ROW], answer(FAILED)), {
    figures: [],
    fails: [{ id: "000-01", now: "measuring failed: f" }],
  });
  assertEquals(changeOf("000-01", [ROW], { rows: [], timedOut: true, failure: null })?.fails, [
    { id: "000-01", now: "does not end" },
  ]);
  const timed: Judged = { ...ROW, measured: null, formula: null, model: 1.5, unit: "ms", verdict: "inside band" };
  const outside: Judged = { ...timed, model: 9, verdict: "outside band", ok: false };
  assertEquals(changeOf("000-01", [timed], answer(outside))?.figures[0].now, "model 1.5 ms, now 9 ms");
  assertEquals(changeOf("000-01", [timed], answer({ ...timed, model: 1.6 })), null);
});

Deno.test("a trial continues after a failure until a figure changes, and keeps the failure if none does", () => {
  const paths = new Map(["000-01", "000-02"].map((id) => [id, path(id, 0, 1, 2)]));
  const { outcomes } = tryAll(paths, (mutant, id) => mutant.line === 8 && id === "000-01" ? THREE : FAILED);
  const [first, second] = outcomes.toSorted((a, b) => a.id < b.id ? -1 : 1);
  assertEquals([first.found?.mutant.line, first.found?.change.figures.length], [8, 1]);
  assertEquals([second.found?.change.figures, second.tried], [[], 9]);
  assertEquals(totals(outcomes), { figures: 1, fails: 1, unchanged: 0 });
  assert(outcomeLine(second).includes("FAILS ONLY"), outcomeLine(second));
});

Deno.test("a mutant that breaks three claims is put to no other", () => {
  const ids = Array.from({ length: 30 }, (_, i) => `000-${10 + i}`);
  const { put } = tryAll(new Map(ids.map((id) => [id, path(id, 0)])), () => FAILED);
  // Claims that share a round may all fail: at most 12 per mutant.
  assert(put.length < 3 * 30, `${put.length}`);
});

Deno.test("a mutant that changed one claim's figure is tried on all claims that run its block", () => {
  const others = ["000-10", "000-11", "000-12", "000-13"].map((id): [string, Path] => [id, path(id, 0, 1, 2)]);
  const { outcomes } = tryAll(
    new Map([["000-01", path("000-01", 1)], ...others]),
    ({ line }) => line === 5 ? THREE : ROW,
  );
  assertEquals(outcomes.map(({ found }) => found?.mutant.line), [5, 5, 5, 5, 5]);
});

Deno.test("a log keeps results, skips truncated lines, and is refused for other sources", async () => {
  const file = Deno.makeTempFileSync();
  try {
    const change = { figures: [], fails: [{ id: "000-01", now: "f" }] };
    const log = await ClaimLog.open(file);
    log.keepPath("000-01", path("000-01", 3));
    log.keepChange("000-01", MUTANTS[0], change);
    log.keepChange("000-01", MUTANTS[1], null);
    Deno.writeTextFileSync(file, '\n{"id":"000-01","mut', { append: true });
    const again = await ClaimLog.open(file);
    assertEquals(again.path("000-01"), path("000-01", 3));
    assertEquals(MUTANTS.slice(0, 3).map((mutant) => again.change("000-01", mutant)), [change, null, undefined]);
    Deno.writeTextFileSync(file, '{"sources":"other"}\n');
    await assertRejects(() => ClaimLog.open(file), CommandError, "is a log of other sources");
  } finally {
    Deno.removeSync(file);
  }
});

Deno.test("a trial tries no mutant twice on a claim, and the seed decides which comes first", () => {
  const paths = new Map(["000-01", "000-02", "000-03"].map((id, i) => [id, path(id, 0, i)]));
  const names = (seed: number) => tryAll(paths, () => ROW, seed).put.map(([{ line }, id]) => `${line} ${id}`);
  const once = names(1);
  assertEquals(new Set(once).size, once.length);
  assertEquals(names(1), once);
  assert(names(2).join() !== once.join());
});

Deno.test("a claim's mutants come from code that few other claims run, one block after the other", () => {
  const paths = [path("", 1, 2, 3), path("", 1, 2), path("", 1)];
  assertEquals(rarestFirst(paths[0], paths, 1), [3, 2, 1]);
  assertEquals(inTurn([["a", "b"], [], ["c"]], 9), ["a", "c", "b"]);
  assertEquals(inTurn([["a", "b"], ["c"]], 2), ["a", "c"]);
});

Deno.test("CLAIM_MUTANTS.md lists changed figures, failures, and claims that nothing changes", () => {
  const [mutant] = MUTANTS;
  const found = (after: Judged) => ({
    mutant,
    lines: lines(TEXT, mutant),
    change: changeOf("000-01", [ROW], answer(after))!,
  });
  const md = claimMutantsMarkdown([
    { id: "000-01", tried: 2, found: found(THREE) },
    { id: "000-02", tried: 5, found: found(FAILED) },
    { id: "000-03", tried: 5, found: null },
  ], { seed: 1, tries: 5, counted: 9, left: 4, minutes: 2, jobs: 1 });
  assert(
    md.includes(
      "Sampled 3 of 9 claims with seed 1, at most 5 of its own mutants each: a figure of 1 changes, 1 can no",
    ),
    md,
  );
  assert(md.includes("| 000-01: 2 pages, now 3 pages |  |\n"), md);
  assert(md.includes("|  | no reason known: 000-01: measuring failed: f |\n"), md);
  assert(md.includes("| 000-03 | 5 | | | | UNCHANGED | |\n"), md);
});

Deno.test("a slip must change a figure of the row that it names", () => {
  const [two, three] = [{ ...ROW, id: "000-01/two" }, { ...THREE, id: "000-01/three" }];
  const before = { ...path("000-01"), rows: [two, { ...three, measured: 2, ok: true }] };
  assertEquals(noticed("000-01/three", before, answer(two, three)).ok, true);
  assertEquals(noticed("000-01", before, answer(two, three)).ok, true);
  assertEquals(noticed("000-01/two", before, answer(two, three)).ok, false);
  assertEquals(noticed("000-01", before, answer(...before.rows)), { ok: false, said: "UNCHANGED" });
  assertEquals(noticed("000-01", before, answer(FAILED)).ok, false);
});

Deno.test("slips and the checker's switch replace existing text", () => {
  const read = (file: string) => Deno.readTextFileSync(new URL(`../../${file}`, import.meta.url));
  edited(read(CHECKER.file), CHECKER);
  for (const slip of CLAIM_SLIPS) assert(slipped(slip, read).size > 0);
});

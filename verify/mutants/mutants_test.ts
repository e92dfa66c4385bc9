// SPDX-License-Identifier: GPL-2.0-only
// Each operator makes its mutants and changes nothing else; a sample depends on the seed alone; every equivalent names
// a line that exists.

import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { claimId } from "../audit/audit.ts";
import { SHIPPED } from "../claims/catalogue.ts";
import { blockAround, blocksOf, marked } from "./blocks.ts";
import { CLAIM_SLIPS } from "./claim_slips.ts";
import { countedClaims } from "./claims.ts";
import { EQUIVALENT, isMutant, lines, whyEquivalent } from "./equivalent.ts";
import { parseLog } from "./log.ts";
import { MARKS } from "./marks.ts";
import { mutantsOf, mutated, shorterLists } from "./operators.ts";
import { mutantsMarkdown, score } from "./report.ts";
import { lastOutcomes, named, ranked, sampled, stillHolds } from "./sample.ts";
import { kernelMutants, type Stage, STAGES } from "./trial.ts";

const TEXT = `import { alignDown, alignUp } from "./align.ts";
type Four = 4;
const f = traced("f(a, 1 + 1)", (a: number): number => {
  if (a < 3 && !done) panic(\`f: \${a + 1}\`);
  k.tracer?.enter("f", { a });
  count(a);
  return alignUp(a | 0, size);
});
`;

Deno.test("mutantsOf() finds every place for a slip, and none in types, names, messages and traces", () => {
  const found = mutantsOf("a.ts", TEXT).map((m) => {
    const { line, mutant } = lines(TEXT, m);
    return [m.line, mutant === ";" ? line : m.text, m.replacement];
  });
  assertEquals(found, [
    [4, "a < 3 && !done", "false"],
    [4, "&&", "||"],
    [4, "<", "<="],
    [4, "3", "4"],
    [4, "!done", "done"],
    [6, "count(a);", ";"],
    [7, "alignUp", "alignDown"],
  ]);
});

Deno.test("shorterLists() takes the first of every list that has another", () => {
  const text = '{ "a": [1, 2], "b": [{ "c": ["x", "y", "z"] }] }\n';
  const found = shorterLists("a.json", text).map((mutant) => JSON.parse(mutated(text, mutant)));
  assertEquals(found, [{ a: [2], b: [{ c: ["x", "y", "z"] }] }, { a: [1, 2], b: [{ c: ["y", "z"] }] }]);
});

Deno.test("mutated() changes the mutant's place and nothing else", () => {
  for (const m of mutantsOf("a.ts", TEXT)) {
    const text = mutated(TEXT, m);
    assertNotEquals(text, TEXT);
    assertEquals(mutated(text, { ...m, text: m.replacement, replacement: m.text }), TEXT);
  }
});

const LINES = Array.from({ length: 50 }, (_, i) => `f(${i % 40});`);

/** A mutant of each line of a file. */
function ofLines(text: readonly string[]) {
  return named(mutantsOf("a.ts", text.join("\n")).filter((m) => m.replacement === ";"), () => text.join("\n"));
}

Deno.test("sampled() and ranked() continue where they stopped, take nothing twice, and take all", () => {
  const all = ofLines(LINES);
  assertEquals(new Set(all.map(({ name }) => name)).size, 50);
  for (const sample of [sampled<(typeof all)[number]>, ranked]) {
    assertEquals([...sample(all, 7, 0, 20), ...sample(all, 7, 20, 20)], sample(all, 7, 0, 40));
    assertEquals(sample(all, 7, 0, 99).toSorted((a, b) => a.at - b.at), all);
    assertNotEquals(sample(all, 7, 0, 20), sample(all, 8, 0, 20));
  }
});

Deno.test("ranked() takes the same mutants when other lines come or go", () => {
  const names = (text: readonly string[], n: number) => ranked(ofLines(text), 7, 0, n).map(({ name }) => name);
  const more = ["added();", ...LINES];
  const added = "a.ts: added(); -> ; (0)";
  assertEquals(names(more, 51).filter((name) => name !== added), names(LINES, 50));
});

Deno.test("lastOutcomes() takes the last outcome of each mutant, and leaves a line cut short", () => {
  const outcome = (name: string, noticedBy: Stage | null) => ({
    name,
    noticedBy,
    test: null,
    timedOut: false,
    tree: "t",
  });
  const all = [outcome("a", null), outcome("b", "room"), outcome("a", "beside")];
  const log = all.map((line) => "\n" + JSON.stringify(line)).join("") + '\n{"name":"c","noti';
  assertEquals([...lastOutcomes(parseLog(log)).values()], [all[2], all[1]]);
});

Deno.test("stillHolds() only for the same tree, and for a survivor only if as many stages ran", () => {
  const noticed = { name: "a", noticedBy: "room", test: null, timedOut: false, tree: "t", upto: "room" } as const;
  const missed = { ...noticed, noticedBy: null, upto: "machines" } as const;
  assertEquals([stillHolds(noticed, "t", "src"), stillHolds(noticed, "u", "src")], [true, false]);
  assertEquals(STAGES.map((upto) => stillHolds(missed, "t", upto)), [true, true, true, false, false]);
  assertEquals(stillHolds({ name: "a", noticedBy: "room", test: null, timedOut: false }, "t", "room"), false);
});

Deno.test("every mutant that is listed as equivalent is one that the operators make", () => {
  const read = (file: string) => Deno.readTextFileSync(new URL(`../../${file}`, import.meta.url));
  const rows = Object.values(EQUIVALENT).flat();
  const texts = new Map(rows.map(([file]) => [file, read(file)]));
  const made = kernelMutants().filter(({ file }) => texts.has(file));
  for (const row of rows) {
    const text = texts.get(row[0])!;
    const found = made.find((mutant) => isMutant(row, text, mutant));
    assert(found, row.join());
    assert(whyEquivalent(text, found) !== null);
  }
});

Deno.test("score() leaves out equivalent mutants; MUTANTS.md lists those not noticed", () => {
  const mutants = mutantsOf("a.ts", TEXT);
  const judged = [
    { mutant: mutants[0], noticedBy: "room" as const, test: null, timedOut: false, why: null },
    { mutant: mutants[1], noticedBy: null, test: null, timedOut: false, why: null },
    { mutant: mutants[2], noticedBy: null, test: null, timedOut: false, why: "a is whole" },
  ];
  assertEquals(score(judged), { noticed: 1, of: 2, percent: "50.0" });
  const md = mutantsMarkdown(judged, { seed: 3, of: 8, upto: "machines", revision: "0123456789abcdef+" }, () => TEXT);
  assert(md.includes("Sampled 3 of 8 with seed 3: 1 of 2 are noticed, 50.0 %. 1 more are equivalent"), md);
  assert(md.includes("Measured on commit 0123456789ab with changes."), md);
  assert(md.includes('after the stage "machines" (kernel, src) were not run'), md);
  assertEquals(md.match(/not noticed \|$/gm)?.length, 1);
});

Deno.test("slips name existing claims", () => {
  const ids = new Set(SHIPPED.flatMap(({ claims }) => claims.map(({ id }) => id)));
  for (const { claims } of CLAIM_SLIPS) assertEquals(claims.filter((id) => !ids.has(claimId(id))), []);
});

Deno.test("marked() marks the blocks that ran, and does not change the code", async () => {
  const text = "export const twice = (f: (n: number) => object, n: number) => {\n" +
    "  if (n < 0) { return [f(0)]; }\n  return [f(n), f(n)];\n};\nexport const box = (n: number) => ({ n });\n";
  const blocks = blocksOf("a.ts", text);
  assertEquals(blocks.map(({ start, end }) => text.slice(start, end).slice(0, 8)), [
    "{\n  if (",
    "{ return",
    "({ n })",
  ]);
  assertEquals([blockAround(blocks, text.indexOf("f(0)")), blockAround(blocks, text.indexOf("f(n)"))], [1, 0]);
  const ran = new Uint8Array(9);
  Object.assign(globalThis, { [MARKS]: ran });
  const { box, twice } = await import(`data:text/typescript,${encodeURIComponent(marked("a.ts", text, 5))}`);
  assertEquals(twice(box, 3), [{ n: 3 }, { n: 3 }]);
  assertEquals([...ran], [0, 0, 0, 0, 0, 1, 0, 1, 0]);
  Reflect.deleteProperty(globalThis, MARKS);
});

Deno.test("claims that are counted are of the documents, and more than are sampled", () => {
  const ids = new Set(SHIPPED.flatMap(({ claims }) => claims.map(({ id }) => id)));
  const counted = countedClaims();
  assert(counted.length >= 60, `${counted.length}`);
  assertEquals(counted.filter((id) => !ids.has(id)), []);
});

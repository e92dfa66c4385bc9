// SPDX-License-Identifier: GPL-2.0-only
// Every mutation is noticed by the check that its row names, and MUTATIONS.md is up to date. A row without a defect is
// not reported as caught.

import { assert, assertEquals, assertThrows } from "@std/assert";
import { assertAsSchema } from "../../src/cli/schema_testing.ts";
import { NO_ERRATA } from "../../src/include/kernel_config.ts";
import { type Mutation, MUTATIONS } from "./edits.ts";
import { edited } from "./mutant.ts";
import { mutationRow, mutationsMarkdown, untried } from "./report.ts";
import type { MutationRow } from "./row.ts";
import { tryMutation, type Verdict } from "./run.ts";
import { ROWS } from "./table.ts";

const verdicts = new Map<MutationRow, Promise<Verdict>>();

/** The verdict of a row, which runs once. */
function verdict(row: MutationRow): Promise<Verdict> {
  const running = verdicts.get(row) ?? tryMutation(row);
  verdicts.set(row, running);
  return running;
}

for (const row of ROWS) {
  Deno.test(`${row.name} is noticed (${row.invariant}), and a kernel without it passes`, async () => {
    const { without, noticed, caught } = await verdict(row);
    assertEquals(without, null);
    assert(caught, `${noticed}, expected ${row.notices ?? row.invariant}`);
  });
}

Deno.test("every mutation of the sources and every erratum has a row", () => {
  const rows = ROWS.map((row) => row.name);
  for (const name of Object.keys(MUTATIONS)) assert(rows.includes(name), name);
  // 6.1 has compoundStartUnchecked; without it such a device is refused, so there is no sound run to compare with.
  // grabOneFromHead and grabWholeRange need an entry over several compounds, which no driver makes, and
  // compoundOrderPmdShift only warns. verify/errata covers them.
  const elsewhere = ["compoundStartUnchecked", "grabOneFromHead", "grabWholeRange", "compoundOrderPmdShift"];
  const errata = Object.keys(NO_ERRATA).filter((name) => !elsewhere.includes(name));
  for (const name of errata) assert(rows.includes(name), name);
});

Deno.test("tryMutation() does not call a row caught that has no defect, or is noticed by something else", async () => {
  const { edits: _, ...sound } = ROWS.find((row) => row.name === "headBeforeTails")!;
  assertEquals((await tryMutation(sound)).caught, false);
  assertEquals((await tryMutation({ ...ROWS[0], notices: /I99/ })).caught, false);
});

Deno.test("every text that a mutation replaces is in its file, once", async () => {
  for (const [name, { edits }] of Object.entries<Mutation>(MUTATIONS)) {
    let text = await Deno.readTextFile(new URL(`../../${edits[0].file}`, import.meta.url));
    for (const edit of edits) {
      assertEquals(edit.file, edits[0].file, name);
      text = edited(text, edit);
    }
  }
});

Deno.test("edited() names the file and the text that is missing or occurs twice", () => {
  const edit = { file: "src/a.ts", text: "x + 1", replacement: "$&" };
  assertEquals(edited("y = x + 1;", edit), "y = $&;");
  assertThrows(() => edited("y = x;", edit), RangeError, "src/a.ts: found 0 times, must be once: x + 1");
  assertThrows(() => edited("x + 1, x + 1", edit), RangeError, "found 2 times");
});

Deno.test("MUTATIONS.md and the JSON's schema match this run", async () => {
  const file = await Deno.readTextFile(new URL("../MUTATIONS.md", import.meta.url));
  const all = await Promise.all(ROWS.map(verdict));
  assertEquals(file, mutationsMarkdown(all));
  assertAsSchema("mutations", { mutations: all.map(mutationRow), untried: untried(all) });
});

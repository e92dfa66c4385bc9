// SPDX-License-Identifier: GPL-2.0-only
// Verdicts: each can be reached, and a wrong number on any side is noticed.

import { assertEquals, assertThrows } from "@std/assert";
import { KernelPanic } from "../../mod.ts";
import { type Claim, compare, figure, judge, same, YES_NO } from "./claim.ts";

const CLAIM: Claim = {
  id: "000-00",
  what: "a number",
  unit: "",
  printed: "6",
  formula: 6,
  measure: () => 6,
  expected: "confirmed",
};

Deno.test("judge() confirms a number that is exactly right", () => {
  const judged = judge(CLAIM);
  assertEquals([judged.verdict, judged.ok, judged.measured], ["confirmed", true, 6]);
});

Deno.test("judge() calls a number right within its printed digits rounding", () => {
  const judged = judge({ ...CLAIM, printed: "0.39", formula: 0.390625, measure: () => 0.390625, expected: "rounding" });
  assertEquals([judged.verdict, judged.ok], ["rounding", true]);
});

Deno.test("judge() contradicts a number if formula and emulator agree on another", () => {
  const judged = judge({ ...CLAIM, printed: "3.8", formula: 4, measure: () => 4, expected: "contradicted" });
  assertEquals([judged.verdict, judged.ok], ["contradicted", true]);
});

Deno.test("judge() handles times, superseded claims, and checks that belong to no document", () => {
  const { formula: _, measure: __, ...bare } = CLAIM;
  const reason = { ...bare, note: "the reason" };
  assertEquals(judge({ ...reason, expected: "hardware-bound" }).verdict, "hardware-bound");
  assertEquals(judge({ ...reason, expected: "superseded" }).verdict, "superseded");
  assertEquals(judge({ ...reason, expected: "read open" }).verdict, "read open");
  const { printed: ___, ...check } = CLAIM;
  assertEquals(judge({ ...check, expected: "equal" }).verdict, "equal");
});

Deno.test("judge() distinguishes modelled times inside and outside their band; either can be unexpected", () => {
  const { formula: _, measure: __, ...bare } = CLAIM;
  const time = (value: number, expected: "inside band" | "outside band") => {
    const { verdict, ok, model, band } = judge({ ...bare, band: [46, 75], model: () => value, expected });
    assertEquals([model, band], [value, [46, 75]]);
    return [verdict, ok];
  };
  assertEquals(time(58, "inside band"), ["inside band", true]);
  assertEquals(time(46, "inside band"), ["inside band", true]);
  assertEquals(time(76, "inside band"), ["outside band", false]);
  assertEquals(time(76, "outside band"), ["outside band", true]);
  assertEquals(time(58, "outside band"), ["inside band", false]);
  assertEquals(time(NaN, "inside band"), ["outside band", false]);
  assertThrows(() => judge({ ...bare, model: () => 58, expected: "inside band" }), TypeError, "expected the band");
});

Deno.test("judge() fails when the emulator counts something else than the formula", () => {
  const judged = judge({ ...CLAIM, measure: () => 7 });
  assertEquals([judged.verdict, judged.ok], ["disagreement", false]);
  assertEquals(judge({ ...CLAIM, measure: () => 6.0000001 }).verdict, "disagreement");
  assertEquals(judge({ ...CLAIM, measure: () => NaN }).verdict, "disagreement");
});

Deno.test("judge() turns a panic of a measurement into a disagreement with its message", () => {
  const judged = judge({
    ...CLAIM,
    measure: () => {
      throw new KernelPanic("pageWord: memmap of frame 1 is not mapped");
    },
  });
  assertEquals([judged.verdict, judged.ok], ["disagreement", false]);
  assertEquals(judged.note, "measuring failed: pageWord: memmap of frame 1 is not mapped");
});

Deno.test("judge() fails when the verdict is not the expected one", () => {
  assertEquals(judge({ ...CLAIM, expected: "contradicted" }).ok, false);
  assertEquals(judge({ ...CLAIM, printed: "7" }).ok, false);
});

Deno.test("judge() refuses a claim without numbers and without a reason", () => {
  const { formula: _, ...half } = CLAIM;
  assertThrows(() => judge(half), TypeError, "Cannot judge claim 000-00");
  assertThrows(() => judge({ ...half, expected: "hardware-bound" }), TypeError, "Cannot judge claim 000-00");
  const { measure: __, ...bare } = half;
  assertThrows(() => judge(bare), TypeError, "Cannot judge claim 000-00");
  for (const expected of ["superseded", "hardware-bound", "read wrong"] as const) {
    assertThrows(() => judge({ ...bare, expected }), TypeError, "Cannot judge claim 000-00: expected the reason");
  }
});

Deno.test("compare() takes rounded and cut-off numbers for right, no others", () => {
  assertEquals(compare("1.5", 1.5625), "rounding");
  assertEquals(compare("1.6", 1.5625), "rounding");
  assertEquals(compare("1.7", 1.5625), "contradicted");
  assertEquals(compare("0.0014", 100 * 16 / 2 ** 20), "contradicted");
  assertEquals(compare("0.0015", 100 * 16 / 2 ** 20), "rounding");
  assertEquals(compare("16", 16), "confirmed");
  assertEquals(compare("1.00", 1.39), "contradicted");
  // 100 * 0.29 < 29 in floating point.
  assertEquals(compare("0.28", 0.29), "contradicted");
  assertEquals(compare("0.29", 0.29), "confirmed");
});

Deno.test("compare() refuses anything but a plain number", () => {
  assertThrows(() => compare("80-110", 90), RangeError, 'Cannot compare with "80-110"');
});

Deno.test("same() is strict for counts and forgives ratios the last bit", () => {
  assertEquals(same(2 ** 40, 2 ** 40 + 1), false);
  assertEquals(same(0.1 + 0.2, 0.3), true);
  assertEquals(same(0.3, 0.3001), false);
});

Deno.test("judge() finds figures that the document's own contradict inconsistent, and nearly equal ones not", () => {
  const time = { id: "000-00", what: "slower by", unit: "x", printed: "2" } as const;
  assertEquals(judge({ ...time, own: 0.166 / 0.066, expected: "inconsistent" }).ok, true);
  assertEquals(judge({ ...time, own: 2.1, expected: "hardware-bound" }).ok, true);
});

Deno.test("figure() writes a yes or no and words as such, and numbers with their units", () => {
  assertEquals([figure("negligible", "%"), figure("<1", "ms")], ["negligible", "<1 ms"]);
  assertEquals([figure(1, YES_NO), figure("0", YES_NO)], ["yes", "no"]);
  assertEquals([figure(0.0038146972656, "%", 4), figure(262144, ""), figure("4.0", "MiB")], [
    "0.003815 %",
    "262144",
    "4.0 MiB",
  ]);
});

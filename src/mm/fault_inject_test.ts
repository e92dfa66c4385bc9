// SPDX-License-Identifier: GPL-2.0-only
// The failure budget: the k-th allocation, every one from the k-th on, all of an order.

import { assertEquals } from "@std/assert";
import { FaultBudget } from "./fault_inject.ts";

const asked = (budget: FaultBudget, orders: number[]) => orders.map((order) => budget.fails(order));

Deno.test("FaultBudget lets everything succeed unless armed", () => {
  assertEquals(asked(new FaultBudget(), [0, 9, 0]), [false, false, false]);
});

Deno.test("FaultBudget fails the k-th allocation only, and counts what it saw", () => {
  const budget = new FaultBudget();
  budget.arm(2);
  assertEquals(asked(budget, [0, 0, 0]), [false, true, false]);
  assertEquals(budget.seen, 3);
});

Deno.test("FaultBudget fails every allocation from the k-th on when persistent", () => {
  const budget = new FaultBudget();
  budget.arm(2, true);
  assertEquals(asked(budget, [0, 0, 9]), [false, true, true]);
  budget.disarm();
  assertEquals(asked(budget, [0]), [false]);
});

Deno.test("FaultBudget fails one order until disarmed", () => {
  const budget = new FaultBudget();
  budget.failOrder(9);
  assertEquals(asked(budget, [0, 9, 10, 9]), [false, true, false, true]);
  budget.disarm();
  assertEquals(asked(budget, [9]), [false]);
});

Deno.test("FaultBudget.passes() agrees with fails() about the next single-frame allocations", () => {
  for (const persistent of [false, true]) {
    for (let nth = 0; nth < 6; nth++) {
      for (let seen = 0; seen < 4; seen++) {
        const budget = new FaultBudget();
        if (nth > 0) budget.arm(nth, persistent);
        asked(budget, Array(seen).fill(0));
        const passes = budget.passes(3);
        const first = asked(budget, [0, 0, 0]).indexOf(true);
        assertEquals(passes, first < 0 ? 3 : first, `the ${nth}th fails, ${seen} seen`);
      }
    }
  }
  const budget = new FaultBudget();
  budget.failOrder(0);
  assertEquals(budget.passes(3), 0);
});

Deno.test("FaultBudget.armed is true after either way of arming, until disarmed", () => {
  const budget = new FaultBudget();
  for (const arm of [() => budget.arm(1), () => budget.arm(2, true), () => budget.failOrder(0)]) {
    assertEquals(budget.armed, false);
    arm();
    assertEquals([budget.armed, asked(budget, [0, 0]).length, budget.armed], [true, 2, true]);
    budget.disarm();
  }
});

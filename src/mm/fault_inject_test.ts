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

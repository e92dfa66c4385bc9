// SPDX-License-Identifier: GPL-2.0-only
// The cost tables: complete, and different from each other only where their memory differs.

import { assert, assertEquals, assertThrows } from "@std/assert";
import { COST_SOURCES, COSTS, costTable, DEFAULT_COST } from "./cost_tables.ts";
import { TERM_NAMES } from "./terms.ts";

const TIER = ["lineReadPmem", "lineWrittenPmem", "jumpPmem"] as const;

for (const [name, table] of Object.entries(COSTS)) {
  Deno.test(`COSTS.${name} has a finite cost for every term, zero only if it is not separable`, () => {
    assertEquals(Object.keys(table.ns).toSorted(), TERM_NAMES.toSorted());
    for (const term of TERM_NAMES) {
      const cost = table.ns[term];
      assert(Number.isFinite(cost) && cost >= 0, `${term} costs ${cost}`);
      const separable = COST_SOURCES[term] !== "not separable" &&
        !(name.startsWith("dram") && term === "lineWrittenPmem");
      assertEquals(cost > 0, separable, term);
    }
  });
}

Deno.test("COSTS differ only in the second tier: dram below cxl below optane", () => {
  const { dram, cxl, optane } = COSTS;
  for (const term of TERM_NAMES) {
    if ((TIER as readonly string[]).includes(term)) continue;
    assertEquals([dram.ns[term], cxl.ns[term]], [optane.ns[term], optane.ns[term]], term);
  }
  for (const term of TIER) assert(dram.ns[term] < cxl.ns[term] && cxl.ns[term] < optane.ns[term], term);
  assertEquals(dram.ns.lineReadPmem, dram.ns.lineReadDram);
});

Deno.test("COSTS with -vm differ in the IPI and the HugeTLB host", () => {
  const { optane } = COSTS;
  const vm = COSTS["optane-vm"];
  assertEquals(TERM_NAMES.filter((t) => vm.ns[t] !== optane.ns[t]), ["tlbIpi"]);
  assert(vm.ns.tlbIpi > optane.ns.tlbIpi && vm.hugetlb !== optane.hugetlb);
});

Deno.test("costTable() finds tables by name and refuses others by name", () => {
  assertEquals(costTable(DEFAULT_COST).name, DEFAULT_COST);
  assertThrows(() => costTable("nvme"), RangeError, 'Unknown cost table "nvme": expected dram, optane, cxl');
  assertThrows(() => costTable("constructor"), RangeError, "Unknown cost table");
});

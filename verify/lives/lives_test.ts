// SPDX-License-Identifier: GPL-2.0-only
// Short random lives on every setting, counterexamples that lives found before, and that a defect is found and shrunk.

import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { TOY } from "../../src/arch/toy/toy.ts";
import { PRESETS } from "../../src/include/kernel_config.ts";
import { KernelPanic } from "../../src/lib/bug.ts";
import { lifeProperty, nameOf, SETTINGS, type Tally } from "./commands.ts";
import { Life } from "./life.ts";
import { OPERATIONS } from "./operations.ts";

const newTally = (): Tally => ({ lives: 0, operations: 0, failures: 0 });

for (const setting of SETTINGS) {
  Deno.test(`Life on ${nameOf(setting)}: random operations leave nothing behind`, () => {
    const tally = newTally();
    // `deno task soak` runs more of them.
    fc.assert(lifeProperty(setting, 150, tally), { numRuns: 10, seed: 20211118 });
    assertEquals(tally.lives, 10);
    assert(tally.operations > 200 && tally.failures > 0, JSON.stringify(tally));
  });
}

/** Lives a list of operations. */
function live(kernel: string, structPageSize: number, ...events: [string, number, number, number][]): void {
  const life = new Life({ arch: TOY, kernel: PRESETS[kernel], structPageSize });
  for (const [name, ...numbers] of events) {
    OPERATIONS[name](life, ...numbers);
    life.check();
  }
  life.end();
}

Deno.test("handleFault() gives sigbus in a mapping whose device was unbound", () => {
  live(
    "5.14",
    64,
    ["createDevice", 0, 0, 0],
    ["probeDevice", 0, 0, 0],
    ["startProcess", 0, 0, 0],
    ["map", 0, 0, 0],
    [
      "removeDevice",
      0,
      0,
      0,
    ],
    ["touch", 0, 0, 0],
    ["hold", 0, 0, 0],
  );
});

Deno.test("devDaxRemove() is busy while a page of a compound that begins before the device's data is held", () => {
  live(
    "v7",
    80,
    ["startProcess", 0, 0, 0],
    ["createNamespace", 743, 0, 0],
    ["createNamespace", 279, 170, 0],
    ["map", 0, 21, 0],
    ["hold", 0, 128, 0],
    ["destroyNamespace", 129, 0, 0],
  );
});

Deno.test("handleFault() does not look for a large page where a table of smaller ones was left", () => {
  const life = new Life({ arch: TOY, kernel: PRESETS["v7"], structPageSize: 64 });
  const events: [string, number, number, number][] = [
    ["createDevice", 15, 0, 0], // 16 pages by 256 bytes
    ["probeDevice", 0, 0, 0],
    ["startProcess", 0, 0, 0],
    ["map", 0, 0, 0],
    ["touch", 0, 0, 0], // a PTE table
    ["removeDevice", 0, 0, 0], // its entries are cleared, the table stays
    ["reconfigureDevice", 0, 1, 0], // 16 pages by 4096
    ["probeDevice", 0, 0, 0],
    ["unmap", 0, 0, 0], // the table is freed
    ["map", 0, 0, 0],
    ["hold", 0, 0, 14],
  ];
  for (const [name, ...numbers] of events) assert(OPERATIONS[name](life, ...numbers), name);
  life.check();
  assertEquals(life.held.map(({ pages }) => pages.length), [15]);
  life.end();
});

Deno.test("lifeProperty() finds a defect and shrinks it to a few operations", () => {
  const config = { ...PRESETS["v7"], errata: { ...PRESETS["v7"].errata, pgoffAlignUp: true } };
  const result = fc.check(lifeProperty({ arch: TOY, kernel: config, structPageSize: 64 }, 150, newTally()), {
    numRuns: 300,
    seed: 3,
  });
  assert(result.failed && result.counterexample !== null);
  assert(result.errorInstance instanceof KernelPanic && result.errorInstance.message.includes("I22"));
  const steps = String(result.counterexample[0]).split("),").length;
  assert(steps <= 8, `${steps} steps: ${result.counterexample[0]}`);
});

Deno.test("preset 6.1 shares memmap of compounds that begin inside a section, as Linux does: I5 notices", () => {
  const events: [string, number, number, number][] = [["createNamespace", 453, 0, 0], ["createNamespace", 473, 692, 0]];
  assertThrows(() => live("6.1", 64, ...events), KernelPanic, "I5");
});

Deno.test("removeHugePage() leaves no surplus mark on a node without pages", () => {
  const life = new Life({ arch: TOY, kernel: PRESETS["5.14"], structPageSize: 64 });
  OPERATIONS.resizePool(life, 1, 0, 0); // one page on node 0
  OPERATIONS.resizePool(life, 2, 2, 0); // two on node 1
  life.k.fault.arm(1);
  OPERATIONS.resizePool(life, 1, 0, 0); // the page of node 0 cannot be restored and stays as surplus
  life.k.fault.disarm();
  OPERATIONS.resizePool(life, 0, 0, 0); // it is freed as if it were persistent
  const [h] = life.k.hugetlb.hstates;
  assertEquals([h.nrHugePagesNode, h.surplusHugePagesNode, h.surplusHugePages], [[0, 1], [0, 1], 1]);
  OPERATIONS.poisonHugePage(life, 0, 0, 0);
  life.check();
  life.end();
});

Deno.test("Life.check() notices a reference unknown to the model", () => {
  const life = new Life({ arch: TOY, kernel: PRESETS["v7"], structPageSize: 64 });
  life.k.gupRefs++;
  assertThrows(() => life.check(), KernelPanic, "I20");
});

Deno.test("probeDevice: a device that is not bound may not be busy", () => {
  const life = new Life({ arch: TOY, kernel: PRESETS["v7"], structPageSize: 64 });
  OPERATIONS.createDevice(life, 0, 0, 0);
  Object.assign(life.devices[0], { kmem: {} });
  assertThrows(
    () => OPERATIONS.probeDevice(life, 0, 0, 0),
    KernelPanic,
    "devDaxProbe: -EBUSY, expected 0 or -EINVAL",
  );
});

Deno.test("resizePool: a pool smaller than requested is noticed", () => {
  const life = new Life({ arch: TOY, kernel: PRESETS["v7"], structPageSize: 64 });
  assert(OPERATIONS.resizePool(life, 3, 0, 0));
  // A user that the kernel does not know: the pool gets smaller than the model expects.
  life.huge.push(0);
  assertThrows(() => OPERATIONS.resizePool(life, 0, 0, 0), KernelPanic, "reached 0 pages, expected 1");
});

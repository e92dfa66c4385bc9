// SPDX-License-Identifier: GPL-2.0-only
// boot() of the library: its namespaces cost what the reports say, and are freed again.

import { assertEquals, assertThrows } from "@std/assert";
import { boot } from "./booted.ts";
import { NamespaceError, namespaceReport } from "./namespace.ts";

Deno.test("boot() creates namespaces with the costs of the reports, and frees everything", () => {
  const machine = boot({ kernel: "v7", pmem: [2 ** 30] });
  const free = machine.freePages();
  const made = machine.createNamespace({ size: 2 ** 28 });
  const { pages, usableBytes } = namespaceReport({ size: 2 ** 28, kernel: "v7" });
  assertEquals([made.pages.vmemmap, made.usableBytes], [pages.vmemmap, usableBytes]);
  assertEquals(machine.check(), { objection: null });
  assertEquals(machine.counters().structPagesWrittenDram > 0, true);
  made.destroy();
  assertThrows(() => made.destroy(), NamespaceError, "EINVAL");
  // A PUD table is never freed.
  assertEquals(free - machine.freePages() <= 1, true);
});

Deno.test("boot() refuses invalid machines and missing regions", () => {
  assertThrows(() => boot({ kernel: "9.9" }), RangeError, 'Unknown kernel "9.9"');
  assertThrows(() => boot({ arch: "vax" }), RangeError, "expected x86-64");
  assertThrows(() => boot({ pmen: [2 ** 30] } as never), RangeError, 'Unknown option "pmen": expected arch, ');
  const misspelt = { size: 2 ** 28, algn: 2 ** 21 };
  assertThrows(() => boot({ pmem: [2 ** 30] }).createNamespace(misspelt), RangeError, 'Unknown option "algn"');
  assertThrows(() => boot().createNamespace({ size: 2 ** 28 }), RangeError, "the machine has 0");
  assertThrows(() => boot({ pmem: [2 ** 28] }).createNamespace({ size: 2 ** 29 }), NamespaceError, "ENOSPC");
});

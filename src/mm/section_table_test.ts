// SPDX-License-Identifier: GPL-2.0-only
// Subsection bitmaps (I14): add needs all clear, remove needs all set, and a refusal changes nothing.

import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { TOY } from "../arch/toy/toy.ts";
import { X86_64 } from "../arch/x86/x86_64.ts";
import { MIGRATE_MOVABLE, MIGRATE_NONE, SECTION_IS_EARLY, SECTION_MARKED_PRESENT } from "../include/mmzone.ts";
import { SectionTable } from "./section_table.ts";

Deno.test("SectionTable geometry is that of the architecture", () => {
  const x86 = new SectionTable(X86_64, 3 * 32768 + 1);
  assertEquals([x86.pagesPerSection, x86.pagesPerSubsection, x86.subsections, x86.length], [32768, 512, 64, 4]);
  const toy = new SectionTable(TOY, 128);
  assertEquals([toy.pagesPerSection, toy.pagesPerSubsection, toy.subsections, toy.length], [64, 16, 4, 2]);
});

Deno.test("SectionTable.fill() and clear() are all or nothing, against a set of subsections", () => {
  const op = fc.record({ fill: fc.boolean(), first: fc.nat(63), n: fc.integer({ min: 1, max: 64 }) });
  for (const arch of [TOY, X86_64]) {
    fc.assert(
      fc.property(fc.array(op, { maxLength: 30 }), (ops) => {
        const table = new SectionTable(arch, 128 * 512);
        const { pagesPerSubsection: unit, subsections } = table;
        const model = new Set<number>();
        for (const { fill, first, n } of ops) {
          const end = Math.min(first + n, (Math.floor(first / subsections) + 1) * subsections);
          const all = Array.from({ length: end - first }, (_, i) => first + i);
          const ok = fill ? all.every((s) => !model.has(s)) : all.every((s) => model.has(s));
          const run = (fill ? table.fill : table.clear).bind(table);
          assertEquals(run(first * unit, (end - first) * unit), ok);
          if (ok) { for (const s of all) fill ? model.add(s) : model.delete(s); }
          for (let s = 0; s < 128; s++) assertEquals(table.populated(s * unit + unit - 1), model.has(s));
        }
      }),
      { numRuns: 30 },
    );
  }
});

Deno.test("SectionTable.valid() requires a present section that is early or has the subsection populated", () => {
  const table = new SectionTable(TOY, 192);
  assertEquals(table.valid(5), false);
  table.state[0] = SECTION_MARKED_PRESENT;
  table.fill(16, 16);
  assertEquals([table.valid(15), table.valid(16), table.valid(31), table.valid(32)], [false, true, true, false]);
  table.state[1] = SECTION_MARKED_PRESENT | SECTION_IS_EARLY;
  assertEquals([table.valid(64), table.early(64), table.valid(191), table.valid(10_000), table.valid(-1)], [
    true,
    true,
    false,
    false,
    false,
  ]);
});

Deno.test("SectionTable.setMigratetype() types every pageblock that begins in the range", () => {
  const table = new SectionTable(TOY, 128);
  table.setMigratetype(16, 48, MIGRATE_MOVABLE);
  assertEquals([0, 16, 47, 48].map((pfn) => table.migratetype(pfn)), [
    MIGRATE_NONE,
    MIGRATE_MOVABLE,
    MIGRATE_MOVABLE,
    MIGRATE_NONE,
  ]);
});

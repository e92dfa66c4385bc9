// SPDX-License-Identifier: GPL-2.0-only
// Leaves that sections share: in any order of adding and removing, a leaf is mapped if and only if a section has struct
// pages in it, by the marks in its bytes and by the section maps.

import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { boot } from "../../boot.ts";
import { PAGE_UNUSED_WORD } from "../../include/mm_types.ts";
import { ZONE_DEVICE } from "../../include/mmzone.ts";
import { kernelLike } from "../../testing.ts";
import { checkInvariants } from "../../debug_vm/debug_vm.ts";
import type { Kernel } from "../kernel.ts";
import { vmemmapPage } from "../page.ts";
import { initPages } from "../page_init.ts";
import { totalFreePages } from "../page_alloc.ts";
import { sparseAddSection, sparseRemoveSection } from "../sparse.ts";
import { PAGE_LAYOUTS } from "../../include/page_layout.ts";

const { reserved: PG_RESERVED } = PAGE_LAYOUTS["6.1"];

const SECTIONS = 8;
const PAGES = 64;

function box(structPageSize: number, contents: boolean): Kernel {
  const kernel = kernelLike("5.14");
  return boot({ arch: "toy", kernel, dram: [2 ** 16], pmem: [{ bytes: 2 ** 18 }], structPageSize, contents });
}

function firstPfn(k: Kernel, section: number): number {
  return k.machine.topology.pmem[0].start + section * PAGES;
}

function add(k: Kernel, section: number): number {
  return sparseAddSection(k, 0, firstPfn(k, section), PAGES, null, null);
}

function remove(k: Kernel, section: number): number {
  return sparseRemoveSection(k, firstPfn(k, section), PAGES, null);
}

Deno.test("vmemmapPmdIsUnused() agrees with the section maps after any adds, failures and removals", () => {
  const step = fc.record({ section: fc.nat(SECTIONS - 1), fail: fc.nat(4) });
  fc.assert(
    fc.property(
      fc.constantFrom(56, 64, 72, 80),
      fc.boolean(),
      fc.array(step, { maxLength: 24 }),
      (size, marks, steps) => {
        const k = box(size, marks);
        const free = totalFreePages(k);
        const there = new Set<number>();
        for (const { section, fail } of steps) {
          if (there.delete(section)) assertEquals(remove(k, section), 0);
          else {
            k.fault.arm(fail, true);
            const err = add(k, section);
            k.fault.disarm();
            if (err === 0) {
              there.add(section);
              // The first write after adding distinguishes bytes in use from those that a removal left.
              if (marks) initPages(k, firstPfn(k, section), PAGES, ZONE_DEVICE, 0, PG_RESERVED);
            }
          }
          checkInvariants(k);
        }
        for (const section of there) assertEquals(remove(k, section), 0);
        checkInvariants(k);
        assertEquals(totalFreePages(k), free);
      },
    ),
    {
      numRuns: 60,
      examples: [[56, true, [[1, 2], [0, 0], [1, 0], [0, 0]].map(([section, fail]) => ({ section, fail }))]],
    },
  );
});

Deno.test("vmemmapUseNewSubPmd() marks the leaf before the new range and records the part after it", () => {
  const k = box(80, true);
  assertEquals(add(k, 2), 0);
  const first = vmemmapPage(k, firstPfn(k, 2));
  const word = (vpage: number) => k.phys.words[k.cpu.mmu.read(vpage)];
  assertEquals([word(first - 1), word(first)], [PAGE_UNUSED_WORD, 0]);
  assertEquals(k.unusedPmdStart, vmemmapPage(k, firstPfn(k, 3)));
  assertEquals(add(k, 3), 0);
  assertEquals(k.unusedPmdStart, -1, "the next section ends with a leaf");
});

// leaf 7 of the memmap, in pages   |112 ... 119|120 ... 127|   ends section 5, begins section 6 of 80-byte struct pages
Deno.test("vmemmapUseNewSubPmd() keeps a leaf mapped whose neighbour was added and removed", () => {
  const k = box(80, true);
  assertEquals([add(k, 2), add(k, 1), remove(k, 1)], [0, 0, 0]);
  assertEquals(k.cpu.mmu.read(vmemmapPage(k, firstPfn(k, 2))) >= 0, true);
  checkInvariants(k);
});

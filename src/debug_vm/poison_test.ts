// SPDX-License-Identifier: GPL-2.0-only
// Tests of the checker on poison: a store to any word of an offline block's struct pages is noticed.

import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { boot } from "../boot.ts";
import { addMemory } from "../drivers/base/memory_hotplug.ts";
import { PAGE_POISON_WORD } from "../include/mm_types.ts";
import { KernelPanic } from "../lib/bug.ts";
import { checkInvariants } from "./debug_vm.ts";
import { writePage } from "../mm/page.ts";

Deno.test("checkInvariants() notices a store to any word of any struct page of an offline block (I32)", () => {
  const k = boot({ arch: "toy", dram: [2 ** 18], hotplug: [{ bytes: 2 ** 14 }], debug: true });
  const { start, end } = k.machine.topology.hotplug[0];
  assertEquals(addMemory(k, 0, start * k.pageBytes, 2 ** 14), 0);
  fc.assert(fc.property(fc.nat(end - start - 1), fc.nat(15), fc.integer(), (page, word, value) => {
    writePage(k, start + page, 4 * word, value);
    if (value === PAGE_POISON_WORD) checkInvariants(k);
    else assertThrows(() => checkInvariants(k), KernelPanic, `I32 struct page of frame ${start + page} `);
    writePage(k, start + page, 4 * word, PAGE_POISON_WORD);
    checkInvariants(k);
  }));
});

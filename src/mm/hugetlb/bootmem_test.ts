// SPDX-License-Identifier: GPL-2.0-only
// Pools allocated at boot: what they keep of their memmap by kernel, and that they can be freed like any other.

import { assert, assertEquals, assertThrows } from "@std/assert";
import { TOY_HUGETLB } from "../../arch/toy/toy.ts";
import { boot, type BootOptions } from "../../boot.ts";
import { checkInvariants } from "../../debug_vm/debug_vm.ts";
import { C } from "../vmstat.ts";
import { totalFreePages } from "../page_alloc.ts";
import { freeHugePages, setNrHugepages, sizeToHstate } from "./hugetlb.ts";

const GIB = 2 ** 30;
const MIB = 2 ** 20;
const BOX: BootOptions = { dram: [3 * GIB], hugetlbFreeVmemmap: true };

function pooled(kernel: string, bytes: number, count: number, more: BootOptions = {}) {
  const k = boot({ ...BOX, kernel, hugepages: [{ bytes, count }], ...more });
  checkInvariants(k);
  return { k, h: sizeToHstate(k, bytes)! };
}

Deno.test("a page of 1G from boot keeps one vmemmap page; 7.3 splits and frees nothing for it", () => {
  const without = (kernel: string) => totalFreePages(boot({ ...BOX, kernel }));
  const saved = (kernel: string) => GIB / 4096 - (without(kernel) - totalFreePages(pooled(kernel, GIB, 1).k));
  // 4096 pages of memmap: one page is kept, 8 PTE tables are added, in 7.3 a page of tails.
  assertEquals(["6.1", "6.12", "7.3"].map(saved), [4087, 4087, 4086]);
  const { k } = pooled("7.3", GIB, 1);
  assertEquals([k.stat[C.vmemmapSplits], k.stat[C.hugetlbPagesPrepared]], [0, 64]);
});

Deno.test("boot's huge pages can be freed and allocated again under every kernel", () => {
  for (const kernel of ["5.14", "6.1", "6.12", "7.3"]) {
    for (const [bytes, count] of [[GIB, 1], [2 * MIB, 40]]) {
      const { k, h } = pooled(kernel, bytes, count);
      assertEquals([h.nrHugePages, freeHugePages(h)], [count, count], kernel);
      assertEquals(setNrHugepages(k, h, 0), 0);
      checkInvariants(k);
      assertEquals(setNrHugepages(k, h, count), count);
      checkInvariants(k);
    }
  }
});

Deno.test("sections of boot's huge pages have the state of other boot sections: present, with memmap and usage, early, online", () => {
  const states = (kernel: string, count: number) => [...pooled(kernel, GIB, count).k.sections.state];
  assertEquals(states("7.3", 1), states("7.3", 0));
  assertEquals(states("7.3", 1), states("6.12", 1));
});

Deno.test("boot takes huge pages from the nodes in turn, as many as fit", () => {
  const { h } = pooled("7.3", GIB, 9, { dram: [3 * GIB, 3 * GIB] });
  assert(h.nrHugePages < 6 && h.nrHugePagesNode.every((n) => n > 0), `${h.nrHugePagesNode}`);
  assertEquals(pooled("6.12", GIB, 2, { dram: [3 * GIB, 3 * GIB] }).h.nrHugePagesNode, [1, 1]);
});

Deno.test("hugepages: an unknown size or an invalid count is refused", () => {
  const hugepages = (bytes: number, count: number) => () => boot({ hugepages: [{ bytes, count }] });
  assertThrows(hugepages(3 * MIB, 1), RangeError, "Cannot boot with huge pages of 3145728 bytes");
  assertThrows(hugepages(GIB, -1), RangeError, "Cannot boot with -1 huge pages");
});

//  |frame 0| hole |huge page of 4096 frames| room |     its shared memmap: 2 tables to the page, 8 PTE tables, 2 frames
Deno.test("boot refuses a huge page whose shared memmap has no room, whichever of its frames is missing", () => {
  const arch = { ...TOY_HUGETLB, lowEndBytes: () => 512, highStartBytes: 2 * MIB };
  const hugepages = [{ bytes: 2 * MIB, count: 1 }];
  const booted = (room: number) => () =>
    boot({ arch, kernel: "7.3", dram: [512 + 2 * MIB + room * 512], hugetlbFreeVmemmap: true, hugepages });
  for (let room = 1; room <= 12; room++) {
    assertThrows(booted(room), RangeError, "memmap of a huge page of 2097152 bytes");
  }
  assertThrows(booted(13), RangeError, "memmap of section 0");
});

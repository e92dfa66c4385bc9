// SPDX-License-Identifier: GPL-2.0-only
// Pools: up and down, over nodes, surplus, pages in use, pages larger than the buddy allocator's largest block, broken
// memory, and what Linux 6.1 measured and wrote.

import { assert, assertEquals, assertThrows } from "@std/assert";
import { boot } from "../../boot.ts";
import { memoryBlockOnline } from "../../drivers/base/memory.ts";
import { addMemory } from "../../drivers/base/memory_hotplug.ts";
import { EBUSY, ENOMEM, ENXIO } from "../../include/errno.ts";
import { USE_HUGETLB, USE_HWPOISON, USE_PINNED } from "../../include/frame_use.ts";
import { HPG_FREED, SUBPAGE_INDEX_CGROUP, SUBPAGE_INDEX_HWPOISON } from "../../include/hugetlb.ts";
import { PRESETS } from "../../include/kernel_config.ts";
import {
  PAGE_COMPOUND_HEAD,
  PAGE_COMPOUND_HEAD_HI,
  PAGE_MAPCOUNT,
  PAGE_MAPPING,
  PAGE_MAPPING_HI,
  PAGE_PRIVATE,
} from "../../include/mm_types.ts";
import { KernelPanic } from "../../lib/bug.ts";
import { checkInvariants } from "../../debug_vm/debug_vm.ts";
import { conserved } from "../../debug_vm/hugetlb.ts";
import {
  allocHugePage,
  allocHugePageAt,
  freeHugePage,
  freeHugePages,
  persistentHugePages,
  setNrHugepages,
  sizeToHstate,
} from "./hugetlb.ts";
import { flushFreeHpageWork } from "./make_and_free.ts";
import { setSubpagePrivate, subpagePrivate } from "./huge_page.ts";
import { dissolveFreeHugePage, memoryFailure } from "../memory_failure.ts";
import { bootHugetlb, emptyPools, variantName, VARIANTS, withHugetlb } from "./hugetlb_testing.ts";
import { findMemoryBlock } from "../hotplug/memory_block.ts";
import { allocPages, freePages } from "../page_alloc.ts";
import type { Kernel } from "../kernel.ts";
import { pageAddressLo, pageFlags, pageRefcount, readPage, writePage } from "../page.ts";
import { PAGE_LAYOUTS } from "../../include/page_layout.ts";

const { hwpoison: PG_HWPOISON } = PAGE_LAYOUTS["6.1"];

Deno.test("setNrHugepages() allocates what it can and returns how much that is", () => {
  for (const variant of VARIANTS) {
    withHugetlb(variant, (k, h) => {
      // 8 MiB hold 256 pages; the memmap at the top takes some of them.
      const most = setNrHugepages(k, h, 10000);
      assert(most > 200 && most < 256, `${variantName(variant)}: ${most}`);
      assertEquals([h.nrHugePages, freeHugePages(h), persistentHugePages(h)], [most, most, most]);
      assertEquals(k.uses[USE_HUGETLB], most * 64);
      checkInvariants(k);
      assertEquals(setNrHugepages(k, h, 3), 3);
      flushFreeHpageWork(k);
      assertEquals(k.uses[USE_HUGETLB], 3 * 64);
    });
  }
});

Deno.test("destroyHugePage() panics on a wrong order and on a foreign tail", () => {
  const destroyed = (damage: (k: Kernel, head: number) => void) => () => {
    const k = bootHugetlb();
    const [h] = k.hugetlb.hstates;
    setNrHugepages(k, h, 1);
    const head = allocHugePage(k, h, 0);
    damage(k, head);
    assertEquals(freeHugePage(k, h, head), 0);
    setNrHugepages(k, h, 0);
  };
  destroyed(() => {})();
  const order = (k: Kernel, head: number) => writePage(k, head + 1, k.layout.order.offset, 0);
  assertThrows(destroyed(order), KernelPanic, "is not a head of order");
  const tail = (k: Kernel, head: number) => writePage(k, head + 2, PAGE_COMPOUND_HEAD, pageAddressLo(k, head + 64) | 1);
  assertThrows(destroyed(tail), KernelPanic, "is not a tail of");
});

Deno.test("setNrHugepages() uses the nodes in turn, or only one", () => {
  withHugetlb({ dram: [2 ** 21, 2 ** 21, 2 ** 21] }, (k, h) => {
    assertEquals(setNrHugepages(k, h, 7), 7);
    assertEquals(h.nrHugePagesNode, [3, 2, 2]);
    assertEquals(setNrHugepages(k, h, 5, 2), 5);
    assertEquals(h.nrHugePagesNode, [3, 2, 5]);
    assertEquals(setNrHugepages(k, h, 0, 0), 0);
    assertEquals(h.nrHugePagesNode, [0, 2, 5]);
    assertEquals(setNrHugepages(k, h, 2), 2);
    assertEquals(h.nrHugePagesNode, [0, 0, 2]);
    checkInvariants(k);
  });
});

Deno.test("setNrHugepages() below the pages in use makes them surplus, and they are freed when returned", () => {
  withHugetlb({}, (k, h) => {
    setNrHugepages(k, h, 4);
    const held = [0, 1, 2].map(() => allocHugePage(k, h, 0));
    assertEquals(setNrHugepages(k, h, 1), 1);
    assertEquals([h.nrHugePages, h.surplusHugePages, freeHugePages(h)], [3, 2, 0]);
    checkInvariants(k);
    for (const head of held) assertEquals(freeHugePage(k, h, head), 0);
    assertEquals([h.nrHugePages, h.surplusHugePages, freeHugePages(h)], [1, 0, 1]);
  });
});

Deno.test("setNrHugepages() keeps as many pages as are in use, the surplus among them", () => {
  withHugetlb({ dram: [2 ** 21, 2 ** 21] }, (k, h) => {
    h.nrOvercommit = 1;
    setNrHugepages(k, h, 1, 1);
    const [persistent, surplus] = [allocHugePage(k, h, 0), allocHugePage(k, h, 0)];
    assertEquals(freeHugePage(k, h, persistent), 0);
    assertEquals([h.nrHugePagesNode, h.surplusHugePagesNode, freeHugePages(h)], [[1, 1], [1, 0], 1]);
    // One page is in use, so the free one stays, as surplus too; it takes two writes to get rid of it.
    assertEquals(setNrHugepages(k, h, 0), 0);
    assertEquals([h.nrHugePagesNode, h.surplusHugePagesNode, freeHugePages(h)], [[1, 1], [1, 1], 1]);
    checkInvariants(k);
    assertEquals(freeHugePage(k, h, surplus), 0);
    assertEquals([setNrHugepages(k, h, 0), h.nrHugePages], [0, 1]);
    assertEquals([setNrHugepages(k, h, 1), setNrHugepages(k, h, 0), h.nrHugePages], [1, 0, 0]);
  });
});

Deno.test("setNrHugepages() on a node counts its pages and the surplus of all nodes", () => {
  withHugetlb({ dram: [2 ** 21, 2 ** 21] }, (k, h) => {
    h.nrOvercommit = 1;
    const surplus = allocHugePage(k, h, 1);
    assertEquals([h.nrHugePagesNode, h.surplusHugePagesNode], [[0, 1], [0, 1]]);
    // The surplus page is not on node 0, which allocates another page instead.
    assertEquals(setNrHugepages(k, h, 2, 0), 3);
    assertEquals([h.nrHugePagesNode, h.surplusHugePagesNode], [[3, 1], [0, 1]]);
    checkInvariants(k);
    freeHugePage(k, h, surplus);
    assertEquals(setNrHugepages(k, h, 2, 0), 2);
  });
});

Deno.test("allocHugePage() makes surplus pages up to the overcommit limit, which are freed with their user", () => {
  withHugetlb({}, (k, h) => {
    assertEquals(allocHugePage(k, h, 0), -ENOMEM);
    h.nrOvercommit = 2;
    const [a, b] = [allocHugePage(k, h, 0), allocHugePage(k, h, 0)];
    assertEquals([allocHugePage(k, h, 0), h.surplusHugePages, persistentHugePages(h)], [-ENOMEM, 2, 0]);
    assertEquals([pageRefcount(k, a), readPage(k, a, PAGE_PRIVATE) & HPG_FREED], [1, 0]);
    checkInvariants(k);
    // Adopted: a surplus page becomes persistent before anything is allocated.
    assertEquals([setNrHugepages(k, h, 1), h.nrHugePages, h.surplusHugePages], [1, 2, 1]);
    freeHugePage(k, h, a);
    freeHugePage(k, h, b);
    assertEquals([h.nrHugePages, h.surplusHugePages], [1, 0]);
    assertEquals(freeHugePage(k, h, b), -EBUSY);
  });
});

Deno.test("setSubpagePrivate() keeps words in the discrete tails only, and they are gone with the page", () => {
  withHugetlb({}, (k, h) => {
    setNrHugepages(k, h, 1);
    const head = allocHugePage(k, h, 0, 77);
    assertEquals(subpagePrivate(k, head, SUBPAGE_INDEX_CGROUP), 77);
    assertThrows(() => setSubpagePrivate(k, head, 5, 1), RangeError, "expected 1 to 4");
    assertThrows(() => setSubpagePrivate(k, head, 0, 1), RangeError);
    freeHugePage(k, h, head);
    setNrHugepages(k, h, 0);
    assertEquals(subpagePrivate(k, head, SUBPAGE_INDEX_CGROUP), 0);
  });
});

Deno.test("a page larger than the buddy allocator's blocks is an aligned run of free ones", () => {
  for (const variant of VARIANTS) {
    withHugetlb(variant, (k) => {
      const [, gigantic] = k.hugetlb.hstates;
      // 8 MiB: runs of 4096 frames at 4096 and 8192; the first holds frame 0, the last the memmap.
      const pinned = allocPages(k, 0, 0, 7);
      assertEquals(setNrHugepages(k, gigantic, 9), 2);
      assertEquals([...gigantic.freeLists[0]].sort((a, b) => a - b), [4096, 8192]);
      checkInvariants(k);
      setNrHugepages(k, gigantic, 0);
      freePages(k, pinned, 0, 7);
    });
  }
});

Deno.test("allocHugePageAt() makes a page of given frames if they are free", () => {
  withHugetlb({}, (k, h) => {
    assertEquals([allocHugePageAt(k, h, 640), allocHugePageAt(k, h, 640)], [true, false]);
    assertEquals(h.freeLists[0], [640]);
    checkInvariants(k);
  });
});

Deno.test("memoryFailure() in a free huge page costs one frame; the mark waits on the head while tails are shared", () => {
  for (const variant of VARIANTS) {
    const k = bootHugetlb(variant);
    const before = conserved(k);
    const h = k.hugetlb.hstates[0];
    setNrHugepages(k, h, 2);
    const head = h.freeLists[0][1];
    k.fault.arm(1, true);
    assertEquals(memoryFailure(k, head + 37), -ENOMEM);
    assertEquals([h.nrHugePages, h.surplusHugePages], [2, 0]);
    assertEquals([pageFlags(k, head) & PG_HWPOISON, subpagePrivate(k, head, SUBPAGE_INDEX_HWPOISON)], [
      PG_HWPOISON,
      37,
    ]);
    assertEquals(memoryFailure(k, head + 38), -EBUSY);
    checkInvariants(k);
    k.fault.disarm();
    // A poisoned page is never handed out.
    const other = allocHugePage(k, h, 0);
    assertEquals([other === head, allocHugePage(k, h, 0)], [false, -ENOMEM]);
    assertEquals(dissolveFreeHugePage(k, head + 3), 0);
    assertEquals([pageFlags(k, head) & PG_HWPOISON, pageFlags(k, head + 37) & PG_HWPOISON], [0, PG_HWPOISON]);
    assertEquals([k.uses[USE_HWPOISON], h.nrHugePages], [1, 1]);
    freeHugePage(k, h, other);
    emptyPools(k);
    checkInvariants(k);
    assertEquals(conserved(k), before, variantName(variant));
  }
});

Deno.test("memoryFailure() ignores memory outside HugeTLB, and does not dissolve a page in use", () => {
  withHugetlb({}, (k, h) => {
    assertEquals(memoryFailure(k, 1000), -ENXIO);
    assertEquals(dissolveFreeHugePage(k, 1000), 0);
    setNrHugepages(k, h, 1);
    const head = allocHugePage(k, h, 0);
    assertEquals(dissolveFreeHugePage(k, head), -EBUSY);
    freeHugePage(k, h, head);
  });
});

Deno.test("the struct pages of a free 2M page are those Linux 6.1 wrote, addresses of other objects aside", () => {
  const { pages } = JSON.parse(
    Deno.readTextFileSync(new URL("../../../fixtures/linux-6.1/struct_pages.json", import.meta.url)),
  ) as { pages: Record<string, { pfn: number; words: string[] }> };
  const k = boot({ dram: [6 * 2 ** 30], kernel: PRESETS["6.1"] });
  const head = pages["hugetlb2M.0"].pfn;
  const h = sizeToHstate(k, 2 ** 21)!;
  const below = allocPages(k, 0, 0, 7);
  assert(allocHugePageAt(k, h, head));
  for (const i of [0, 1, 2, 64]) {
    const { pfn, words } = pages[`hugetlb2M.${i}`];
    const ours = Array.from({ length: 8 }, (_, w) => {
      const hi = BigInt(readPage(k, pfn, 8 * w + 4) >>> 0);
      return `0x${(hi << 32n | BigInt(readPage(k, pfn, 8 * w) >>> 0)).toString(16)}`;
    });
    // A head's list links lead to its neighbours in the pool; its low flags (uptodate, dirty) are left from earlier
    // use.
    const theirs = i === 0
      ? words.map((word, w) => w === 1 || w === 2 ? ours[w] : word.replace("1000c", "10000"))
      : words;
    assertEquals(ours, theirs, `struct page ${i}`);
  }
  freePages(k, below, 0, 7);
  checkInvariants(k);
});

Deno.test("a freed page loses its cgroup: the next user has none unless it gives one", () => {
  withHugetlb({}, (k, h) => {
    setNrHugepages(k, h, 1);
    for (const [given, wanted] of [[7, 7], [0, 0], [9, 9]]) {
      const head = allocHugePage(k, h, 0, given);
      assertEquals(subpagePrivate(k, head, SUBPAGE_INDEX_CGROUP), wanted);
      freeHugePage(k, h, head);
    }
  });
});

Deno.test("a pool on a node that is full shrinks from 6.7 on, with frames of other nodes; before its pages stay surplus", () => {
  for (const kernel of ["6.1", "6.7", "6.12"]) {
    withHugetlb({ kernel: PRESETS[kernel], dram: [2 ** 21, 2 ** 21] }, (k, h) => {
      assertEquals(setNrHugepages(k, h, 3, 0), 3);
      const pinned: number[] = [];
      for (let pfn; (pfn = allocPages(k, 0, 0, USE_PINNED, true)) >= 0;) pinned.push(pfn);
      setNrHugepages(k, h, 0, 0);
      const stays = kernel === "6.1" ? 3 : 0;
      assertEquals([h.nrHugePages, h.surplusHugePages], [stays, stays], kernel);
      checkInvariants(k);
      for (const pfn of pinned) freePages(k, pfn, 0, USE_PINNED);
    });
  }
});

Deno.test("a pool on a node that is all ZONE_MOVABLE shrinks from 6.7 on, with frames of other nodes", () => {
  for (const kernel of ["6.1", "6.7"]) {
    // The pages left cannot be freed, so no fixture empties this pool.
    const k = bootHugetlb({
      kernel: PRESETS[kernel],
      dram: [2 ** 21],
      nodes: 2,
      hotplug: [{ bytes: 2 ** 20, nid: 1 }],
    });
    const [h] = k.hugetlb.hstates;
    const bytes = k.hotplug.blockPages * k.pageBytes;
    const { start } = k.machine.topology.hotplug[0];
    for (let at = start * k.pageBytes; at < start * k.pageBytes + 2 ** 20; at += bytes) {
      assertEquals(addMemory(k, 1, at, bytes, { memmapOnMemory: false }), 0);
      assertEquals(memoryBlockOnline(k, findMemoryBlock(k, at / k.pageBytes)!, "online_movable"), 0);
    }
    assertEquals(setNrHugepages(k, h, 2, 1), 2);
    setNrHugepages(k, h, 0, 1);
    const stays = kernel === "6.1" ? 2 : 0;
    assertEquals([h.nrHugePages, h.surplusHugePages], [stays, stays], kernel);
    checkInvariants(k);
  }
});

Deno.test("a freed huge page leaves plain struct pages: no heads, no tails, no links to its head", () => {
  for (const [kernel, structPageSize] of [["5.14", 64], ["6.1", 64], ["6.1", 80], ["6.7", 64], ["6.12", 64]] as const) {
    withHugetlb({ kernel: PRESETS[kernel], structPageSize }, (k, h) => {
      setNrHugepages(k, h, 1);
      const head = allocHugePage(k, h, 0, 5);
      freeHugePage(k, h, head);
      setNrHugepages(k, h, 0);
      flushFreeHpageWork(k);
      const words = [PAGE_COMPOUND_HEAD, PAGE_COMPOUND_HEAD_HI, PAGE_MAPPING, PAGE_MAPPING_HI, PAGE_PRIVATE];
      for (let pfn = head + 1; pfn < head + h.pages; pfn++) {
        assertEquals(words.map((word) => readPage(k, pfn, word)), words.map(() => 0), `${kernel} ${pfn - head}`);
      }
      assertEquals(pageFlags(k, head) & PAGE_LAYOUTS["6.1"].head, 0);
      assertEquals(readPage(k, head, PAGE_MAPCOUNT), -1, `${kernel}: neither mapped nor typed`);
    });
  }
});

Deno.test("a HugeTLB page is marked by a page type from 6.12 on: PGTY_hugetlb, in the highest byte of _mapcount", () => {
  for (const [kernel, type] of [["6.12", 0xf4], ["7.3", 0xf4]] as const) {
    withHugetlb({ kernel: PRESETS[kernel] }, (k, h) => {
      setNrHugepages(k, h, 1);
      const head = allocHugePage(k, h, 0);
      assertEquals(readPage(k, head, PAGE_MAPCOUNT) >>> 0, type * 2 ** 24, kernel);
      freeHugePage(k, h, head);
    });
  }
});

// SPDX-License-Identifier: GPL-2.0-only
// The page allocator: order of zones and nodes, use counts, boot memory that becomes ordinary memory.

import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { boot } from "../boot.ts";
import { USE_HUGETLB, USE_PINNED, USE_VMEMMAP } from "../include/frame_use.ts";
import { PAGE_REFCOUNT } from "../include/mm_types.ts";
import { ZONE_NORMAL } from "../include/mmzone.ts";
import { KernelPanic } from "../lib/bug.ts";
import { machine, mustCreate, mustDestroy, withKernel } from "../testing.ts";
import { checkInvariants } from "../debug_vm/debug_vm.ts";
import {
  allocContigPages,
  allocFrames,
  allocPages,
  findArea,
  freeContigPages,
  freePages,
  freePagetable,
  splitPage,
  takePages,
  totalFreePages,
} from "./page_alloc.ts";
import { getPage, pageFlags, pageRefcount, readPage } from "./page.ts";
import type { Kernel } from "./kernel.ts";
import { C } from "./vmstat.ts";
import { PAGE_LAYOUTS } from "../include/page_layout.ts";

const { reserved: PG_RESERVED } = PAGE_LAYOUTS["6.1"];

Deno.test("allocPages() gives aligned blocks with one reference, counted by use", () => {
  withKernel("", (k) => {
    for (const order of [0, 3, 6]) {
      const free = totalFreePages(k);
      const pfn = allocPages(k, order, 0, USE_PINNED);
      assertEquals(pfn % 2 ** order, 0);
      assertEquals([free - totalFreePages(k), k.uses[USE_PINNED], pageRefcount(k, pfn)], [2 ** order, 2 ** order, 1]);
      checkInvariants(k);
      freePages(k, pfn, order, USE_PINNED);
    }
  });
});

Deno.test("allocFrames() equals the same number of calls of allocPages(), including failures", () => {
  for (const fail of [0, 1, 5, 13]) {
    for (const structPageSize of [64, 80]) {
      const state = (take: (k: Kernel) => number[]) => {
        const k = boot({ ...machine("dram=64K,64K"), structPageSize });
        const odd = [1, 2, 3].map(() => allocPages(k, 0, 1, USE_PINNED));
        freePages(k, odd[1], 0, USE_PINNED);
        if (fail > 0) k.fault.arm(fail, true);
        const frames = take(k);
        const counts = [...frames].map((pfn) => pageRefcount(k, pfn));
        return [frames, counts, k.fault.seen, totalFreePages(k), [...k.stat], [...k.uses]];
      };
      const many = state((k) => {
        const frames = new Float64Array(300);
        return [...frames.subarray(0, allocFrames(k, 1, USE_VMEMMAP, frames, 300))];
      });
      const single = state((k) => {
        const frames: number[] = [];
        for (let pfn = 0; frames.length < 300 && (pfn = allocPages(k, 0, 1, USE_VMEMMAP)) >= 0;) frames.push(pfn);
        return frames;
      });
      assertEquals(many, single);
    }
  }
});

Deno.test("allocPages() falls back to other nodes, in order from the wanted one, unless thisNode", () => {
  withKernel("dram=64K,64K,64K pmem=64K", (k) => {
    const nodeOf = (pfn: number) => Math.floor(pfn / 256);
    const held: number[] = [];
    const seen: number[] = [];
    for (let pfn = 0; pfn >= 0;) {
      pfn = allocPages(k, 0, 1, USE_PINNED, true);
      if (pfn >= 0) held.push(pfn);
    }
    assert(held.every((pfn) => nodeOf(pfn) === 1));
    for (let pfn = allocPages(k, 0, 1, USE_PINNED); pfn >= 0; pfn = allocPages(k, 0, 1, USE_PINNED)) {
      held.push(pfn);
      if (seen.at(-1) !== nodeOf(pfn)) seen.push(nodeOf(pfn));
    }
    assertEquals(seen, [2, 0]);
    assertEquals(totalFreePages(k), 0);
    checkInvariants(k);
    for (const pfn of held) freePages(k, pfn, 0, USE_PINNED);
  });
});

Deno.test("allocPages() prefers Normal over DMA32 over DMA", () => {
  withKernel("arch=x86-64 dram=4G pmem=1G nocontents", (k) => {
    const zone = (pfn: number) => findArea(k, pfn)!.zone.index;
    const blocks: number[] = [];
    const order: number[] = [];
    for (let pfn = allocPages(k, 10, 0, USE_HUGETLB); pfn >= 0; pfn = allocPages(k, 10, 0, USE_HUGETLB)) {
      blocks.push(pfn);
      if (order.at(-1) !== zone(pfn)) order.push(zone(pfn));
    }
    assertEquals(order, [2, 1, 0]);
    for (const pfn of blocks) freePages(k, pfn, 10, USE_HUGETLB);
  });
});

Deno.test("takePages() takes a given block only if all of it is free", () => {
  withKernel("", (k) => {
    assertEquals(takePages(k, 1024, 4, USE_PINNED), true);
    assertEquals(takePages(k, 1024, 4, USE_PINNED), false);
    assertEquals(takePages(k, 1024, 6, USE_PINNED), false);
    assertEquals(takePages(k, 5000, 0, USE_PINNED), false, "pmem is nobody's free memory");
    assertEquals(k.uses[USE_PINNED], 16);
    freePages(k, 1024, 4, USE_PINNED);
  });
});

Deno.test("splitPage() gives each frame of the block a reference of its own, and no other frame one", () => {
  withKernel("", (k) => {
    for (const pfn of [1016, 1024, 1032]) assert(takePages(k, pfn, 3, USE_PINNED));
    for (const pfn of [1016, 1032]) getPage(k, pfn);
    const others = [1016, 1017, 1023, 1032, 1033, 1039];
    const before = others.map((pfn) => readPage(k, pfn, PAGE_REFCOUNT));
    splitPage(k, 1024, 3);
    assertEquals(others.map((pfn) => readPage(k, pfn, PAGE_REFCOUNT)), before);
    for (let pfn = 1024; pfn < 1032; pfn++) {
      assertEquals(pageRefcount(k, pfn), 1);
      freePages(k, pfn, 0, USE_PINNED);
    }
    for (const pfn of [1016, 1032]) freePages(k, pfn, 3, USE_PINNED);
  });
});

Deno.test("freePages() panics on pmem", () => {
  withKernel("", (k) => {
    assertThrows(() => freePages(k, 4200, 0, USE_PINNED), KernelPanic, "belongs to no zone");
  });
});

Deno.test("freePagetable() frees with the last reference only", () => {
  withKernel("", (k) => {
    const pfn = allocPages(k, 0, 0, USE_VMEMMAP);
    getPage(k, pfn);
    freePagetable(k, pfn, 0, USE_VMEMMAP);
    assertEquals([k.uses[USE_VMEMMAP], pageRefcount(k, pfn)], [1, 1]);
    freePagetable(k, pfn, 0, USE_VMEMMAP);
    assertEquals([k.uses[USE_VMEMMAP], k.stat[C.nrMemmapPages]], [0, 0]);
  });
});

Deno.test("freePagetable() makes a boot frame managed memory", () => {
  // The memmap frame is still mapped here, so this machine is not checked afterwards.
  const k = boot(machine(""));
  const zone = k.nodes[0].zones[ZONE_NORMAL];
  const before = [zone.managed, -k.bootReserved, -k.stat[C.nrMemmapBootPages], totalFreePages(k)];
  let pfn = 4095;
  while ((pageFlags(k, pfn) & PG_RESERVED) === 0) pfn--;
  freePagetable(k, pfn, 0, USE_VMEMMAP);
  const after = [zone.managed, -k.bootReserved, -k.stat[C.nrMemmapBootPages], totalFreePages(k)];
  assertEquals(after, before.map((n) => n + 1));
  assertEquals([pageFlags(k, pfn) & PG_RESERVED, pageRefcount(k, pfn)], [0, 0]);
  assert(takePages(k, pfn, 0, USE_PINNED));
});

Deno.test("allocPages() and freePages() keep the counts right in any order of calls", () => {
  const step = fc.record({ alloc: fc.boolean(), order: fc.integer({ min: 0, max: 6 }), pick: fc.nat(100) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      withKernel("dram=128K pmem=64K", (k) => {
        const held: { pfn: number; order: number }[] = [];
        const taken = new Set<number>();
        for (const { alloc, order, pick } of steps) {
          if (alloc) {
            const pfn = allocPages(k, order, 0, USE_PINNED);
            if (pfn < 0) continue;
            for (let f = pfn; f < pfn + 2 ** order; f++) {
              assert(!taken.has(f));
              taken.add(f);
            }
            held.push({ pfn, order });
          } else if (held.length > 0) {
            const [block] = held.splice(pick % held.length, 1);
            freePages(k, block.pfn, block.order, USE_PINNED);
            for (let f = block.pfn; f < block.pfn + 2 ** block.order; f++) taken.delete(f);
          }
        }
        assertEquals(k.uses[USE_PINNED], taken.size);
        checkInvariants(k);
        for (const { pfn, order } of held) freePages(k, pfn, order, USE_PINNED);
      });
    }),
    { numRuns: 40 },
  );
});

// 1. A namespace's memmap in DRAM is initialised and freed; without poison its bytes stay as they are. 2. They then
// back memmap of DRAM whose frames were never allocated: Reserved, of the device zone, map count -1. 3. A frame handed
// out there looked initialised, and was later freed as if boot had kept it.
Deno.test("allocPages() initialises a struct page that holds bytes of an older memmap", () => {
  withKernel({ dram: [2 ** 31], pmem: [{ bytes: 2 ** 30 }], kernel: "5.14" }, (k) => {
    mustDestroy(k, mustCreate(k));
    const held: number[] = [];
    for (let pfn; (pfn = allocPages(k, 9, 0, USE_PINNED)) >= 0;) held.push(pfn);
    for (const pfn of held) {
      assertEquals([pageFlags(k, pfn), pageRefcount(k, pfn)], [0, 1]);
      freePagetable(k, pfn, 9, USE_PINNED);
    }
  });
});

Deno.test("allocContigPages() finds every aligned run that is free, the last of a zone too", () => {
  const order = 8;
  for (const text of ["dram=64K", "dram=128K", "dram=192K", "dram=80K", "dram=64K,96K"]) {
    withKernel(text, (k) => {
      // What is in use lies at the top; the runs below it, and those of the last zone's end once that is free.
      const taken: number[] = [];
      const wanted = k.nodes.flatMap(({ zones }) =>
        zones.flatMap((zone) => {
          const runs = [];
          for (let pfn = 0; pfn + 2 ** order <= zone.startPfn + zone.spanned; pfn += 2 ** order) {
            const inZone = pfn >= zone.startPfn;
            if (inZone && range(pfn, 2 ** order).every((p) => isFree(k, p))) runs.push(pfn);
          }
          return runs;
        })
      );
      for (const nid of k.nodes.keys()) {
        for (let pfn; (pfn = allocContigPages(k, order, nid, USE_HUGETLB)) >= 0;) taken.push(pfn);
      }
      assertEquals(taken.toSorted((a, b) => a - b), wanted, text);
      for (const pfn of taken) freeContigPages(k, pfn, order, USE_HUGETLB);
    });
  }
});

Deno.test("allocContigPages() makes as many 1G pages of counted DRAM as fit beside the first and the memmap's", () => {
  for (const [gib, most] of [[6, 4], [8, 6], [16, 14]]) {
    const k = boot({ arch: "x86-64", dram: [gib * 2 ** 30], contents: false });
    let made = 0;
    while (allocContigPages(k, 18, 0, USE_HUGETLB) >= 0) made++;
    assertEquals(made, most, `${gib} GiB`);
  }
});

function range(first: number, n: number): number[] {
  return Array.from({ length: n }, (_, i) => first + i);
}

function isFree(k: Kernel, pfn: number): boolean {
  const found = findArea(k, pfn);
  return found !== null && found.area.isFree(pfn);
}

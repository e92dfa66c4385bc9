// SPDX-License-Identifier: GPL-2.0-only
// Unmapping: exactly the given pages, in every address space and at every place they are mapped.

import { assertEquals, assertThrows } from "@std/assert";
import { boot } from "../boot.ts";
import { daxMmap } from "../drivers/dax/device.ts";
import { ndRegions } from "../drivers/nvdimm/region.ts";
import { USE_USER_TABLE } from "../include/frame_use.ts";
import { KernelPanic } from "../lib/bug.ts";
import { kernelLike, machine, mustCreate, mustDestroy, withKernel } from "../testing.ts";
import type { Kernel, Mm, VmArea } from "./kernel.ts";
import { handleFault, mmAlloc, mmPut, munmap, populateArea, unmapMapping } from "./memory.ts";
import { getPage, pageRefcount } from "./page.ts";
import { entryNone, populateTo, setEntry, walkTo } from "./pgtable.ts";
import { C } from "./vmstat.ts";
import fc from "fast-check";

/** Adjacent mappings of base pages, so that a step too far hits a neighbour. */
const AREAS = fc.array(
  fc.record({ space: fc.nat(1), file: fc.nat(1), pages: fc.integer({ min: 1, max: 20 }), pgoff: fc.nat(40) }),
  { minLength: 1, maxLength: 8 },
);

function isMapped(k: Kernel, mm: Mm, vpn: number): boolean {
  const entry = walkTo(k, mm.rootPfn, vpn, 0);
  return entry >= 0 && !entryNone(k, entry);
}

/** By area and page, whether it is mapped. */
function mapped(k: Kernel, areas: readonly VmArea[]): boolean[][] {
  return areas.map(({ mm, start, end }) => Array.from({ length: end - start }, (_, i) => isMapped(k, mm, start + i)));
}

/** Runs with two devices of base pages, mapped as given and touched. */
function withAreas(
  list: readonly { space: number; file: number; pages: number; pgoff: number }[],
  run: (k: Kernel, areas: VmArea[]) => void,
): void {
  withKernel("kernel=v7 pmem=256K,256K", (k) => {
    const files = ndRegions(k).map((region) => mustCreate(k, { align: 256 }, region));
    const mms = [0, 1].map(() => mmAlloc(k) as Mm);
    const next = [1000, 1000];
    const areas = list.map(({ space, file, pages, pgoff }) => {
      const area = daxMmap(k, files[file].dev!, mms[space], next[space], pages, pgoff) as VmArea;
      next[space] += pages;
      assertEquals(populateArea(k, area, 1), "nopage");
      return area;
    });
    run(k, areas);
    for (const mm of mms) mmPut(k, mm);
    for (const ns of files) mustDestroy(k, ns);
  });
}

Deno.test("unmapMapping() unmaps these pages of the file wherever they are mapped, and nothing else", () => {
  fc.assert(
    fc.property(AREAS, fc.nat(60), fc.integer({ min: 1, max: 60 }), (list, first, pages) => {
      withAreas(list, (k, areas) => {
        const { mapping } = areas[0];
        const there = areas.map((a) =>
          Array.from({ length: a.end - a.start }, (_, i) => {
            const index = a.pgoff + i;
            return a.mapping !== mapping || index < first || index >= first + pages;
          })
        );
        unmapMapping(k, mapping, first, first + pages);
        assertEquals(mapped(k, areas), there);
      });
    }),
    { numRuns: 60 },
  );
});

Deno.test("mmPut() drops the references of the tables, and panics on one that is still referenced", () => {
  const k = boot(machine("kernel=v7"));
  const mm = mmAlloc(k) as Mm;
  assertEquals(pageRefcount(k, mm.rootPfn), 1);
  mmPut(k, mm);
  assertEquals(pageRefcount(k, mm.rootPfn), 0);
  const held = mmAlloc(k) as Mm;
  getPage(k, held.rootPfn);
  assertThrows(() => mmPut(k, held), KernelPanic, `user table ${held.rootPfn} is shared`);
});

Deno.test("mmPut() panics on a table that still maps something, at any level", () => {
  for (const level of [0, 1]) {
    const k = boot(machine("kernel=v7"));
    const mm = mmAlloc(k) as Mm;
    const { format } = k.arch;
    const entry = populateTo(k, mm.rootPfn, 1024, level, 0, USE_USER_TABLE);
    setEntry(k, entry, level, 4096, level === 0 ? format.userPage : format.userHuge);
    assertThrows(() => mmPut(k, mm), KernelPanic, `level ${level} entry 0 is still mapped`);
  }
});

Deno.test("insertPfn() warns of a PMD entry whose page is not a compound of its size, like the thread's assertion", () => {
  for (const errata of [{}, { compoundOrderPmdShift: true }]) {
    for (const align of [256, 4096, 65536]) {
      withKernel({ ...machine(""), kernel: kernelLike("v7", {}, errata) }, (k) => {
        const ns = mustCreate(k, { align });
        const mm = mmAlloc(k) as Mm;
        const area = daxMmap(k, ns.dev!, mm, 4096, 512, 0) as VmArea;
        assertEquals(populateArea(k, area, align / 256), "nopage");
        const wrong = align === 4096 && errata.compoundOrderPmdShift === true;
        assertEquals(k.stat[C.warnings], wrong ? 512 / 16 : 0, `${align}`);
        mmPut(k, mm);
        mustDestroy(k, ns);
      });
    }
  }
});

Deno.test("handleFault() asks the device for a PUD entry, a PMD entry, a page, as long as it falls back", () => {
  for (const last of [2, 1, 0, -1]) {
    withKernel("", (k) => {
      const ns = mustCreate(k, { align: 65536 });
      const mm = mmAlloc(k) as Mm;
      const area = daxMmap(k, ns.dev!, mm, 4096, 256, 0) as VmArea;
      const asked: number[] = [];
      const fault: VmArea["fault"] = (_k, _area, _vpn, level) => {
        asked.push(level);
        return level === last ? "nopage" : "fallback";
      };
      mm.areas[0] = { ...area, fault };
      assertEquals(handleFault(k, mm, 4096), last < 0 ? "sigbus" : "nopage");
      assertEquals(asked, [2, 1, 0].filter((level) => level >= last));
      mmPut(k, mm);
      mustDestroy(k, ns);
    });
  }
});

Deno.test("munmap() unmaps its area and none of its neighbours", () => {
  fc.assert(
    fc.property(AREAS, fc.nat(7), (list, pick) => {
      withAreas(list, (k, areas) => {
        const gone = areas[pick % areas.length];
        munmap(k, gone);
        assertEquals(mapped(k, areas), areas.map((a) => Array(a.end - a.start).fill(a !== gone)));
        assertEquals(gone.mm.areas.includes(gone), false);
      });
    }),
    { numRuns: 40 },
  );
});

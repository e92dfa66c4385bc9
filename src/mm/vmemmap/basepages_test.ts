// SPDX-License-Identifier: GPL-2.0-only
// Mapping compounds page by page, against a model that knows what each page must map: any range, any compound, existing
// entries, too few frames.

import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { ENOMEM } from "../../include/errno.ts";
import { withKernel } from "../../testing.ts";
import type { Kernel } from "../kernel.ts";
import { totalFreePages } from "../page_alloc.ts";
import { pageRefcount, vmemmapPage } from "../page.ts";
import { mappedFrame, populateCompounds, populateReusing, vmemmapPopulateBasepages } from "./basepages.ts";
import { vmemmapFree } from "./populate.ts";
import { C } from "../vmstat.ts";

/** The request: compounds of `size` pages, `own` of which have frames, over `pages` pages from an offset on. */
interface Case {
  readonly offset: number;
  readonly pages: number;
  readonly size: number;
  readonly own: number;
  /** Pages that are mapped before. */
  readonly before: readonly number[];
}

const CASES: fc.Arbitrary<Case> = fc.record({
  offset: fc.nat(20),
  pages: fc.integer({ min: 1, max: 60 }),
  size: fc.integer({ min: 1, max: 40 }),
  share: fc.double({ min: 0, max: 1, noNaN: true }),
  before: fc.uniqueArray(fc.nat(59), { maxLength: 6 }),
}).map(({ share, ...c }) => ({
  ...c,
  own: Math.max(1, Math.ceil(share * c.size)),
  before: c.before.filter((page) => page < c.pages),
}));

/** First vmemmap page of the case; nothing of pmem is mapped. */
function startOf(k: Kernel, c: Case): number {
  return vmemmapPage(k, k.machine.topology.pmemStart) + c.offset;
}

/** Maps the existing pages; returns the frame of each. */
function mapBefore(k: Kernel, start: number, pages: readonly number[]): Map<number, number> {
  for (const page of pages) assertEquals(vmemmapPopulateBasepages(k, start + page, start + page + 1, 0, null), 0);
  return new Map(pages.map((page) => [page, mappedFrame(k, start + page)]));
}

function framesOf(k: Kernel, start: number, pages: number): number[] {
  return Array.from({ length: pages }, (_, page) => mappedFrame(k, start + page));
}

/** Every page maps what it should: its previous frame, a new frame, or that of its compound's last own page. */
function assertMapped(k: Kernel, c: Case, frames: readonly number[], before: ReadonlyMap<number, number>): void {
  const refs = new Map<number, number>();
  const owned: number[] = [];
  for (const [page, frame] of frames.entries()) {
    if (frame < 0) continue;
    refs.set(frame, (refs.get(frame) ?? 0) + 1);
    const inCompound = page % c.size;
    if (before.has(page)) assertEquals(frame, before.get(page), `page ${page} was there`);
    else if (inCompound >= c.own) assertEquals(frame, frames[page - inCompound + c.own - 1], `page ${page} shares`);
    if (before.has(page) || inCompound < c.own) owned.push(frame);
  }
  assertEquals(new Set(owned).size, owned.length, "frames of their own");
  for (const [frame, entries] of refs) assertEquals(pageRefcount(k, frame), entries, `references on ${frame}`);
}

Deno.test("populateCompounds() maps each page like the model, and all of it can be removed", () => {
  fc.assert(fc.property(CASES, (c) => {
    withKernel("", (k) => {
      const start = startOf(k, c);
      const free = totalFreePages(k);
      const before = mapBefore(k, start, c.before);
      const writes = k.stat[C.pteWrites];
      assertEquals(populateCompounds(k, start, start + c.pages, 0, c.size, c.own), 0);
      assertEquals(k.stat[C.pteWrites] - writes, c.pages - before.size, "entries written");
      const frames = framesOf(k, start, c.pages);
      assert(frames.every((frame) => frame >= 0));
      assertMapped(k, c, frames, before);
      vmemmapFree(k, start, start + c.pages, null);
      assertEquals(totalFreePages(k), free);
    });
  }));
});

Deno.test("populateCompounds() stops without a frame; what it mapped is right and can be removed", () => {
  fc.assert(fc.property(CASES, fc.integer({ min: 1, max: 70 }), (c, nth) => {
    withKernel("", (k) => {
      const start = startOf(k, c);
      const free = totalFreePages(k);
      const before = mapBefore(k, start, c.before);
      k.fault.arm(nth);
      const err = populateCompounds(k, start, start + c.pages, 0, c.size, c.own);
      const failed = k.fault.seen >= nth;
      k.fault.disarm();
      assertEquals(err, failed ? -ENOMEM : 0);
      const frames = framesOf(k, start, c.pages);
      const missing = frames.indexOf(-1);
      assertEquals(missing >= 0, failed);
      for (let page = missing; page >= 0 && page < c.pages; page++) assertEquals(frames[page] >= 0, before.has(page));
      assertMapped(k, c, frames, before);
      vmemmapFree(k, start, start + c.pages, null);
      assertEquals(totalFreePages(k), free);
    });
  }));
});

Deno.test("populateReusing() maps every unmapped page to the given frame, with a reference per entry", () => {
  fc.assert(fc.property(CASES, (c) => {
    withKernel("", (k) => {
      const start = startOf(k, c);
      const free = totalFreePages(k);
      assertEquals(vmemmapPopulateBasepages(k, start, start + 1, 0, null), 0);
      const reuse = mappedFrame(k, start);
      const before = mapBefore(k, start + 1, c.before);
      assertEquals(populateReusing(k, start + 1, start + 1 + c.pages, 0, reuse), 0);
      for (const [page, frame] of framesOf(k, start + 1, c.pages).entries()) {
        assertEquals(frame, before.get(page) ?? reuse);
      }
      assertEquals(pageRefcount(k, reuse), 1 + c.pages - before.size);
      vmemmapFree(k, start, start + 1 + c.pages, null);
      assertEquals(totalFreePages(k), free);
    });
  }));
});

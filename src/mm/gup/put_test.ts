// SPDX-License-Identifier: GPL-2.0-only
// Returning held pages: page by page or a compound at once, in any order and any pieces, and pages that are not held.

import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { PAGE_REFCOUNT } from "../../include/mm_types.ts";
import { KernelPanic } from "../../lib/bug.ts";
import { kernelLike } from "../../testing.ts";
import { putPages, unpinPages } from "./put.ts";
import { extra, hold, KINDS, pinStores, release, stores, wanted, withBox } from "./gup_testing.ts";
import { writePage } from "../page.ts";
import { countersSince, readCounters } from "../vmstat.ts";

Deno.test("putPages() stores once per page, unpinPages() once per compound", () => {
  for (const [kernel, pin] of [["v7", [4, 4]], ["5.14", [64, 0]]] as const) {
    withBox("", kernelLike(kernel, { gup: "compound" }), 4096, (box) => {
      for (const mode of ["get", "pin"] as const) {
        const pages = hold(box, 0, 64, 64, mode);
        const before = readCounters(box.k.stat);
        release(box, pages, mode);
        const put = countersSince(before, readCounters(box.k.stat));
        assertEquals([stores(put), pinStores(put)], mode === "get" ? [64, 0] : [...pin], `${kernel} ${mode}`);
      }
    });
  }
});

Deno.test("unpinPages() panics on pages that are not pinned", () => {
  assertThrows(
    () => withBox("", kernelLike("v7"), 4096, (box) => unpinPages(box.k, hold(box, 0, 4, 4, "get"), 0, 4)),
    KernelPanic,
    "unpinned too often",
  );
});

Deno.test("unpinPages() and putPages() panic when they take a page's own last reference", () => {
  for (const mode of ["get", "pin"] as const) {
    assertThrows(
      () =>
        withBox("", kernelLike("v7", { gup: "compound" }), 4096, (box) => {
          const pages = hold(box, 0, 4, 4, mode);
          writePage(box.k, box.first, PAGE_REFCOUNT, 4);
          release(box, pages, mode);
        }),
      KernelPanic,
      "lost its last reference",
    );
  }
});

Deno.test("putPages() and unpinPages() return the given part of an array, and no other page", () => {
  const cuts = fc.uniqueArray(fc.integer({ min: 1, max: 79 }), { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(fc.constantFrom(...KINDS), fc.boolean(), cuts, ([, kernel, align], pin, cuts) => {
      const mode = pin ? "pin" : "get";
      withBox("", kernelLike(kernel, { gup: "compound" }), align, (box) => {
        const pages = hold(box, 0, 80, 80, mode);
        const put = mode === "pin" ? unpinPages : putPages;
        const edges = [...cuts.toSorted((a, b) => a - b), 80];
        for (const [i, from] of edges.slice(0, -1).entries()) put(box.k, pages, from, edges[i + 1] - from);
        assertEquals(extra(box, 80), wanted(box, 0, edges[0], mode));
        put(box.k, pages, 0, edges[0]);
        assertEquals(extra(box, 80), []);
      });
    }),
    { numRuns: 60 },
  );
});

Deno.test("unpinPages() returns pages of one compound together in any order", () => {
  const shuffled = fc.shuffledSubarray(Array.from({ length: 16 }, (_, i) => i), { minLength: 1 });
  const kind = fc.constantFrom(...KINDS.filter(([, , align]) => align === 4096));
  fc.assert(
    fc.property(kind, fc.array(shuffled, { minLength: 1, maxLength: 4 }), ([, kernel, align], parts) => {
      withBox("", kernelLike(kernel, { gup: "compound" }), align, (box) => {
        const order = parts.flatMap((part, i) => part.map((page) => 16 * i + page));
        const all = hold(box, 0, 64, 64, "pin");
        const before = readCounters(box.k.stat);
        unpinPages(box.k, Float64Array.from(order, (page) => all[page]), 0, order.length);
        const put = countersSince(before, readCounters(box.k.stat));
        assertEquals(stores(put), box.geometry > 1 ? parts.length : order.length);
        release(box, all.filter((_, page) => !order.includes(page)), "pin");
        assertEquals(extra(box, 64), []);
      });
    }),
    { numRuns: 60 },
  );
});

Deno.test("pages of several compounds, out of order, are put back one by one", () => {
  for (const mode of ["get", "pin"] as const) {
    withBox("", kernelLike("v7+head", { gup: "compound" }), 4096, (box) => {
      const pages = hold(box, 0, 64, 64, mode);
      pages.sort((a, b) => (a * 7919) % 64 - (b * 7919) % 64);
      release(box, pages, mode);
      assertEquals(extra(box, 600), []);
    });
  }
});

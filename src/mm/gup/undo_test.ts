// SPDX-License-Identifier: GPL-2.0-only
// What gup cannot hold: pages that are not mapped or have no reference, entries that change between its two reads,
// dying pgmaps. It must return whatever it took.

import { assertEquals, assertThrows } from "@std/assert";
import { PAGE_REFCOUNT } from "../../include/mm_types.ts";
import { KernelPanic } from "../../lib/bug.ts";
import { kernelLike } from "../../testing.ts";
import { gupFast } from "./gup.ts";
import { putPages } from "./put.ts";
import { extra, hold, release, VARIANTS, wanted, withBox } from "./gup_testing.ts";
import type { Kernel } from "../kernel.ts";
import { munmap } from "../memory.ts";
import { compoundHead, pageFlags, pageRefcount, writePage } from "../page.ts";
import { walkTo } from "../pgtable.ts";
import { readCounters } from "../vmstat.ts";
import { PAGE_LAYOUTS } from "../../include/page_layout.ts";

const { referenced: PG_REFERENCED } = PAGE_LAYOUTS["6.1"];

Deno.test("gupFast() faults in unmapped pages, and stops where a fault fails", () => {
  withBox("", kernelLike("v7"), 4096, (box) => {
    const { k, mm, area } = box;
    const { start } = area;
    munmap(k, area);
    mm.areas.push({ ...area, end: start + 64 });
    const pages = new Float64Array(100);
    assertEquals(gupFast(k, mm, start + 10, 100, "get", pages, 0), 54);
    assertEquals(gupFast(k, mm, start + 64, 1, "get", pages, 54), 0);
    putPages(k, pages, 0, 54);
  });
});

Deno.test("gupFast() gives back a whole entry when one page of it cannot be held", () => {
  // | 0 .. 8 held | 9 has no reference | 10 .. 15 | behind one PMD entry: nothing of it is held
  for (const mode of ["get", "pin"] as const) {
    for (const text of ["", "shared"]) {
      withBox(text, kernelLike("5.14"), 4096, (box) => {
        const { k, first, mm, area } = box;
        writePage(k, first + 16 + 9, PAGE_REFCOUNT, 0);
        const pages = new Float64Array(64);
        assertEquals(gupFast(k, mm, area.start, 64, mode, pages, 0), 16);
        assertEquals([k.gupRefs, k.gupPins], [mode === "pin" ? 16 * 1024 : 16, 0]);
        assertEquals(pageRefcount(k, first + 16), 1);
        assertEquals(pageFlags(k, first + 16) & PG_REFERENCED, 0);
        writePage(k, first + 16 + 9, PAGE_REFCOUNT, 1);
        release(box, pages.slice(0, 16), mode);
      });
    }
  }
});

Deno.test("gupFast() holds nothing of a compound whose head has no reference", () => {
  for (const variant of VARIANTS) {
    for (const mode of ["get", "pin"] as const) {
      withBox("", kernelLike("v7", { gup: variant }), 4096, (box) => {
        const { k, first, mm, area } = box;
        writePage(k, first + 16, PAGE_REFCOUNT, 0);
        const pages = new Float64Array(64);
        assertEquals(gupFast(k, mm, area.start + 3, 60, mode, pages, 0), 13, variant);
        assertEquals(pageRefcount(k, first + 16), 0);
        // The old variant marks a page before it grabs it, and leaves the mark of the page that it could not grab.
        const marked = (pageFlags(k, first + 16) & PG_REFERENCED) !== 0;
        assertEquals(marked, variant === "per-page", variant);
        writePage(k, first + 16, PAGE_REFCOUNT, 1);
        release(box, pages.slice(0, 13), mode);
        assertEquals([k.gupRefs, k.gupPins], [0, 0]);
      });
    }
  }
});

Deno.test("gupFast() holds base pages up to the one that cannot be held", () => {
  withBox("", kernelLike("v7"), 256, (box) => {
    const { k, first, mm, area } = box;
    writePage(k, first + 20, PAGE_REFCOUNT, 0);
    const pages = new Float64Array(64);
    assertEquals(gupFast(k, mm, area.start, 64, "get", pages, 0), 20);
    writePage(k, first + 20, PAGE_REFCOUNT, 1);
    release(box, pages.slice(0, 20), "get");
  });
});

/** Runs `change` once between gup's two reads of the entry: when it searches for the pgmap. */
function whileHolding(k: Kernel, change: () => void): void {
  const lookup = k.pgmaps.lookup.bind(k.pgmaps);
  let done = false;
  k.pgmaps.lookup = (pfn) => {
    if (!done) {
      done = true;
      change();
    }
    return lookup(pfn);
  };
}

Deno.test("gupFast() undoes everything when the entry changes meanwhile", () => {
  for (const variant of VARIANTS.filter((v) => v !== "no-pgmap")) {
    for (const mode of ["get", "pin"] as const) {
      for (const [kernel, align] of [["v7", 4096], ["v7+head", 4096], ["5.14", 4096], ["v7", 65536]] as const) {
        withBox("", kernelLike(kernel, { gup: variant }), align, (box) => {
          const { k, mm, area, first } = box;
          whileHolding(k, () => munmap(k, area));
          const pages = new Float64Array(16);
          assertEquals(gupFast(k, mm, area.start, 16, mode, pages, 0), 0, `${variant} ${mode} ${kernel}`);
          assertEquals([k.gupRefs, k.gupPins, extra(box, 600)], [0, 0, []]);
          assertEquals(pageFlags(k, compoundHead(k, first + 5)) & PG_REFERENCED, 0);
          const { stat } = k;
          assertEquals(readCounters(stat).follPinAcquired, readCounters(stat).follPinReleased);
        });
      }
    }
  }
});

Deno.test("gupFast() looks at both halves of the entry again", () => {
  for (const half of [0, 1]) {
    withBox("", kernelLike("v7"), 4096, (box) => {
      const { k, mm, area } = box;
      const { words } = k.phys;
      const at = walkTo(k, mm.rootPfn, area.start, 1) + half;
      const entry = words[at];
      whileHolding(k, () => words[at] ^= k.arch.format.present << 5);
      assertEquals(gupFast(k, mm, area.start, 16, "get", new Float64Array(16), 0), 0);
      assertEquals([k.gupRefs, extra(box, 600)], [0, []]);
      words[at] = entry;
    });
  }
});

Deno.test("gupFast() returns a base page whose entry is cleared meanwhile", () => {
  withBox("", kernelLike("v7"), 256, (box) => {
    const { k, mm, area } = box;
    whileHolding(k, () => munmap(k, area));
    assertEquals(gupFast(k, mm, area.start, 16, "get", new Float64Array(16), 0), 0);
    assertEquals([k.gupRefs, extra(box, 600)], [0, []]);
  });
});

Deno.test("gupFast() stops at a base page whose entry changes meanwhile, and retries", () => {
  withBox("", kernelLike("v7"), 256, (box) => {
    const { k, mm, area } = box;
    whileHolding(k, () => {
      munmap(k, area);
      mm.areas.push(area);
    });
    const pages = new Float64Array(16);
    assertEquals(gupFast(k, mm, area.start, 16, "get", pages, 0), 16, "faulted in again");
    assertEquals(extra(box, 600), wanted(box, 0, 16, "get"));
    putPages(k, pages, 0, 16);
  });
});

Deno.test("errata grabOneMoreThanTwo: two pages are held by one reference", () => {
  const held = (grabOneMoreThanTwo: boolean, n: number) => {
    const kernel = kernelLike("v7", { gup: "grab-one" }, { grabOneMoreThanTwo });
    return withBox("", kernel, 4096, (box) => {
      const pages = hold(box, 0, n, n, "get");
      const refs = pageRefcount(box.k, box.first) - 1;
      // Return what is really held, so that the machine passes its checks.
      release(box, pages.slice(0, refs), "get");
      return refs;
    });
  };
  assertEquals([1, 2, 3, 16].map((n) => held(false, n)), [1, 2, 3, 16]);
  assertEquals([1, 2, 3, 16].map((n) => held(true, n)), [1, 1, 3, 16]);
  const kernel = kernelLike("v7", { gup: "grab-one" }, { grabOneMoreThanTwo: true });
  assertThrows(
    () => withBox("", kernel, 4096, (box) => release(box, hold(box, 0, 2, 2, "get"), "get")),
    KernelPanic,
    "lost its last reference",
  );
});

Deno.test("gupFast() holds nothing of a dying pgmap, except in the variant without pgmap", () => {
  for (
    const [align, variant, expected] of [[256, "per-page", 0], [4096, "per-page", 0], [4096, "no-pgmap", 16]] as const
  ) {
    withBox("", kernelLike("v7", { gup: variant }), align, (box) => {
      const { k, mm, area, first } = box;
      const pgmap = k.pgmaps.lookup(first)!;
      Object.assign(pgmap, { dying: true });
      const pages = new Float64Array(16);
      assertEquals(gupFast(k, mm, area.start, 16, "get", pages, 0), expected, `${align} ${variant}`);
      Object.assign(pgmap, { dying: false });
      putPages(k, pages, 0, expected);
    });
  }
});

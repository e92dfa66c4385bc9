// SPDX-License-Identifier: GPL-2.0-only
// Holding user pages: every variant, every kind of page, calls that end before, at and after a huge page (I20, I21),
// and the counters. Pages that cannot be held are in undo_test.ts, returning pages in put_test.ts.

import { assert, assertEquals } from "@std/assert";
import type { GupVariant } from "../../include/kernel_config.ts";
import { gupReport } from "../../scenario/gup.ts";
import { kernelLike } from "../../testing.ts";
import { checkInvariants } from "../../debug_vm/debug_vm.ts";
import type { GupMode } from "../../include/gup.ts";
import { insertPfn, munmap } from "../memory.ts";
import { pageRefcount } from "../page.ts";
import { levelPages } from "../pgtable.ts";
import { gupFast } from "./gup.ts";
import { putPages } from "./put.ts";
import { pageMaybeDmaPinned } from "./refs.ts";
import { type Box, extra, hold, KINDS, pinStores, release, stores, VARIANTS, wanted, withBox } from "./gup_testing.ts";
import { countersSince, readCounters } from "../vmstat.ts";
import fc from "fast-check";

/** Stores on reference counts to get the pages: per page, or per part of an entry that one call covers. */
function wantedStores(box: Box, variant: GupVariant, at: number, n: number, batch: number): number {
  if (variant === "per-page" || box.geometry === 1) return n;
  let stores = 0;
  for (let done = 0; done < n;) {
    const toBatch = batch - done % batch;
    const toEntry = box.entry - (at + done) % box.entry;
    const count = Math.min(toBatch, toEntry, n - done);
    stores += variant === "grab-one" && count > 1 ? 2 : 1;
    done += count;
  }
  return stores;
}

for (const variant of VARIANTS) {
  for (const [name, kernel, align] of KINDS) {
    for (const mode of ["get", "pin"] as const) {
      Deno.test(`gupFast() ${variant}, ${mode}: ${name}`, () => {
        withBox("", kernelLike(kernel, { gup: variant }), align, (box) => {
          const { k, first } = box;
          for (const batch of [1, 7, 15, 16, 17, 255, 256, 257, 512]) {
            for (const [at, n] of [[0, 512], [5, 300], [15, 2]]) {
              const before = readCounters(k.stat);
              const pages = hold(box, at, n, batch, mode);
              const got = countersSince(before, readCounters(k.stat));
              assertEquals(pages.findIndex((pfn, i) => pfn !== first + at + i), -1, `batch ${batch}`);
              // As text: hundreds of triples are slow to compare one by one.
              assertEquals(extra(box, 600).join(" "), wanted(box, at, n, mode).join(" "));
              const refs = wantedStores(box, variant, at, n, batch);
              assertEquals([stores(got), got.pagesRecorded], [refs, n], `batch ${batch} from ${at}`);
              assertEquals(pinStores(got), mode === "pin" && box.geometry > 1 ? refs : 0);
              assertEquals(pageMaybeDmaPinned(k, pages[0]), mode === "pin");
              checkInvariants(k);
              release(box, pages, mode);
              assertEquals(extra(box, 600), []);
              const all = countersSince(before, readCounters(k.stat));
              assertEquals([all.follPinAcquired, all.follPinReleased], mode === "pin" ? [n, n] : [0, 0]);
            }
          }
        });
      });
    }
  }
}

for (const variant of VARIANTS) {
  for (const mode of ["get", "pin"] as const) {
    Deno.test(`gupFast() ${variant}, ${mode}: 2 MiB and 1 GiB pages of x86-64`, () => {
      for (const [align, pmem] of [[2 ** 21, "256M"], [2 ** 30, "2G"]] as const) {
        withBox(`arch=x86-64 dram=1G pmem=${pmem}`, kernelLike("v4", { gup: variant }), align, (box) => {
          const { k, first } = box;
          for (const batch of [1, 7, 511, 512, 513]) {
            for (const [at, n] of [[0, 1024], [509, 600]]) {
              const before = readCounters(k.stat);
              const pages = hold(box, at, n, batch, mode);
              const got = countersSince(before, readCounters(k.stat));
              assertEquals(pages.every((pfn, i) => pfn === first + at + i), true);
              assertEquals(extra(box, 2048), wanted(box, at, n, mode));
              assertEquals(stores(got), wantedStores(box, variant, at, n, batch), `batch ${batch} from ${at}`);
              release(box, pages, mode);
              assertEquals(extra(box, 2048), []);
            }
          }
        });
      }
    });
  }
}

Deno.test("gupFast() reads an entry of every level there is, from the top to the leaf", () => {
  // A call per PMD entry: PGD, PUD, PMD; tables of 64K pages have no level above the PUD.
  for (const [arch, batch, levels] of [["x86-64", 512, 3], ["arm64-4k", 512, 3], ["arm64-64k", 8192, 2]] as const) {
    const { getCounters } = gupReport({ arch, size: 2 ** 30, kernel: "5.14", repeats: 1, batch });
    assertEquals(getCounters.gupWalkSteps, getCounters.gupCalls * levels, arch);
  }
});

Deno.test("gupFast() reads an upper entry again only where the one below it begins a table", () => {
  // Toy tables have 16 entries; the area begins with a PUD entry and a PMD table.
  withBox("", kernelLike("5.14"), 4096, (box) => {
    const steps = (at: number, n: number) => {
      const before = readCounters(box.k.stat);
      release(box, hold(box, at, n, n, "get"), "get");
      return countersSince(before, readCounters(box.k.stat)).gupWalkSteps;
    };
    assertEquals(steps(0, 16), 3, "PGD, PUD, PMD");
    assertEquals(steps(0, 64), 3 + 3, "and three PMD entries");
    assertEquals(steps(16 * 14, 64), 3 + 3 + 1, "the third of them behind the next PUD entry");
  });
  withBox("", kernelLike("6.1"), 256, (box) => {
    const before = readCounters(box.k.stat);
    release(box, hold(box, 8, 16, 16, "get"), "get");
    assertEquals(countersSince(before, readCounters(box.k.stat)).gupWalkSteps, 4 + 7 + 1 + 8, "two PTE tables");
  });
});

Deno.test("gupFast() looks up a pgmap once per entry, or not at all", () => {
  const lookups = (variant: GupVariant, kernel: string) =>
    withBox("", kernelLike(kernel, { gup: variant }), 4096, (box) => {
      const before = readCounters(box.k.stat);
      release(box, hold(box, 0, 64, 64, "get"), "get");
      const { pgmapLookups, pgmapRefs } = countersSince(before, readCounters(box.k.stat));
      return [pgmapLookups, pgmapRefs];
    });
  for (const variant of VARIANTS) {
    assertEquals(lookups(variant, "v7"), variant === "no-pgmap" ? [0, 0] : [4, 4], variant);
    assertEquals(lookups(variant, "5.14"), [4, 4], `${variant} on base pages`);
  }
});

Deno.test("gupFast() counts an entry per level on the way to a leaf, and one per further entry of a table", () => {
  // Leaves of the PUD and PMD level, base pages in four tables of 16, base pages of a kernel with three levels.
  const rows: [text: string, align: number, pages: number, steps: number][] = [
    ["", 65536, 256, 2],
    ["", 4096, 64, 3 + 3],
    ["", 256, 64, 4 + 15 + 3 * (2 + 15)],
    ["", 256, 17, 4 + 15 + 2],
    ["arch=arm64-64k dram=512M pmem=1G", 65536, 10, 3 + 9],
  ];
  for (const [text, align, pages, steps] of rows) {
    withBox(text, kernelLike("6.1"), align, (box) => {
      const before = readCounters(box.k.stat);
      release(box, hold(box, 0, pages, pages, "get"), "get");
      assertEquals(countersSince(before, readCounters(box.k.stat)).gupWalkSteps, steps, `${text} ${align} ${pages}`);
    });
  }
});

Deno.test("gupFast() keeps one pgmap reference over a table's entries", () => {
  withBox("", kernelLike("6.1"), 256, (box) => {
    const before = readCounters(box.k.stat);
    release(box, hold(box, 0, 64, 64, "get"), "get");
    assertEquals(countersSince(before, readCounters(box.k.stat)).pgmapLookups, 4);
  });
});

Deno.test("counts on struct pages in an altmap are counted as stores to pmem", () => {
  for (const variant of VARIANTS) {
    withBox("", kernelLike("v7", { gup: variant }), 4096, (box) => {
      const before = readCounters(box.k.stat);
      release(box, hold(box, 0, 32, 32, "pin"), "pin");
      const c = countersSince(before, readCounters(box.k.stat));
      assertEquals([c.refcountStoresDram, c.pincountStoresDram, c.pageFlagStoresDram], [0, 0, 0]);
      assert(c.refcountStoresPmem > 0 && c.pincountStoresPmem > 0 && c.pageFlagStoresPmem > 0);
    }, "dev");
  }
});

Deno.test("a machine that workers share counts the same as one with plain stores", () => {
  for (const [, kernel, align] of KINDS) {
    for (const variant of VARIANTS) {
      for (const mode of ["get", "pin"] as const) {
        const run = (text: string) =>
          withBox(text, kernelLike(kernel, { gup: variant }), align, (box) => {
            const before = readCounters(box.k.stat);
            const pages = hold(box, 5, 300, 100, mode);
            const held = extra(box, 600);
            release(box, pages, mode);
            return { held, pages: [...pages], counters: countersSince(before, readCounters(box.k.stat)) };
          });
        assertEquals(run("shared"), run(""), `${kernel} ${align} ${variant} ${mode}`);
      }
    }
  }
});

Deno.test("holding pages in any order and any pieces keeps I20, for any variant", () => {
  const call = fc.record({ at: fc.nat(500), n: fc.integer({ min: 1, max: 200 }), pin: fc.boolean(), drop: fc.nat(3) });
  const kind = fc.constantFrom(...KINDS);
  fc.assert(
    fc.property(
      kind,
      fc.constantFrom(...VARIANTS),
      fc.array(call, { maxLength: 12 }),
      ([, kernel, align], gup, calls) => {
        withBox("", kernelLike(kernel, { gup }), align, (box) => {
          const held: { pages: Float64Array; mode: GupMode }[] = [];
          for (const { at, n, pin, drop } of calls) {
            const mode = pin ? "pin" : "get";
            held.push({ pages: hold(box, at, n, n, mode), mode });
            if (drop === 0) {
              const { pages, mode } = held.splice(at % held.length, 1)[0];
              release(box, pages, mode);
            }
            checkInvariants(box.k);
          }
          for (const { pages, mode } of held) release(box, pages, mode);
        });
      },
    ),
    { numRuns: 40 },
  );
});

Deno.test("gupFast() of patch 8 as posted treats an entry over several compounds as one compound", () => {
  // A PUD entry over 16-frame compounds, which device-dax never makes:  |....8888|88888888........|
  const references = (grabWholeRange: boolean) =>
    withBox("", kernelLike("v4", {}, { grabWholeRange }), 4096, (box) => {
      const { k, mm, area } = box;
      const span = levelPages(k, 2);
      const first = Math.ceil(box.first / span) * span;
      const wide = { ...area, start: 2 * span, end: 3 * span };
      mm.areas.push(wide);
      assertEquals(insertPfn(k, wide, wide.start, 2, first), "nopage");
      const count = (at: number) => pageRefcount(k, first + at) - 1;
      const pages = new Float64Array(16);
      assertEquals(gupFast(k, mm, wide.start + 8, 16, "get", pages, 0), 16);
      const taken = [count(0), count(16)];
      putPages(k, grabWholeRange ? pages.fill(first) : pages, 0, 16);
      munmap(k, wide);
      return taken;
    });
  assertEquals(references(false), [8, 8]);
  assertEquals(references(true), [16, 0]);
});

Deno.test("gupFast() of the sketch that counts from the call's first page records the second entry one entry too far", () => {
  const astray = (rangeFromCall: boolean) =>
    withBox(
      "",
      kernelLike("v4", { gup: "compound-range" }, { rangeFromCall }),
      4096,
      ({ k, mm, area, first, entry }) => {
        const pages = new Float64Array(2 * entry);
        assertEquals(gupFast(k, mm, area.start, pages.length, "get", pages, 0), pages.length);
        const mapped = pages.map((_, i) => first + i);
        putPages(k, mapped, 0, mapped.length);
        return pages.filter((pfn, i) => pfn !== mapped[i]).length / entry;
      },
    );
  assertEquals([astray(false), astray(true)], [0, 1]);
});

// SPDX-License-Identifier: GPL-2.0-only
// Holding user pages: every variant, every kind of page, calls that end before, at and after a huge page (I20, I21).
//
//   toy: 256-frame device pages (PUD), 16-frame ones (PMD), base pages (PTE), and base pages behind PMD entries (5.14)

import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { daxMmap } from "../drivers/dax/device.ts";
import { type GupVariant, type KernelConfig } from "../include/kernel_config.ts";
import { PAGE_REFCOUNT } from "../include/mm_types.ts";
import { PG_REFERENCED } from "../include/page_flags.ts";
import { KernelPanic } from "../lib/bug.ts";
import { gupReport } from "../scenario/gup.ts";
import { kernelLike, machine, mustCreate, mustDestroy, withKernel } from "../testing.ts";
import { checkInvariants } from "./debug_vm.ts";
import { gupFast } from "./gup.ts";
import { putPages, unpinPages } from "./gup_put.ts";
import { type GupMode, pageMaybeDmaPinned } from "./gup_refs.ts";
import { type Kernel } from "./kernel.ts";
import { mmAlloc, mmPut, munmap, populateArea } from "./memory.ts";
import type { Mm, VmArea } from "./mm.ts";
import { compoundHead, hasPincount, pageFlags, pageRefcount, pincountPlace, readPage, writePage } from "./page.ts";
import { levelPages, walkTo } from "./pgtable.ts";
import { countersSince, type CounterValues, readCounters } from "./vmstat.ts";

const VARIANTS: readonly GupVariant[] = ["per-page", "compound", "compound-range", "no-pgmap", "grab-one"];

/** A device of one page size, mapped at an address aligned to every page size, and touched. */
interface Box {
  readonly k: Kernel;
  readonly mm: Mm;
  readonly area: VmArea;
  /** First frame of the mapping. */
  readonly first: number;
  /** Frames per entry of the user's table, and per compound. */
  readonly entry: number;
  readonly geometry: number;
}

function withBox<T>(
  text: string,
  kernel: KernelConfig,
  align: number,
  run: (box: Box) => T,
  map: "mem" | "dev" = "mem",
): T {
  return withKernel({ ...machine(text), kernel }, (k) => {
    const ns = mustCreate(k, { align, map });
    const mm = mmAlloc(k);
    if (typeof mm === "number") throw new Error(`mmAlloc: ${mm}`);
    const entry = align / k.pageBytes;
    const [{ start, end }] = ns.dev!.ranges;
    const area = daxMmap(k, ns.dev!, mm, 4 * levelPages(k, 2), end - start, 0);
    if (typeof area === "number") throw new Error(`daxMmap: ${area}`);
    assertEquals(populateArea(k, area, entry), "nopage");
    const result = run({ k, mm, area, first: start, entry, geometry: ns.pgmap.geometry });
    checkInvariants(k);
    mmPut(k, mm);
    mustDestroy(k, ns);
    return result;
  });
}

/** Calls of at most `batch` pages, as gup_test makes them. */
function hold({ k, mm, area }: Box, at: number, n: number, batch: number, mode: GupMode): Float64Array {
  const pages = new Float64Array(n).fill(-1);
  for (let done = 0; done < n; done += batch) {
    const count = Math.min(batch, n - done);
    assertEquals(gupFast(k, mm, area.start + at + done, count, mode, pages, done), count);
  }
  return pages;
}

function release({ k }: Box, pages: Float64Array, mode: GupMode): void {
  if (mode === "pin") unpinPages(k, pages, 0, pages.length);
  else putPages(k, pages, 0, pages.length);
}

/** References beyond the first one of each head or base page in [first, first + n), by offset; zeros left out. */
function extra({ k, first, geometry }: Box, n: number): [offset: number, refs: number, pins: number][] {
  const found: [number, number, number][] = [];
  for (let at = 0; at < n; at += geometry) {
    const { tail, offset } = pincountPlace(k);
    const pins = geometry > 1 && hasPincount(k, first + at) ? readPage(k, first + at + tail, offset) : 0;
    const refs = pageRefcount(k, first + at) - 1;
    if (refs !== 0 || pins !== 0) found.push([at, refs, pins]);
  }
  return found;
}

/** What the rules say (I20): a reference per page on its head, as many pins, or 1024 references on a pinned base page. */
function wanted(box: Box, at: number, n: number, mode: GupMode): [number, number, number][] {
  const { geometry } = box;
  const found: [number, number, number][] = [];
  for (let head = Math.floor(at / geometry) * geometry; head < at + n; head += geometry) {
    const pages = Math.min(head + geometry, at + n) - Math.max(head, at);
    const pin = mode === "pin";
    found.push(geometry > 1 ? [head, pages, pin ? pages : 0] : [head, pin ? 1024 : 1, 0]);
  }
  return found;
}

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

const stores = (c: CounterValues) => c.refcountStoresDram + c.refcountStoresPmem;
const pinStores = (c: CounterValues) => c.pincountStoresDram + c.pincountStoresPmem;

/** Configurations that differ in how pages are mapped and how their struct pages are shared. */
const KINDS: readonly (readonly [name: string, kernel: string, align: number])[] = [
  ["base pages", "v7", 256],
  ["16-frame compounds", "v7", 4096],
  ["256-frame compounds", "v7", 65536],
  ["256-frame compounds, tables shared", "v4", 65536],
  ["16-frame compounds, head page shared", "v7+head", 4096],
  ["256-frame compounds, head page shared", "v7+head", 65536],
  ["base pages behind PMD entries", "5.14", 4096],
  ["base pages behind PUD entries", "5.14", 65536],
  ["6.1's pin count", "6.1", 4096],
];

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
              assertEquals(Array.from(pages), Array.from(pages, (_, i) => first + at + i), `batch ${batch}`);
              assertEquals(extra(box, 600), wanted(box, at, n, mode));
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

Deno.test("gupFast() looks a pgmap up once per entry, or not at all", () => {
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

Deno.test("gupFast() faults in what is not mapped, and stops where nothing can be", () => {
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
        // The old way marks a page before it grabs it, and leaves the one mark it could not follow up.
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

/** Runs `change` once, in the moment between gup's two looks at the entry: when it searches for the pgmap. */
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

Deno.test("gupFast() undoes everything when the entry changes under it", () => {
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

Deno.test("gupFast() gives back the base page whose entry goes while it is held", () => {
  withBox("", kernelLike("v7"), 256, (box) => {
    const { k, mm, area } = box;
    whileHolding(k, () => munmap(k, area));
    assertEquals(gupFast(k, mm, area.start, 16, "get", new Float64Array(16), 0), 0);
    assertEquals([k.gupRefs, extra(box, 600)], [0, []]);
  });
});

Deno.test("gupFast() stops at a base page whose entry changes under it, and tries again", () => {
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
      // Put what is really held, so that the machine ends whole.
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

Deno.test("gupFast() holds nothing of a dying pgmap, but for the variant that does not ask", () => {
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

Deno.test("putPages() and unpinPages() return the part of an array they are told to, and no page beside it", () => {
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

Deno.test("unpinPages() returns pages of one compound together in whatever order they follow one another", () => {
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

// SPDX-License-Identifier: GPL-2.0-only
// What the memmap of a namespace looks like in tables and frames, for every preset, page size and place of the memmap.
//
// Toy: 256-byte pages of 4 struct pages, tables of 16 entries. A namespace of 256 KiB is 1024 frames in 16 sections;
// its memmap is 256 pages, 16 to a section. Compounds are 16 frames (4 KiB) or 256 frames (64 KiB, four sections).
//
//   4 KiB compound    memmap pages 0 1 2 3                              64 KiB compound   0 1 2 ... 63
//     base / leaf     a b c d                                             pte             a b b ... b      4 tables
//     pte             a b b b      b has refcount 3                       pte+table       a b b ... b      2 tables, the
//     pte+head        a a a a      a has refcount 4                                       second one used 3 times

import { assert, assertEquals } from "@std/assert";
import { boot } from "../../boot.ts";
import { createNamespace, destroyNamespace } from "../../drivers/nvdimm/namespace.ts";
import { ndRegions } from "../../drivers/nvdimm/region.ts";
import { ENOMEM } from "../../include/errno.ts";
import {
  USE_ALTMAP_VMEMMAP,
  USE_PMD_TABLE,
  USE_PTE_TABLE,
  USE_PUD_TABLE,
  USE_VMEMMAP,
} from "../../include/frame_use.ts";
import { PRESETS } from "../../include/kernel_config.ts";
import { kernelLike, machine, mustCreate, mustDestroy, withKernel } from "../../testing.ts";
import { checkInvariants } from "../../debug_vm/debug_vm.ts";
import type { Kernel } from "../kernel.ts";
import { pageRefcount, vmemmapPage } from "../page.ts";
import { totalFreePages } from "../page_alloc.ts";
import { entryFrame, entryHuge, vmemmapVpn, walkTo } from "../pgtable.ts";
import { countersSince, readCounters } from "../vmstat.ts";

/** Frames by use that a case took: memmap in DRAM, PTE tables, PMD tables, PUD tables, memmap in pmem. */
type Took = readonly [vmemmap: number, pte: number, pmd: number, pud: number, altmap: number];

const USES = [USE_VMEMMAP, USE_PTE_TABLE, USE_PMD_TABLE, USE_PUD_TABLE, USE_ALTMAP_VMEMMAP];

/** kernel, page size, map: what a 256 KiB toy namespace takes. Its memmap lies in a PMD table of its own. */
const TOY_CASES: readonly (readonly [string, number, "mem" | "dev", Took])[] = [
  ...["5.14", "v4", "v7", "v7+head", "6.1"].flatMap((kernel) => [
    [kernel, 256, "mem", [256, 0, 1, 0, 0]] as const,
    [kernel, 256, "dev", [0, 0, 1, 0, 256]] as const,
    [kernel, 4096, "dev", [0, 0, 1, 0, 256]] as const,
    [kernel, 65536, "dev", [0, 0, 1, 0, 256]] as const,
  ]),
  ["5.14", 4096, "mem", [256, 0, 1, 0, 0]],
  ["5.14", 65536, "mem", [256, 0, 1, 0, 0]],
  ["v4", 4096, "mem", [128, 16, 1, 0, 0]],
  ["v4", 65536, "mem", [8, 8, 1, 0, 0]],
  ["v7", 4096, "mem", [128, 16, 1, 0, 0]],
  ["v7", 65536, "mem", [8, 16, 1, 0, 0]],
  ["v7+head", 4096, "mem", [64, 16, 1, 0, 0]],
  ["v7+head", 65536, "mem", [4, 16, 1, 0, 0]],
  ["6.1", 4096, "mem", [128, 16, 1, 0, 0]],
  ["6.1", 65536, "mem", [8, 16, 1, 0, 0]],
];

function took(k: Kernel, run: () => void): Took {
  const before = USES.map((use) => k.uses[use]);
  const free = totalFreePages(k);
  run();
  const result = USES.map((use, i) => k.uses[use] - before[i]);
  assertEquals(free - totalFreePages(k), result[0] + result[1] + result[2] + result[3], "frames that left DRAM");
  return result as unknown as Took;
}

for (const [kernel, align, map, expected] of TOY_CASES) {
  Deno.test(`populateSectionMemmap() takes the right frames: toy, ${kernel}, align ${align}, map=${map}`, () => {
    withKernel(`kernel=${kernel}`, (k) => {
      let ns;
      assertEquals(took(k, () => ns = mustCreate(k, { align, map })), expected);
      mustDestroy(k, ns!);
    });
  });
}

/** Memmap pages of a compound as letters by frame, in order of first appearance; capitals are leaves. */
function picture(k: Kernel, head: number, pages: number): string {
  const first = vmemmapPage(k, head);
  const count = pages * k.structPageSize / k.pageBytes;
  const seen = new Map<number, string>();
  let drawn = "";
  for (let p = first; p < first + count; p++) {
    const pmd = walkTo(k, k.rootPfn, vmemmapVpn(k, p), 1);
    const huge = entryHuge(k, pmd);
    const pfn = huge ? entryFrame(k, pmd) : entryFrame(k, walkTo(k, k.rootPfn, vmemmapVpn(k, p), 0));
    if (!seen.has(pfn)) seen.set(pfn, String.fromCharCode((huge ? 65 : 97) + seen.size));
    drawn += seen.get(pfn);
  }
  return drawn;
}

/** Reference counts of the first compound's frames, in order of first appearance. */
function refcounts(k: Kernel, head: number, pages: number): number[] {
  const first = vmemmapPage(k, head);
  const frames = new Set<number>();
  for (let p = first; p < first + pages * k.structPageSize / k.pageBytes; p++) {
    frames.add(entryFrame(k, walkTo(k, k.rootPfn, vmemmapVpn(k, p), 0)));
  }
  return [...frames].map((pfn) => pageRefcount(k, pfn));
}

Deno.test("populateSectionMemmap() shares tails as the pictures show, in every compound", () => {
  const pictures: Record<string, [string, string, number[]]> = {
    "5.14": ["AAAA", "A".repeat(16) + "B".repeat(16) + "C".repeat(16) + "D".repeat(16), []],
    "v4": ["abbb", "a" + "b".repeat(63), [1, 15 + 16]],
    "v7": ["abbb", "a" + "b".repeat(63), [1, 63]],
    "v7+head": ["aaaa", "a".repeat(64), [64]],
    "6.1": ["abbb", "a" + "b".repeat(63), [1, 63]],
  };
  for (const [kernel, [small, large, counts]] of Object.entries(pictures)) {
    withKernel(`kernel=${kernel}`, (k) => {
      let ns = mustCreate(k, { align: 4096 });
      const { start } = ns.pgmap.ranges[0];
      for (let head = start; head < start + 1024; head += 16) assertEquals(picture(k, head, 16), small, kernel);
      mustDestroy(k, ns);
      ns = mustCreate(k, { align: 65536 });
      for (let head = start; head < start + 1024; head += 256) {
        assertEquals(picture(k, head, 256), large, kernel);
        if (counts.length > 0) assertEquals(refcounts(k, head, 256), counts);
      }
      mustDestroy(k, ns);
    });
  }
});

/** PTE tables that the PMD entries of a compound point to, as letters, and the reference count of each. */
function tables(k: Kernel, head: number, pages: number): [string, number[]] {
  const perTable = 2 ** k.arch.format.tableShift;
  const seen = new Map<number, number>();
  let drawn = "";
  for (let p = 0; p < pages * k.structPageSize / k.pageBytes; p += perTable) {
    const at = walkTo(k, k.rootPfn, vmemmapVpn(k, vmemmapPage(k, head) + p), 1);
    const table = entryFrame(k, at);
    if (!seen.has(table)) seen.set(table, seen.size);
    drawn += String.fromCharCode(97 + seen.get(table)!);
  }
  return [drawn, [...seen.keys()].map((table) => pageRefcount(k, table))];
}

Deno.test("patch 14 shares the PTE table of the second section with all later ones", () => {
  withKernel("kernel=v4", (k) => {
    const ns = mustCreate(k, { align: 65536 });
    for (const head of [0, 256, 512, 768]) {
      assertEquals(tables(k, ns.pgmap.ranges[0].start + head, 256), ["abbb", [1, 3]]);
    }
    mustDestroy(k, ns);
  });
});

/** kernel, page size, map: what 4 GiB take on x86-64, and counts of the first compound: head and tail frame, tables. */
const X86_CASES: readonly (readonly [string, number, "mem" | "dev", Took, number[], number[]])[] = [
  ["5.14", 2 ** 21, "mem", [65536 / 4, 0, 0, 0, 0], [], []],
  ["6.1", 2 ** 12, "mem", [65536 / 4, 0, 0, 0, 0], [], []],
  ["6.1", 2 ** 21, "dev", [0, 0, 0, 0, 65536 / 4], [], []],
  ["6.1", 2 ** 21, "mem", [2 * 2048, 32, 0, 0, 0], [1, 7], [1]],
  ["6.1", 2 ** 30, "mem", [2 * 4, 32, 0, 0, 0], [1, 4095], [1, 1, 1, 1, 1, 1, 1, 1]],
  ["v7+head", 2 ** 30, "mem", [4, 32, 0, 0, 0], [4096], [1, 1, 1, 1, 1, 1, 1, 1]],
  ["v4", 2 ** 21, "mem", [2 * 2048, 32, 0, 0, 0], [1, 7], [1]],
  ["v4", 2 ** 30, "mem", [2 * 4, 2 * 4, 0, 0, 0], [1, 511 + 512], [1, 7]],
];

for (const [kernel, align, map, expected, frames, pteTables] of X86_CASES) {
  Deno.test(`populateSectionMemmap() on x86-64: ${kernel}, align ${align}, map=${map}`, () => {
    withKernel(`arch=x86-64 dram=1G pmem=4G kernel=${kernel} nocontents`, (k) => {
      let ns;
      assertEquals(took(k, () => ns = mustCreate(k, { align, map })), expected);
      const { start } = ns!.pgmap.ranges[0];
      if (frames.length > 0) {
        assertEquals(refcounts(k, start, align / 4096), frames);
        assertEquals(tables(k, start, align / 4096)[1], pteTables);
      }
      mustDestroy(k, ns!);
    });
  });
}

Deno.test("populateSectionMemmap() falls back to base pages if no block for a leaf is free", () => {
  for (const arch of ["arch=toy dram=1M pmem=256K", "arch=x86-64 dram=1G pmem=1G"]) {
    for (const kernel of ["5.14", "6.1"]) {
      withKernel(`${arch} kernel=${kernel} fragment=1 seed=2`, (k) => {
        const entries = 2 ** k.arch.format.tableShift;
        const sections = k.machine.topology.pmem[0].end - k.machine.topology.pmem[0].start;
        const memmap = sections * k.structPageSize / k.pageBytes;
        let ns;
        const [vmemmap, pte] = took(k, () => ns = mustCreate(k, { align: k.pageBytes }));
        assertEquals([vmemmap, pte], [memmap, memmap / entries]);
        mustDestroy(k, ns!);
      });
    }
  }
});

Deno.test("populateSectionMemmap() mixes leaves and base pages when some blocks are free", () => {
  withKernel("fragment=0.9 seed=5", (k) => {
    let ns;
    const [vmemmap, pte] = took(k, () => ns = mustCreate(k, { align: 256 }));
    assertEquals(vmemmap, 256);
    assertEquals(pte > 0 && pte < 16, true, `${pte} tables`);
    mustDestroy(k, ns!);
  });
});

Deno.test("populateSectionMemmap() never takes an altmap's memmap from DRAM, fragmented or not", () => {
  withKernel("fragment=1", (k) => {
    let ns;
    assertEquals(took(k, () => ns = mustCreate(k, { map: "dev" })), [0, 0, 1, 0, 256]);
    mustDestroy(k, ns!);
  });
});

Deno.test("every dedup switch alone gives its own picture", () => {
  const shapes = { none: "AAAA", pte: "abbb", "pte+table": "abbb", "pte+head": "aaaa" } as const;
  for (const [dedup, shape] of Object.entries(shapes) as [keyof typeof shapes, string][]) {
    withKernel({ ...machine(""), kernel: kernelLike("6.1", { dedup }) }, (k) => {
      const ns = mustCreate(k);
      assertEquals(picture(k, ns.pgmap.ranges[0].start, 16), shape);
      mustDestroy(k, ns);
    });
  }
});

Deno.test("memmap that is removed and added again gets the same frames and the same host memory", () => {
  for (const kernel of Object.keys(PRESETS)) {
    for (const map of ["mem", "dev"] as const) {
      withKernel(`kernel=${kernel}`, (k) => {
        const slots: number[] = [];
        for (let round = 0; round < 3; round++) {
          const ns = mustCreate(k, { align: 65536, map });
          mustDestroy(k, ns);
          slots.push(k.phys.slotsUsed);
        }
        assertEquals(slots[1], slots[0]);
        assertEquals(slots[2], slots[0]);
      });
    }
  }
});

Deno.test("two devices of one section share its PTE table, and removing one keeps the other's memmap", () => {
  // Subsections of one toy section, 16 frames each:   | ns 0 | ns 1 | - | - |
  withKernel("kernel=v7", (k) => {
    const region = k.machine.topology.pmem[0];
    const [nd] = ndRegions(k);
    const first = mustCreate(k, { size: 8192, align: 4096 }, nd);
    const second = mustCreate(k, { size: 8192, align: 4096 }, nd);
    assertEquals(second.pgmap.ranges[0].start, region.start + 32);
    assertEquals(picture(k, region.start, 32), "abbbcddd");
    assertEquals(k.uses[USE_PTE_TABLE], 1);
    mustDestroy(k, first);
    assertEquals(picture(k, region.start + 32, 32), "abbbcddd");
    mustDestroy(k, second);
    assertEquals(k.uses[USE_PTE_TABLE], 0);
  });
});

Deno.test("memmap pages that subsections share stay until the last of them is removed", () => {
  // 64K pages: a page of memmap describes 64 MiB, four of these namespaces. 56 bytes: it ends in the midst of one.
  for (const struct of [56, 64]) {
    withKernel(`arch=arm64-64k dram=1G pmem=1G kernel=6.1 struct=${struct}`, (k) => {
      const region = ndRegions(k)[0];
      const create = () => mustCreate(k, { size: 7 * 2 ** 24, align: 65536 }, region);
      const three = [create(), create(), create()];
      const frames = k.uses[USE_VMEMMAP];
      assertEquals(frames, Math.ceil(3 * 7 * 256 * struct / 65536));
      for (const i of [1, 0, 2]) {
        mustDestroy(k, three[i]);
        checkInvariants(k);
      }
      assertEquals(k.uses[USE_VMEMMAP], 0);
    });
  }
});

Deno.test("a memmap page that subsections share stays when a second one cannot be added", () => {
  withKernel("arch=arm64-64k dram=1G pmem=1G kernel=6.1", (k) => {
    const region = ndRegions(k)[0];
    const ns = mustCreate(k, { size: 2 ** 24, align: 65536 }, region);
    k.fault.arm(1);
    const second = createNamespace(k, region, { size: 2 ** 28, align: 65536, map: "mem" });
    k.fault.disarm();
    assertEquals(second, -ENOMEM);
    checkInvariants(k);
    mustDestroy(k, ns);
  });
});

Deno.test("references taken on shared memmap frames and tables are all given back, and no others are counted", () => {
  for (const kernel of Object.keys(PRESETS)) {
    for (const align of [256, 4096, 65536]) {
      withKernel(`kernel=${kernel}`, (k) => {
        const before = readCounters(k.stat);
        mustDestroy(k, mustCreate(k, { align }));
        const { vmemmapFrameGets, vmemmapFramePuts } = countersSince(before, readCounters(k.stat));
        assertEquals(vmemmapFramePuts, vmemmapFrameGets, `${kernel}, align ${align}`);
        assertEquals(vmemmapFrameGets > 0, PRESETS[kernel].dedup !== "none" && align > 256);
      });
    }
  }
});

Deno.test("dedup=pte+zone: a frame for each head, one of tails for all; only where tails lead to heads by arithmetic", () => {
  const taken = (kernel: string, align: number) => {
    const k = boot({ kernel, dram: [2 ** 30], pmem: [{ bytes: 3 * 2 ** 30 }] });
    const free = totalFreePages(k);
    const ns = createNamespace(k, ndRegions(k)[0], { size: 2 ** 31, align, map: "mem" });
    assert(typeof ns !== "number");
    const frames = free - totalFreePages(k);
    checkInvariants(k);
    assertEquals(destroyNamespace(k, ns), 0);
    checkInvariants(k);
    return [frames, free - totalFreePages(k)];
  };
  // Heads, 16 PTE tables, the page of tails, which stays.
  assertEquals(taken("7.3,dedup=pte+zone", 2 ** 21), [1024 + 16 + 1, 1]);
  assertEquals(taken("7.3,dedup=pte+zone", 2 ** 30), [2 + 16 + 1, 1]);
  assertEquals(taken("6.12,dedup=pte+zone", 2 ** 21), taken("6.12,dedup=none", 2 ** 21));
});

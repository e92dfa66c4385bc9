// SPDX-License-Identifier: GPL-2.0-only
// Base-page memmap from an altmap (arm64), which x86-64 takes from DRAM: against a model of the altmap as a row of
// frames, with every altmap that is too small, every table that fails, and neighbours that share a page of memmap.
//
//   1 GiB + 16 MiB with map=dev     x86-64                    arm64 4K                     16K        64K
//     whole sections                8 leaves in pmem          8 leaves in pmem             pages      pages
//     the last 16 MiB               64 pages in DRAM, table   no room left in the reserve  in pmem    in pmem

import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import type { Arch } from "../../arch/arch.ts";
import { ARM64_16K } from "../../arch/arm64/arm64.ts";
import { TOY, TOY_ARM64, TOY_ARM64_PAGES } from "../../arch/toy/toy.ts";
import type { BootOptions } from "../../boot.ts";
import { createNamespace, destroyNamespace, type NdNamespace } from "../../drivers/nvdimm/namespace.ts";
import { ndRegions } from "../../drivers/nvdimm/region.ts";
import { EBUSY, ENOMEM } from "../../include/errno.ts";
import { USE_ALTMAP_VMEMMAP, USE_PTE_TABLE, USE_VMEMMAP } from "../../include/frame_use.ts";
import { PRESETS } from "../../include/kernel_config.ts";
import type { VmemAltmap } from "../../include/memremap.ts";
import { machine, mustCreate, mustDestroy, stockDifference, takeStock, unwinding, withKernel } from "../../testing.ts";
import { checkInvariants } from "../../debug_vm/debug_vm.ts";
import type { Kernel } from "../kernel.ts";
import { memremapPages, memunmapPages, newPgmap, pagesInUse } from "../memremap.ts";
import { totalFreePages } from "../page_alloc.ts";
import { mappedFrame, vmemmapPopulateBasepages } from "./basepages.ts";
import { vmemmapFree } from "./populate.ts";

const MIB = 2 ** 20;

const toy = (arch: Arch, kernel = "6.1"): BootOptions => ({ ...machine(`kernel=${unwinding(kernel)}`), arch });

/** Frames of the altmap that memmap of toy frames [start, end) takes, or -1 if it is too small. */
function modelFrames(arch: Arch, start: number, end: number, first: number, free: number): number {
  let [next, taken] = [first, 0];
  for (let at = start; at < end;) {
    const stop = Math.min(end, at - at % 64 + 64);
    // 4 struct pages to a page, 64 frames and 16 pages of memmap to a section.
    const leaf = stop - at === 64 && arch.hugeVmemmap;
    const aligned = Math.ceil(next / 16) * 16;
    const pages = (stop - at) / 4;
    next = leaf && aligned + 16 <= first + free ? aligned + 16 : next + pages;
    if (next > first + free) return -1;
    taken += pages;
    at = stop;
  }
  return taken;
}

const altmapOf = (basePfn: number, reserve: number, free: number, endPfn: number): VmemAltmap => ({
  basePfn,
  endPfn,
  reserve,
  free,
  align: 0,
  alloc: 0,
});

Deno.test("memmap takes from an altmap what a model predicts, and an altmap that is too small leaves nothing behind", () => {
  const parts = fc.record({
    from: fc.nat(10),
    subsections: fc.integer({ min: 4, max: 40 }),
    reserve: fc.nat(9),
    free: fc.nat(160),
    pages: fc.boolean(),
  });
  let [worked, failed] = [0, 0];
  fc.assert(
    fc.property(parts, ({ from, subsections, reserve, free, pages }) => {
      const arch = pages ? TOY_ARM64_PAGES : TOY_ARM64;
      const start = from * 16;
      const length = subsections * 16;
      const room = Math.min(free, length - reserve - 1);
      withKernel(toy(arch), (k) => {
        const base = k.machine.topology.pmemStart + start;
        const before = takeStock(k);
        const altmap = altmapOf(base, reserve, room, base + length);
        const pgmap = newPgmap(k, "generic", [{ start: base, end: base + length }], altmap, 0, 1);
        const model = modelFrames(arch, base, base + length, base + reserve, room);
        assertEquals(memremapPages(k, pgmap), model < 0 ? -ENOMEM : 0);
        checkInvariants(k);
        assertEquals([altmap.alloc, k.uses[USE_ALTMAP_VMEMMAP]], model < 0 ? [0, 0] : [model, model]);
        assertEquals(k.uses[USE_VMEMMAP], 0);
        if (model < 0) failed++;
        else {
          worked++;
          memunmapPages(k, pgmap);
        }
        assertEquals([altmap.alloc, stockDifference(before, takeStock(k))], [0, ""]);
        for (let i = 0; i < reserve + room; i++) assertEquals(k.phys.slot(base + i), -1);
      });
    }),
    { seed: 7, numRuns: 300 },
  );
  assert(worked > 50 && failed > 50, `${worked} worked, ${failed} failed`);
});

Deno.test("on x86 the leaves of an altmap that is too small are not replaced by DRAM", () => {
  for (const [arch, errno] of [[TOY, -ENOMEM], [{ ...TOY, hugeVmemmap: false }, 0]] as const) {
    withKernel(toy(arch, "5.14"), (k) => {
      const base = k.machine.topology.pmemStart;
      // A section's leaf takes 16 frames.
      const altmap = altmapOf(base, 0, 15, base + 64);
      const pgmap = newPgmap(k, "generic", [{ start: base, end: base + 64 }], altmap, 0, 1);
      assertEquals(memremapPages(k, pgmap), errno);
      assertEquals([altmap.alloc, k.uses[USE_VMEMMAP]], [0, errno === 0 ? 16 : 0]);
      if (errno === 0) memunmapPages(k, pgmap);
    });
  }
});

Deno.test("vmemmapPopulateBasepages() takes single frames in a row, and stops where the altmap ends", () => {
  withKernel(toy(TOY_ARM64_PAGES), (k) => {
    const free = totalFreePages(k);
    const base = k.machine.topology.pmemStart;
    const start = base / 4;
    for (const [room, errno] of [[20, 0], [19, -ENOMEM]] as const) {
      const altmap = altmapOf(base, 2, room, base + 64);
      assertEquals(vmemmapPopulateBasepages(k, start, start + 20, 0, altmap), errno);
      const frames = Array.from({ length: 20 }, (_, i) => mappedFrame(k, start + i));
      assertEquals(frames, Array.from({ length: 20 }, (_, i) => i < room ? base + 2 + i : -1));
      assertEquals([altmap.alloc, altmap.align], [room, 0]);
      vmemmapFree(k, start, start + 20, altmap);
      assertEquals([altmap.alloc, totalFreePages(k)], [0, free]);
    }
  });
});

for (const arch of [TOY_ARM64, TOY_ARM64_PAGES]) {
  Deno.test(`a namespace that holds its own memmap survives the failure of any allocation: ${arch.name}`, () => {
    for (const kernel of Object.keys(PRESETS)) {
      for (const units of [0, 3, 16]) {
        withKernel(toy(arch, kernel), (k) => {
          const region = ndRegions(k)[0];
          const front = units === 0 ? null : mustCreate(k, { size: units * 4096, align: 256 }, region);
          const before = takeStock(k);
          let failed = 0;
          for (let nth = 1, reached = true; reached; nth++) {
            k.fault.arm(nth);
            const ns = createNamespace(k, region, { size: 2 ** 17, align: 256, map: "dev" });
            reached = k.fault.seen >= nth;
            k.fault.disarm();
            checkInvariants(k);
            assertEquals(typeof ns === "number" ? ns : 0, reached ? -ENOMEM : 0);
            if (typeof ns !== "number") mustDestroy(k, ns);
            assertEquals(stockDifference(before, takeStock(k)), "", `allocation ${nth}`);
            failed += reached ? 1 : 0;
          }
          // Only tables come from DRAM: one for a section in base pages, unless the namespace before has it.
          const tables = arch.hugeVmemmap ? (units === 3 ? 1 : 0) : 8;
          assertEquals(failed, tables + (units === 0 ? 1 : 0), `${kernel}, ${units} units in front`);
          if (front !== null) mustDestroy(k, front);
        });
      }
    }
  });
}

/** What a namespace with map=dev takes: frames of memmap from DRAM, PTE tables, frames of memmap from pmem. */
const TAKES: readonly (readonly [string, number, number[] | null])[] = [
  ["x86-64", 1024, [0, 0, 4096]],
  ["x86-64", 1040, [64, 1, 4096]],
  ["x86-64", 64, [256, 1, 0]],
  ["arm64-4k", 1024, [0, 0, 4096]],
  // 510 frames are skipped to align the first leaf, so that the leaves end where the reserve does.
  ["arm64-4k", 1040, null],
  ["arm64-4k", 64, [0, 1, 256]],
  // With larger pages a table spans more than this machine, and boot made it.
  ["arm64-16k", 1024, [0, 0, 256]],
  ["arm64-16k", 1040, [0, 0, 260]],
  ["arm64-64k", 1024, [0, 0, 16]],
  ["arm64-64k", 1040, [0, 0, 17]],
  // 8 KiB and 64 bytes a page fit into 2 MiB; a page of 64 KiB for the former and 32 for the latter do not.
  ["arm64-64k", 2048 - 64, [0, 0, 31]],
  ["arm64-64k", 2048 - 48, null],
  ["arm64-64k", 2048 - 16, null],
  ["arm64-64k", 2048, [0, 0, 32]],
];

for (const [arch, mib, takes] of TAKES) {
  Deno.test(`where the memmap of ${mib} MiB comes from with map=dev: ${arch}`, () => {
    withKernel(`arch=${arch} dram=1G pmem=2G kernel=${unwinding("6.1")} nocontents`, (k) => {
      const size = mib * MIB;
      const free = totalFreePages(k);
      const tables = k.uses[USE_PTE_TABLE];
      const ns = createNamespace(k, ndRegions(k)[0], { size, align: k.pageBytes, map: "dev" });
      if (takes === null) return assertEquals(ns, -ENOMEM);
      assert(typeof ns !== "number");
      assertEquals([k.uses[USE_VMEMMAP], k.uses[USE_PTE_TABLE] - tables, k.uses[USE_ALTMAP_VMEMMAP]], takes);
      assertEquals(free - totalFreePages(k), takes[0] + takes[1]);
      mustDestroy(k, ns);
    });
  });
}

Deno.test("every kernel takes base pages from an altmap in the same way", () => {
  for (const kernel of Object.keys(PRESETS)) {
    withKernel(`arch=arm64-16k dram=256M pmem=256M kernel=${kernel}`, (k) => {
      const ns = mustCreate(k, { align: k.pageBytes, map: "dev" });
      assertEquals([k.uses[USE_VMEMMAP], k.uses[USE_ALTMAP_VMEMMAP]], [0, 64], kernel);
      mustDestroy(k, ns);
    });
  }
});

Deno.test("struct pages of 56 bytes take less of the altmap, whatever page or leaf they straddle", () => {
  for (const [arch, frames] of [["arm64-16k", 2 * 28], ["arm64-64k", Math.ceil(4096 * 56 / 65536)]] as const) {
    withKernel(`arch=${arch} dram=512M pmem=256M kernel=6.1 struct=56`, (k) => {
      const ns = mustCreate(k, { align: k.pageBytes, map: "dev" });
      assertEquals([k.uses[USE_VMEMMAP], k.uses[USE_ALTMAP_VMEMMAP]], [0, frames]);
      mustDestroy(k, ns);
    });
  }
});

/** Adjacent namespaces of 80 MiB, 1.25 pages of memmap each with pages of 64 KiB. */
function neighbours(k: Kernel, ...maps: readonly ("mem" | "dev")[]): NdNamespace[] {
  const region = ndRegions(k)[0];
  return maps.map((map) => mustCreate(k, { size: 80 * MIB, align: 65536, map }, region));
}

const SHARED = "arch=arm64-64k dram=512M pmem=512M kernel=6.1";

Deno.test("a page of memmap that neighbours share belongs to the first one's altmap, which must stay until the other is removed", () => {
  // | 0 . . . . | 1 . . . . | 2 . . . . |   subsections of 16 MiB, four to a page of memmap
  // | page 0 | page 1 | page 2 | page 3 |   page 1 is the altmap's of 0, page 2 that of 1
  for (const last of ["mem", "dev"] as const) {
    withKernel(SHARED, (k) => {
      const [first, second, third] = neighbours(k, "dev", "dev", last);
      const own = last === "dev" ? 1 : 0;
      assertEquals([k.uses[USE_ALTMAP_VMEMMAP], k.uses[USE_VMEMMAP]], [2 + 1 + own, 1 - own]);
      const before = takeStock(k);
      for (const ns of [first, second]) assertEquals(destroyNamespace(k, ns), -EBUSY);
      assertEquals(stockDifference(before, takeStock(k)), "");
      mustDestroy(k, third);
      assertEquals(destroyNamespace(k, first), -EBUSY);
      checkInvariants(k);
      mustDestroy(k, second);
      mustDestroy(k, first);
    });
  }
});

Deno.test("a page of memmap may also be shared with a later neighbour below", () => {
  withKernel(SHARED, (k) => {
    const start = k.machine.topology.pmemStart;
    const between = start + 80 * MIB / 65536;
    const end = between + 80 * MIB / 65536;
    const altmap = altmapOf(between, 1, 2, end);
    const lender = newPgmap(k, "generic", [{ start: between, end }], altmap, 0, 1);
    assertEquals([memremapPages(k, lender), pagesInUse(k, lender)], [0, false]);
    const borrower = newPgmap(k, "generic", [{ start, end: between }], null, 0, 1);
    assertEquals([memremapPages(k, borrower), pagesInUse(k, lender), pagesInUse(k, borrower)], [0, true, false]);
    memunmapPages(k, borrower);
    assertEquals(pagesInUse(k, lender), false);
    memunmapPages(k, lender);
  });
});

Deno.test("a leaf that neighbours share belongs to the altmap of the first, with struct pages that do not fill sections", () => {
  // 56 bytes: a section has 14 pages of memmap, a leaf 16.   | 0 . . . | 1 . . . |    leaves | 0, part of 1 | 1 |
  withKernel("struct=56", (k) => {
    const region = ndRegions(k)[0];
    const [first, second] = [0, 1].map(() => mustCreate(k, { size: 2 ** 14, align: 256, map: "dev" }, region));
    assertEquals(k.uses[USE_ALTMAP_VMEMMAP], 16 + 16);
    assertEquals(destroyNamespace(k, first), -EBUSY);
    checkInvariants(k);
    mustDestroy(k, second);
    mustDestroy(k, first);
  });
});

Deno.test("a page of memmap that neighbours share and DRAM holds goes back to DRAM with the last, altmap or not", () => {
  for (const order of [[0, 1], [1, 0]]) {
    withKernel(SHARED, (k) => {
      const both = neighbours(k, "mem", "dev");
      assertEquals([k.uses[USE_VMEMMAP], k.uses[USE_ALTMAP_VMEMMAP]], [2, 1]);
      for (const i of order) {
        mustDestroy(k, both[i]);
        checkInvariants(k);
      }
      assertEquals([k.uses[USE_VMEMMAP], k.uses[USE_ALTMAP_VMEMMAP]], [0, 0]);
    });
  }
});

Deno.test("a neighbour that cannot be added leaves the shared page to its altmap", () => {
  withKernel(SHARED, (k) => {
    const [first] = neighbours(k, "dev");
    const { end } = first.pgmap.ranges[0];
    const before = takeStock(k);
    // Memmap for 160 MiB: the rest of the shared page, two more; from DRAM that fails, or from an altmap of one frame.
    for (const altmap of [null, altmapOf(end, 1, 1, end + 2560)]) {
      if (altmap === null) k.fault.arm(2);
      const pgmap = newPgmap(k, "generic", [{ start: end, end: end + 2560 }], altmap, 0, 1);
      assertEquals(memremapPages(k, pgmap), -ENOMEM);
      k.fault.disarm();
      checkInvariants(k);
      assertEquals(stockDifference(before, takeStock(k)), "");
    }
    mustDestroy(k, first);
  });
});

Deno.test("memmap in pmem holds the struct pages: a device written through it reads back, and is counted there", () => {
  withKernel({ ...machine("dram=256M pmem=256M kernel=6.1"), arch: ARM64_16K }, (k) => {
    const ns = mustCreate(k, { align: k.pageBytes, map: "dev" });
    const { altmap, ranges } = ns.pgmap;
    for (let pfn = ranges[0].start; pfn < ranges[0].end; pfn += 256) {
      const frame = mappedFrame(k, Math.floor(pfn / 256));
      assert(frame >= altmap!.basePfn + altmap!.reserve && frame < ns.dev!.ranges[0].start);
      assert(k.cpu.mmu.inPmem(Math.floor(pfn / 256)));
    }
    mustDestroy(k, ns);
  });
});

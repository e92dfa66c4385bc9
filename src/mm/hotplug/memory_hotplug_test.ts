// SPDX-License-Identifier: GPL-2.0-only
// Adding and removing memmap section by section: partial sections, sections shared with System RAM, and unwinding.
//
//   early section:   | DRAM, boot memmap | device        | next section ...
//                    ^ all of it has boot memmap, so only subsection bits change there

import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { EEXIST, EINVAL, ENOMEM } from "../../include/errno.ts";
import { USE_BOOT_VMEMMAP, USE_PINNED, USE_PTE_TABLE, USE_VMEMMAP } from "../../include/frame_use.ts";
import { PRESETS } from "../../include/kernel_config.ts";
import { SECTION_HAS_MEM_MAP, SECTION_MARKED_PRESENT } from "../../include/mmzone.ts";
import { KernelPanic } from "../../lib/bug.ts";
import { kernelLike, machine, mustCreate, mustDestroy, stockDifference, takeStock, withKernel } from "../../testing.ts";
import { checkInvariants } from "../../debug_vm/debug_vm.ts";
import { memremapPages, memunmapPages, newPgmap } from "../memremap.ts";
import { addPages, pfnToOnlinePage, removePages } from "./memory_hotplug.ts";
import { isPageHead, pageFlags, pageRefcount } from "../page.ts";
import { freePages, takePages, totalFreePages } from "../page_alloc.ts";
import { C } from "../vmstat.ts";

const PMEM = 4096;
const PLAIN = { altmap: null, pgmap: null };

Deno.test("addPages() and removePages() bring any run of subsections up and down", () => {
  // x: subsections of 16 frames added one by one, in this order, in a section of four
  withKernel("", (k) => {
    const order = [2, 0, 3, 1, 4, 7];
    for (const s of order) assertEquals(addPages(k, 0, PMEM + 16 * s, 16, PLAIN), 0);
    checkInvariants(k);
    assertEquals([k.uses[USE_VMEMMAP], k.uses[USE_PTE_TABLE]], [6 * 4, 2]);
    assertEquals(k.sections.state[PMEM / 64], 1 << 4 | SECTION_MARKED_PRESENT | SECTION_HAS_MEM_MAP);
    for (const s of order) {
      removePages(k, PMEM + 16 * s, 16, null);
      checkInvariants(k);
    }
    assertEquals([k.sections.state[PMEM / 64], k.sections.state[PMEM / 64 + 1]], [0, 0]);
  });
});

/** Machines by the memmap pages of one subsection. */
const PER_SUBSECTION: readonly (readonly [string, string])[] = [
  ["3.5", "struct=56"],
  ["4", ""],
  ["4.5", "struct=72"],
  ["1/32", "arch=arm64-64k dram=512M pmem=1G"],
  ["7/16", "arch=arm64-16k dram=128M pmem=256M struct=56"],
];

for (const [memmap, words] of PER_SUBSECTION) {
  Deno.test(`memmap pages stay while any subsection has struct pages in them: ${memmap} to a subsection`, () => {
    const steps = fc.array(fc.tuple(fc.nat(11), fc.nat(2)), { maxLength: 16 });
    fc.assert(
      fc.property(steps, (steps) => {
        withKernel(`${words} kernel=5.14`, (k) => {
          const n = k.pagesPerSubsection;
          const first = k.machine.topology.pmem[0].start;
          const there = new Set<number>();
          for (const [s, fail] of steps) {
            if (there.delete(s)) removePages(k, first + s * n, n, null);
            else {
              k.fault.arm(fail, true);
              if (addPages(k, 0, first + s * n, n, PLAIN) === 0) there.add(s);
              k.fault.disarm();
            }
            checkInvariants(k);
          }
          for (const s of there) removePages(k, first + s * n, n, null);
        });
      }),
      { numRuns: 12 },
    );
  });
}

Deno.test("addPages() refuses existing or misaligned ranges, and changes nothing", () => {
  withKernel("", (k) => {
    assertEquals(addPages(k, 0, PMEM + 32, 32, PLAIN), 0);
    const before = takeStock(k);
    assertEquals(addPages(k, 0, PMEM + 48, 16, PLAIN), -EEXIST);
    assertEquals(addPages(k, 0, PMEM, 64, PLAIN), -EEXIST);
    assertEquals(addPages(k, 0, PMEM - 64, 192, PLAIN), -EEXIST, "the section before is System RAM");
    assertEquals(addPages(k, 0, PMEM + 4, 16, PLAIN), -EINVAL);
    assertEquals(addPages(k, 0, PMEM, 20, PLAIN), -EINVAL);
    assertEquals(stockDifference(before, takeStock(k)), "");
    removePages(k, PMEM + 32, 32, null);
  });
});

Deno.test("addPages() removes the earlier sections when a later one is taken", () => {
  withKernel("kernel=v7", (k) => {
    assertEquals(addPages(k, 0, PMEM + 192, 16, PLAIN), 0);
    const before = takeStock(k);
    assertEquals(addPages(k, 0, PMEM, 256, PLAIN), -EEXIST);
    assertEquals(stockDifference(before, takeStock(k)), "");
    removePages(k, PMEM + 192, 16, null);
  });
});

Deno.test("removePages() panics on memory that was not added", () => {
  withKernel("", (k) => {
    assertThrows(() => removePages(k, PMEM, 64, null), KernelPanic, "not populated");
    assertEquals(addPages(k, 0, PMEM, 16, PLAIN), 0);
    assertThrows(() => removePages(k, PMEM, 32, null), KernelPanic, "not populated");
    removePages(k, PMEM, 16, null);
  });
});

Deno.test("errata addPagesNoUnwind leaves sections behind that can never be added again", () => {
  const run = (addPagesNoUnwind: boolean) => {
    // The third section gets neither its only leaf nor base pages.
    const options = { ...machine("kernel=5.14"), kernel: kernelLike("5.14", {}, { addPagesNoUnwind }) };
    const k = withKernel(options, (k) => k);
    const free = totalFreePages(k);
    const pgmap = () => newPgmap(k, "generic", [{ start: PMEM, end: PMEM + 256 }], null, 0, 1);
    k.fault.arm(4, true);
    assertEquals(memremapPages(k, pgmap()), -ENOMEM);
    k.fault.disarm();
    const leaked = free - totalFreePages(k);
    const again = pgmap();
    const err = memremapPages(k, again);
    if (err === 0) memunmapPages(k, again);
    return [leaked, err, totalFreePages(k) - free];
  };
  assertEquals(run(false), [0, 0, 0]);
  // The PMD table and two leaves of 16 frames stay, and their sections stay taken.
  assertEquals(run(true), [1 + 32, -EEXIST, -33]);
});

Deno.test("addPages() yields once per section", () => {
  withKernel("", (k) => {
    assertEquals(addPages(k, 0, PMEM + 48, 16 + 128 + 16, PLAIN), 0);
    assertEquals(k.stat[C.condResched], 4);
    removePages(k, PMEM + 48, 160, null);
  });
});

/** DRAM ends 32 frames into a section of 64; the region begins right there. */
const SHARED_SECTION = "dram=1032K pmem=248K@1032K";
const SHARED = 1032 * 4;

Deno.test("a device in a section shared with System RAM uses the boot memmap there", () => {
  for (const kernel of Object.keys(PRESETS)) {
    withKernel(`${SHARED_SECTION} kernel=${kernel}`, (k) => {
      const boot = k.uses[USE_BOOT_VMEMMAP];
      assertEquals(k.machine.topology.pmem[0].start, SHARED);
      const ns = mustCreate(k, { align: 4096 });
      checkInvariants(k);
      // 960 frames beyond the shared section: whole memmap pages, or two (one) of four per compound.
      const memmap = { "5.14": 240, "5.18": 240, "v7+head": 60 }[kernel] ?? 120;
      assertEquals([k.uses[USE_VMEMMAP], k.uses[USE_BOOT_VMEMMAP]], [memmap, boot]);
      mustDestroy(k, ns);
      assertEquals(k.sections.early(SHARED), true);
    });
  }
});

Deno.test("struct pages of a shared section are all written, compound or not (B5)", () => {
  withKernel(`${SHARED_SECTION} kernel=v7`, (k) => {
    const ns = mustCreate(k, { align: 4096 });
    // Two compounds in the boot memmap are written in full, 60 share their tails.
    assertEquals(k.stat[C.structPagesWrittenDram], 2 * 16 + 60 * 8);
    assertEquals([SHARED, SHARED + 16, SHARED + 32].map((pfn) => isPageHead(k, pfn)), [true, true, true]);
    mustDestroy(k, ns);
  });
});

Deno.test("a device can be bound again over the boot memmap", () => {
  withKernel(SHARED_SECTION, (k) => {
    for (const align of [4096, 256, 4096]) {
      const ns = mustCreate(k, { align });
      checkInvariants(k);
      mustDestroy(k, ns);
    }
  });
});

Deno.test("pfnToOnlinePage() finds System RAM only, in shared sections too (I31)", () => {
  withKernel(SHARED_SECTION, (k) => {
    assertEquals([SHARED - 1, SHARED, 10].map((pfn) => pfnToOnlinePage(k, pfn)), [SHARED - 1, -1, 10]);
    const ns = mustCreate(k);
    assertEquals([SHARED - 1, SHARED, SHARED + 40].map((pfn) => pfnToOnlinePage(k, pfn)), [SHARED - 1, -1, -1]);
    mustDestroy(k, ns);
  });
});

Deno.test("System RAM's struct pages are untouched by a device beside them", () => {
  withKernel(SHARED_SECTION, (k) => {
    const ram = Array.from({ length: 32 }, (_, i) => SHARED - 32 + i);
    const read = () => ram.map((pfn) => [pageFlags(k, pfn), pageRefcount(k, pfn)]);
    // Allocated, so that the device's own memmap does not come from there.
    const held = ram.filter((pfn) => takePages(k, pfn, 0, USE_PINNED));
    const before = read();
    const ns = mustCreate(k);
    assertEquals(read(), before);
    mustDestroy(k, ns);
    assertEquals(read(), before);
    for (const pfn of held) freePages(k, pfn, 0, USE_PINNED);
  });
});

Deno.test("an x86-64 region that begins inside the last section of DRAM can be added and removed", () => {
  // 1 GiB + 64 MiB of DRAM: the last section of 128 MiB is half RAM, half device.
  for (const kernel of ["5.14", "6.1"]) {
    withKernel(`arch=x86-64 dram=1088M pmem=960M@1088M kernel=${kernel}`, (k) => {
      const ns = mustCreate(k, { align: 2 ** 21 });
      checkInvariants(k);
      assertEquals(k.uses[USE_VMEMMAP], kernel === "5.14" ? 7 * 512 : 7 * 64 * 2);
      mustDestroy(k, ns);
    });
  }
});

// SPDX-License-Identifier: GPL-2.0-only
// The contents of struct pages: what Linux 6.1 wrote, what every alias reads, and that copying gives the same as
// writing field by field.

import { assertEquals, assertThrows } from "@std/assert";
import { TOY_HUGETLB } from "../arch/toy/toy.ts";
import { USE_VMEMMAP } from "../include/frame_use.ts";
import type { DevPagemap } from "../include/memremap.ts";
import { COMPOUND_PAGE_DTOR } from "../include/mm_types.ts";
import { PRESETS } from "../include/kernel_config.ts";
import { MIGRATE_MOVABLE, MIGRATE_NONE } from "../include/mmzone.ts";
import { KernelPanic } from "../lib/bug.ts";
import { kernelLike, machine, mustCreate, mustDestroy, withKernel } from "../testing.ts";
import { checkInvariants } from "../debug_vm/debug_vm.ts";
import type { Kernel } from "./kernel.ts";
import { memremapPages, memunmapPages, newPgmap, pfnFirst } from "./memremap.ts";
import { ndRegions } from "../drivers/nvdimm/region.ts";
import { compoundNrPages, initZoneDevicePage, prepCompoundTail } from "./mm_init.ts";
import { addressToPfn, pageWord, prepCompoundHead, readPage, setPageFlags, writePage } from "./page.ts";
import { C } from "./vmstat.ts";
import { PAGE_LAYOUTS } from "../include/page_layout.ts";

const { order: { offset: TAIL1_DTOR_ORDER } } = PAGE_LAYOUTS["6.1"];

/** All words of a struct page. */
function words(k: Kernel, pfn: number): number[] {
  return Array.from({ length: k.structPageSize / 4 }, (_, i) => readPage(k, pfn, 4 * i));
}

/** All 64-bit words of a struct page in hex, the way a debugger prints them. */
function quads(k: Kernel, pfn: number): string[] {
  const w = words(k, pfn).map((x) => BigInt(x >>> 0));
  return Array.from({ length: w.length / 2 }, (_, i) => "0x" + (w[2 * i] + (w[2 * i + 1] << 32n)).toString(16));
}

/**
 * Struct pages of a 1 GiB namespace, align 2 MiB, map=mem, read in the memory of a Linux 6.1.192 guest (x86-64, 6 GiB
 * of DRAM, region at 0x180000000 on a 4 GiB one): data pages 0, 1, 2, 64 and 128. The pgmap's address is the guest's.
 */
const LINUX_6_1 = [
  [0, "0x200000000011000 PGMAP 0x0 0x0 0x0 0x0 0x1ffffffff 0x0"],
  [1, "0x200000000001000 0xffffea0006008001 0xffffffff00000901 0x20000000000 0x0 0x0 0xffffffff 0x0"],
  [2, "0x200000000001000 0xffffea0006008001 0x0 0xdead000000000400 0x0 0x0 0xffffffff 0x0"],
  [64, "0x200000000001000 0xffffea0006008001 0x0 0xdead000000000400 0x0 0x0 0xffffffff 0x0"],
  [128, "0x200000000001000 0xffffea0006008001 0x0 0xdead000000000400 0x0 0x0 0xffffffff 0x0"],
] as const;

Deno.test("memmapInitZoneDevice() writes the struct pages that Linux 6.1 wrote", () => {
  withKernel("arch=x86-64 dram=4G pmem=1G kernel=6.1", (k) => {
    const ns = mustCreate(k, { align: 2 ** 21 });
    const data0 = ns.pgmap.ranges[0].start + ns.info.dataoff / 4096;
    assertEquals(data0, 1573376);
    const pgmap = quads(k, data0)[1];
    for (const [i, text] of LINUX_6_1) {
      assertEquals(quads(k, data0 + i).join(" "), text.replace("PGMAP", pgmap), `${i}`);
    }
    mustDestroy(k, ns);
  });
  withKernel("arch=x86-64 dram=4G pmem=1G kernel=6.1", (k) => {
    const ns = mustCreate(k, { align: 4096 });
    for (const pfn of [1573376, 1573377]) {
      const pgmap = quads(k, pfn)[1];
      assertEquals(quads(k, pfn).join(" "), `0x200000000001000 ${pgmap} 0x0 0x0 0x0 0x0 0x1ffffffff 0x0`);
    }
    mustDestroy(k, ns);
  });
});

/**
 * Patches 4 and 13 of the v4 series, store by store: the head is prepared when its second tail is there; when its first
 * is in 6.12, when all are in 7.1.
 */
function writeLiterally(k: Kernel, pgmap: DevPagemap, start: number, end: number): void {
  const { geometry } = pgmap;
  for (let head = start; head < end; head += geometry) {
    initZoneDevicePage(k, head, pgmap);
    if (geometry === 1) continue;
    setPageFlags(k, head, k.layout.head);
    const unique = compoundNrPages(k, pgmap, head);
    const last = Math.min(k.layout.headAfterTails, unique - 1);
    for (let i = 1; i < unique; i++) {
      initZoneDevicePage(k, head + i, pgmap);
      prepCompoundTail(k, head + i, head, Math.log2(geometry));
      if (i === last) prepCompoundHead(k, head, Math.log2(geometry), COMPOUND_PAGE_DTOR);
    }
  }
}

for (const kernel of Object.keys(PRESETS)) {
  for (const align of [256, 4096, 65536]) {
    for (const map of ["mem", "dev"] as const) {
      Deno.test(`copied struct pages equal written ones: ${kernel}, align ${align}, map=${map}`, () => {
        withKernel(`kernel=${kernel}`, (k) => {
          const ns = mustCreate(k, { align, map });
          const { end } = ns.pgmap.ranges[0];
          const start = pfnFirst(ns.pgmap, 0);
          const all = () => Array.from({ length: end - start }, (_, i) => words(k, start + i));
          const copied = all();
          writeLiterally(k, ns.pgmap, start, end);
          assertEquals(all(), copied);
          mustDestroy(k, ns);
        });
      });
    }
  }
}

Deno.test("heads that lie in shared tails are overwritten by their own later tails, order and all", () => {
  // Half a section off: the memmap of every compound but the first is one page of four struct pages.
  withKernel("dram=1M pmem=1M kernel=6.1", (k) => {
    const start = k.machine.topology.pmem[0].start + 32;
    const end = start + 3 * 256;
    const pgmap = newPgmap(k, "generic", [{ start, end }], null, 0, 256);
    assertEquals(memremapPages(k, pgmap), 0);
    const all = () => Array.from({ length: end - start }, (_, i) => words(k, start + i).join(" "));
    const written = all();
    writeLiterally(k, pgmap, start, end);
    assertEquals(all(), written);
    const order = (head: number) => readPage(k, head + 1, TAIL1_DTOR_ORDER) >> 8;
    assertEquals([order(start), order(start + 256), order(start + 512)], [8, 0, 0]);
    memunmapPages(k, pgmap);
  });
});

Deno.test("every compound reads like the first, except for the head's address", () => {
  for (const kernel of ["v4", "v7", "v7+head", "6.1"]) {
    withKernel(`kernel=${kernel}`, (k) => {
      const ns = mustCreate(k);
      const { start, end } = ns.pgmap.ranges[0];
      const relative = (head: number) =>
        Array.from({ length: 16 }, (_, i) => {
          const w = words(k, head + i);
          if ((w[2] & 1) !== 0) w.splice(2, 2, addressToPfn(k, w[2] - 1, w[3]) - head, 0);
          return w;
        });
      const first = relative(start);
      for (let head = start + 16; head < end; head += 16) assertEquals(relative(head), first, `${kernel} ${head}`);
      mustDestroy(k, ns);
    });
  }
});

Deno.test("memmapInitZoneDevice() writes only struct pages with storage of their own", () => {
  // Struct pages to a compound of 16 and of 256 frames; a toy memmap page holds 4.
  const written: Record<string, [number, number]> = {
    "5.14": [1024, 1024],
    "v4": [64 * 8, 4 * 8],
    "v7": [64 * 8, 4 * 8],
    "v7+head": [64 * 4, 4 * 4],
    "6.1": [64 * 8, 4 * 8],
  };
  for (const [kernel, [small, large]] of Object.entries(written)) {
    for (const [align, expected] of [[4096, small], [65536, large]]) {
      withKernel(`kernel=${kernel}`, (k) => {
        const ns = mustCreate(k, { align });
        assertEquals(k.stat[C.structPagesWrittenDram], expected, `${kernel} ${align}`);
        assertEquals([k.stat[C.structPagesWrittenPmem], k.stat[C.altmapStructPagesWritten]], [0, 0]);
        mustDestroy(k, ns);
      });
    }
  }
});

Deno.test("memmapInitZoneDevice() writes 128 of 512 struct pages per 2 MiB on x86-64, of 262144 per 1 GiB", () => {
  withKernel("arch=x86-64 dram=1G pmem=2G kernel=6.1", (k) => {
    for (const [align, compounds] of [[2 ** 21, 1024], [2 ** 30, 2]]) {
      const before = k.stat[C.structPagesWrittenDram];
      const ns = mustCreate(k, { align });
      assertEquals(k.stat[C.structPagesWrittenDram] - before, 128 * compounds);
      mustDestroy(k, ns);
    }
  });
});

Deno.test("memmapInitZoneDevice() writes all struct pages without patch 13, through the aliases", () => {
  withKernel({ ...machine(""), kernel: kernelLike("v7", { initUniqueOnly: false }) }, (k) => {
    const ns = mustCreate(k);
    assertEquals(k.stat[C.structPagesWrittenDram], 1024);
    assertEquals(k.uses[USE_VMEMMAP], 128);
    mustDestroy(k, ns);
  });
});

Deno.test("memmapInitZoneDevice() begins after the altmap, whose own frames are plain Reserved pages", () => {
  // 1024 frames: 2 reserve, 270 memmap and padding, 752 data.
  withKernel("", (k) => {
    const ns = mustCreate(k, { map: "dev" });
    assertEquals([k.stat[C.altmapStructPagesWritten], k.stat[C.structPagesWrittenPmem]], [270, 752]);
    assertEquals(k.stat[C.structPagesWrittenDram], 0);
    const { start } = ns.pgmap.ranges[0];
    for (const pfn of [start + 2, start + 271]) {
      assertEquals(quads(k, pfn)[0], "0x200000000001000");
      assertEquals(quads(k, pfn)[6], "0x1ffffffff");
    }
    assertEquals(pfnFirst(ns.pgmap, 0), start + 272);
    mustDestroy(k, ns);
  });
});

Deno.test("errata pageblockInShortLoop types only the pageblock of each head", () => {
  // 64 KiB compounds of 256 frames, pageblocks of 16.
  const options = { ...machine(""), kernel: kernelLike("v7", {}, { pageblockInShortLoop: true }) };
  withKernel(options, (k) => {
    const ns = mustCreate(k, { align: 65536 });
    const { start } = ns.pgmap.ranges[0];
    assertEquals([0, 16, 240, 256].map((i) => k.sections.migratetype(start + i)), [
      MIGRATE_MOVABLE,
      MIGRATE_NONE,
      MIGRATE_NONE,
      MIGRATE_MOVABLE,
    ]);
    assertEquals(k.stat[C.pageblocksTyped], 4, "those of the heads");
    assertThrows(() => checkInvariants(k), KernelPanic, "I23");
    mustDestroy(k, ns);
  });
  withKernel("kernel=v7", (k) => {
    const ns = mustCreate(k, { align: 65536 });
    for (let pfn = ns.pgmap.ranges[0].start; pfn < ns.pgmap.ranges[0].end; pfn += 16) {
      assertEquals(k.sections.migratetype(pfn), MIGRATE_MOVABLE);
    }
    mustDestroy(k, ns);
  });
});

Deno.test("pageblocks are counted where they begin", () => {
  // arm64 with 64K pages: pageblocks of 512 MiB, a namespace of 32 MiB in the middle of one; then one that contains a
  // start.
  withKernel("arch=arm64-64k dram=1G pmem=1G kernel=6.1", (k) => {
    const region = ndRegions(k)[0];
    const typed = (size: number) => {
      const before = k.stat[C.pageblocksTyped];
      const ns = mustCreate(k, { size: size * 2 ** 20, align: 65536 }, region);
      return { ns, blocks: k.stat[C.pageblocksTyped] - before };
    };
    const all = [typed(32), typed(32), typed(512)];
    assertEquals(all.map(({ blocks }) => blocks), [1, 0, 1]);
    for (const { ns } of all.reverse()) mustDestroy(k, ns);
  });
});

Deno.test("a pageblock that begins before the device keeps its type, which the checker accepts (I23)", () => {
  // Pageblocks of 32 and 512 MiB; the region begins 16 MiB into one.
  for (const [arch, block] of [["arm64-16k", 2 ** 11], ["arm64-64k", 2 ** 13]] as const) {
    for (const map of ["mem", "dev"] as const) {
      withKernel(`arch=${arch} dram=1G pmem=1G@8208M kernel=6.1`, (k) => {
        const ns = mustCreate(k, { size: 2 ** 29, align: k.pageBytes, map });
        checkInvariants(k);
        const { start, end } = ns.pgmap.ranges[0];
        const next = Math.ceil(start / block) * block;
        assertEquals([start, next, end - 1].map((pfn) => k.sections.migratetype(pfn)), [
          MIGRATE_NONE,
          MIGRATE_MOVABLE,
          MIGRATE_MOVABLE,
        ]);
        mustDestroy(k, ns);
      });
    }
  }
});

Deno.test("a store to a tail is read through every alias of it, and through nothing else", () => {
  withKernel("kernel=v7", (k) => {
    const ns = mustCreate(k);
    const { start } = ns.pgmap.ranges[0];
    // Page 5 lies in the tail page; pages 9 and 13 are the same bytes.
    writePage(k, start + 5, 40, 1234);
    const readers = Array.from({ length: 32 }, (_, i) => i).filter((i) => readPage(k, start + i, 40) === 1234);
    assertEquals(readers, [5, 9, 13]);
    mustDestroy(k, ns);
  });
});

Deno.test("counting without contents takes the same frames and writes no struct page", () => {
  for (const kernel of Object.keys(PRESETS)) {
    const uses = ["", "nocontents"].map((more) =>
      withKernel(`kernel=${kernel} ${more}`, (k) => {
        const ns = mustCreate(k, { align: 65536 });
        const result = [...k.uses, ns.pgmap.refs];
        if (more !== "") assertEquals(k.stat[C.structPagesWrittenDram], 0);
        mustDestroy(k, ns);
        return result;
      })
    );
    assertEquals(uses[1], uses[0]);
  }
});

// Bytes are handed out as frames are touched: in these machines the first go to the memmap of a compound's head.
Deno.test("memmapInitZoneDevice() writes compounds whose memmap is the first of all memory, and copies them", () => {
  const arch = {
    ...TOY_HUGETLB,
    sectionShift: 15,
    hugeVmemmap: false,
    namespaceUnitBytes: 2 ** 15,
    regionAlignBytes: 2 ** 15,
  };
  for (const [dram, pmem, compound] of [[40, 2, 0], [19, 4, 1]]) {
    withKernel({ arch, kernel: "v4", dram: [dram * 2 ** 15], pmem: [{ bytes: pmem * 2 ** 15 }] }, (k) => {
      const ns = mustCreate(k, { size: pmem * 2 ** 15, align: 2 ** 15 });
      assertEquals(pageWord(k, ns.pgmap.ranges[0].start + compound * 64, 0), 0);
      mustDestroy(k, ns);
    });
  }
});

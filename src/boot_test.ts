// SPDX-License-Identifier: GPL-2.0-only
// The state of a machine after boot, and the options that boot() refuses.

import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { TOY } from "./arch/toy/toy.ts";
import { vmemmapPages } from "./arch/arch.ts";
import { boot, type BootOptions } from "./boot.ts";
import { USE_BOOT_VMEMMAP, USE_PINNED } from "./include/frame_use.ts";
import { PAGE_FLAGS } from "./include/mm_types.ts";
import { ZONE_DMA, ZONE_DMA32, ZONE_NORMAL } from "./include/mmzone.ts";
import { pageFlags, pageNid, readPage } from "./mm/page.ts";
import { allocPages, freePages, totalFreePages } from "./mm/page_alloc.ts";
import { C } from "./mm/vmstat.ts";
import { kernelLike, machine, withKernel } from "./testing.ts";
import { PAGE_LAYOUTS } from "./include/page_layout.ts";

const { reserved: PG_RESERVED } = PAGE_LAYOUTS["6.1"];

Deno.test("boot() keeps 1/64 of DRAM for its memmap, and tables, and frees the rest", () => {
  // Toy: 4 struct pages of 64 bytes to a 256-byte page, so 1/4; 1 MiB = 4096 frames, 64 sections.
  withKernel("dram=1M pmem=64K", (k) => {
    assertEquals(k.uses[USE_BOOT_VMEMMAP], 1024);
    assertEquals(k.stat[C.nrMemmapBootPages], 1024);
    const tables = 4 + 1 + 1; // PMD, PUD, PGD tables: 64 leaves in 4 PMD tables
    assertEquals(totalFreePages(k), 4096 - 1 - 1024 - tables);
    assertEquals(k.bootReserved, 1 + 1024 + tables);
    assertEquals(k.memblock, null);
  });
  withKernel("arch=x86-64 dram=1G pmem=1G", (k) => {
    assertEquals(k.uses[USE_BOOT_VMEMMAP], 262144 / 64);
    assertEquals(totalFreePages(k), 262144 - 1 - 4096 - 3);
  });
});

//  | node 0      | node 1      |      toy: the nodes meet anywhere in a section of 64 frames, a subsection of 16, a
//  ... section n     |n+1 ...       largest block of 64; a section has 16 memmap pages
Deno.test("boot() gives nodes of any size all their memory and memmap, exactly once", () => {
  const more = fc.integer({ min: 0, max: 130 });
  fc.assert(
    fc.property(fc.array(more, { minLength: 1, maxLength: 3 }), (more) => {
      const frames = more.map((n) => 256 + n);
      withKernel({ ...machine(""), dram: frames.map((n) => n * 256) }, (k) => {
        const end = frames.reduce((sum, n) => sum + n, 0);
        assertEquals(k.uses[USE_BOOT_VMEMMAP], 16 * Math.ceil(end / 64));
        assertEquals(k.nodes.map((n) => n.zones[ZONE_NORMAL].present), frames);
        assertEquals(totalFreePages(k) + k.bootReserved, end);
        for (let pfn = 0; pfn < end; pfn++) assert(k.sections.populated(pfn), `frame ${pfn}`);
        // Struct pages of free frames are written when the allocator hands them out.
        const written = Array.from({ length: end }, (_, pfn) => pfn).filter((pfn) =>
          readPage(k, pfn, PAGE_FLAGS) !== 0
        );
        assertEquals(written.length, k.bootReserved);
        const held: number[] = [];
        for (const nid of frames.keys()) {
          for (let pfn; (pfn = allocPages(k, 0, nid, USE_PINNED, true)) >= 0;) {
            assertEquals(pageNid(k, pfn), nid);
            held.push(pfn);
          }
        }
        assertEquals(new Set([...held, ...written]).size, end);
        for (const pfn of held) freePages(k, pfn, 0, USE_PINNED);
      });
    }),
    { numRuns: 40, examples: [[[1]], [[16, 17, 96]]] },
  );
});

Deno.test("boot() divides x86 DRAM into DMA, DMA32 and Normal", () => {
  withKernel("arch=x86-64 dram=4G pmem=1G nocontents", (k) => {
    const present = k.nodes[0].zones.map((z) => z.present);
    assertEquals(present[ZONE_DMA], 4096);
    assertEquals(present[ZONE_DMA32], 2 * 262144 - 4096);
    assertEquals(present[ZONE_NORMAL], 2 * 262144);
    const normal = k.nodes[0].zones[ZONE_NORMAL];
    assertEquals([normal.startPfn, normal.spanned], [1048576, 2 * 262144]);
  });
});

Deno.test("boot() puts each node's DRAM into zones of its own", () => {
  withKernel("dram=256K,512K,64K pmem=64K/2", (k) => {
    assertEquals(k.nodes.map((n) => n.zones[ZONE_NORMAL].present), [1024, 2048, 256]);
    assertEquals(k.machine.topology.pmem[0].nid, 2);
  });
});

//  2 GiB + 2 GiB   | node 0 .. 2G | hole | 4G .. node 1 .. 6G |      q35 looks at all memory, not at the first node's
Deno.test("boot() splits x86 DRAM around the hole by its total size", () => {
  const gib = 2 ** 18;
  const rows: [sizes: string, ranges: [nid: number, start: number, end: number][]][] = [
    ["2G,512M", [[0, 0, 2], [1, 2, 2.5]]],
    ["2G,2G", [[0, 0, 2], [1, 4, 6]]],
    ["1G,2G", [[0, 0, 1], [1, 1, 2], [1, 4, 5]]],
  ];
  for (const [sizes, ranges] of rows) {
    const { topology } = boot(machine(`arch=x86-64 dram=${sizes} pmem=1G nocontents`)).machine;
    assertEquals(topology.dram.map((r) => [r.nid, r.start / gib, r.end / gib]), ranges, sizes);
  }
});

Deno.test("boot() marks what the boot allocator kept as Reserved, and no frame that it left free", () => {
  withKernel("dram=1M,1M", (k) => {
    assert((pageFlags(k, 0) & PG_RESERVED) !== 0);
    const frames = k.machine.topology.dram.flatMap((
      { start, end },
    ) => [...Array(end - start).keys().map((i) => start + i)]);
    assertEquals(frames.filter((pfn) => (readPage(k, pfn, PAGE_FLAGS) & PG_RESERVED) !== 0).length, k.bootReserved);
  });
});

Deno.test("boot() fragments memory as the seed says", () => {
  const pinned = (text: string) => withKernel(text, (k) => k.uses[USE_PINNED]);
  assertEquals(pinned("fragment=0"), 0);
  const all = pinned("fragment=1");
  const half = pinned("fragment=0.5 seed=3");
  assert(half > all / 4 && half < all * 3 / 4, `${half} of ${all}`);
  assertEquals(pinned("fragment=0.5 seed=3"), half);
  const free = (seed: number) => {
    const k = boot(machine(`fragment=0.5 seed=${seed}`));
    return Array.from({ length: 4096 }, (_, pfn) => k.nodes[0].zones[ZONE_NORMAL].areas[0].isFree(pfn));
  };
  assertNotEquals(free(3), free(4));
});

Deno.test("boot() leaves no free block for a PMD leaf when all memory is fragmented", () => {
  withKernel("fragment=1", (k) => {
    const area = k.nodes[0].zones[ZONE_NORMAL].areas[0];
    assertEquals([4, 5, 6].map((order) => area.freeBlocks(order)), [0, 0, 0]);
  });
});

Deno.test("boot() takes an architecture and a kernel as objects too", () => {
  withKernel({ arch: TOY, kernel: kernelLike("v7", { name: "mine" }), dram: [2 ** 18], debug: true }, (k) => {
    assertEquals([k.arch.name, k.config.name], ["toy", "mine"]);
  });
});

Deno.test("boot() starts one MMU per CPU, all on the kernel's table", () => {
  withKernel("cpus=3", (k) => {
    assertEquals(k.machine.cpus.map((c) => [c.id, c.mmu.rootPfn]), [0, 1, 2].map((id) => [id, k.rootPfn]));
  });
});

Deno.test("boot() refuses invalid options, saying what was given and what is allowed", () => {
  const cases: [BootOptions, string][] = [
    [{ arch: "vax" }, 'architecture "vax": expected x86-64, arm64-4k'],
    [{ arch: "constructor" }, 'architecture "constructor"'],
    [{ kernel: "2.4" }, 'kernel "2.4": expected 5.14'],
    [{ structPageSize: 128 }, "struct pages of 128 bytes: expected 56, 64, 72, 80"],
    [{ structPageSize: 0 }, "struct pages of 0 bytes"],
    [{ cpus: 0 }, "0 CPUs"],
    [{ cpus: 1.5 }, "1.5 CPUs"],
    [{ cpus: 8193 }, "8193 CPUs: expected a whole number from 1 to 8192"],
    [{ dram: [] }, "at least one node"],
    [{ dram: [100] }, "DRAM of node 0"],
    [{ dram: [2 ** 20], fragment: 2 }, "fragment 2 of memory"],
    [{ dram: [2 ** 20], fragment: NaN }, "fragment NaN of memory"],
    [{ dram: [2 ** 20], pmem: [{ bytes: 2 ** 16, nid: 1 }] }, "node 1, expected a node from 0 to 0"],
    [{ dram: [2 ** 20], hostMemoryBytes: 4096 }, "slots of the machine's backing store"],
  ];
  for (const [options, message] of cases) {
    assertThrows(() => boot({ arch: "toy", ...options }), RangeError, message);
  }
});

Deno.test("boot() accepts memory up to the reach of the vmemmap and 64 nodes, and refuses more", () => {
  const most = vmemmapPages(TOY) * 256 / 64 * 256;
  const upTo = (end: number) => () =>
    boot({ arch: "toy", dram: [2 ** 16], pmem: [{ bytes: 2 ** 14, startBytes: end - 2 ** 14 }], contents: false });
  assertEquals(upTo(most)().machine.topology.pmem[0].end, most / 256);
  assertThrows(upTo(most + 2 ** 14), RangeError, "the reach of the vmemmap");
  const nodes = (nodes: number) => () => boot({ arch: "toy", dram: [2 ** 16], nodes });
  assertEquals(nodes(64)().nodes.length, 64);
  assertThrows(nodes(65), RangeError, "Cannot boot 65 nodes: expected a whole number from 1 to 64");
});

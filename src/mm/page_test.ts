// SPDX-License-Identifier: GPL-2.0-only
// Struct page access: addresses and their inverse (I2), poison, references, compound pages.

import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { boot } from "../boot.ts";
import { checkInvariants } from "../debug_vm/debug_vm.ts";
import {
  PAGE_COMPOUND_HEAD,
  PAGE_INDEX_HI,
  PAGE_POISON_WORD,
  PAGE_REFCOUNT,
  STRUCT_PAGE_SIZES,
} from "../include/mm_types.ts";
import { KernelPanic } from "../lib/bug.ts";
import { kernelLike, machine, mustCreate, mustDestroy, withKernel } from "../testing.ts";
import {
  addPageCount,
  addressToPfn,
  clearPageFlags,
  compoundHead,
  compoundOrder,
  getPage,
  hasPincount,
  isPageHead,
  pageAddressHi,
  pageAddressLo,
  pageFlags,
  pageIndex,
  pageRefcount,
  pageWord,
  pageWordForWrite,
  pincountPlace,
  putPageTestzero,
  readPage,
  setCompoundHead,
  setPageFlags,
  setPageIndex,
  tailInfoLo,
  vmemmapPage,
  writePage,
} from "./page.ts";
import { PAGE_LAYOUTS } from "../include/page_layout.ts";

const { referenced: PG_REFERENCED, hwpoison: PG_HWPOISON } = PAGE_LAYOUTS["6.1"];

Deno.test("addressToPfn() is the inverse of the address words for every frame of 64 TiB and every struct size", () => {
  for (const struct of STRUCT_PAGE_SIZES) {
    const k = boot({ ...machine(`arch=x86-64 dram=128M pmem=1G struct=${struct}`) });
    fc.assert(fc.property(fc.integer({ min: 0, max: 2 ** 34 - 1 }), (pfn) => {
      const [lo, hi] = [pageAddressLo(k, pfn), pageAddressHi(k, pfn)];
      assertEquals(addressToPfn(k, lo, hi), pfn);
      const address = BigInt.asUintN(64, 0xffffea0000000000n + BigInt(pfn) * BigInt(struct));
      assertEquals([BigInt(lo >>> 0), BigInt(hi >>> 0)], [address & 0xffffffffn, address >> 32n]);
      assertEquals(vmemmapPage(k, pfn), Number(BigInt(pfn) * BigInt(struct) / 4096n));
    }));
  }
});

Deno.test("setPageIndex() keeps any index up to 2^53", () => {
  const k = boot(machine(""));
  fc.assert(fc.property(fc.maxSafeNat(), (index) => {
    setPageIndex(k, 0, index);
    assertEquals(pageIndex(k, 0), index);
    assertEquals(readPage(k, 0, PAGE_INDEX_HI), Number(BigInt(index) >> 32n));
  }));
});

Deno.test("a struct page beyond 2^31 frames lies where its whole address says, whatever its size", () => {
  for (const struct of STRUCT_PAGE_SIZES) {
    // Across frame 2^31, and where pfn * struct left 32 bits long ago.
    for (const start of ["8388592M", "16T"]) {
      withKernel(`arch=x86-64 dram=128M pmem=32M@${start} struct=${struct}`, (k) => {
        const ns = mustCreate(k);
        const { start, end } = ns.pgmap.ranges[0];
        fc.assert(fc.property(fc.integer({ min: start, max: end - 1 }), fc.constantFrom(0, 8, 12, 52), (pfn, field) => {
          const byte = BigInt(pfn) * BigInt(struct) + BigInt(field);
          const base = k.cpu.mmu.read(Number(byte / 4096n));
          assertEquals(pageWord(k, pfn, field), base + Number(byte % 4096n) / 4);
          assertEquals(pageWordForWrite(k, pfn, field), pageWord(k, pfn, field));
        }));
        mustDestroy(k, ns);
      });
    }
  }
});

Deno.test("pageFlags() panics on an uninitialised struct page", () => {
  withKernel("", (k) => {
    const ns = mustCreate(k);
    const pfn = ns.pgmap.ranges[0].start;
    const flags = readPage(k, pfn, 0);
    writePage(k, pfn, 0, PAGE_POISON_WORD);
    assertThrows(() => pageFlags(k, pfn), KernelPanic, "is poisoned");
    writePage(k, pfn, 0, flags);
    mustDestroy(k, ns);
  });
});

Deno.test("readPage() and writePage() panic where no memmap is mapped", () => {
  withKernel("", (k) => {
    const { start } = k.machine.topology.pmem[0];
    assertThrows(() => readPage(k, start, 0), KernelPanic, "is not mapped");
    assertThrows(() => writePage(k, start, 0, 0), KernelPanic, "is not mapped");
  });
});

Deno.test("getPage() and putPageTestzero() panic on a page without a reference", () => {
  withKernel("", (k) => {
    const free = 2000;
    writePage(k, free, PAGE_REFCOUNT, 0);
    assertThrows(() => getPage(k, free), KernelPanic, "had no reference");
    writePage(k, free, PAGE_REFCOUNT, 2);
    assertEquals([putPageTestzero(k, free), putPageTestzero(k, free)], [false, true]);
    assertThrows(() => putPageTestzero(k, free), KernelPanic, "refcount -1");
    writePage(k, free, PAGE_REFCOUNT, 0);
  });
});

Deno.test("flag and count stores are the same with Atomics as without", () => {
  const run = (shared: boolean) =>
    withKernel({ ...machine(""), shared }, (k) => {
      const pfn = 2000;
      writePage(k, pfn, 0, 0);
      setPageFlags(k, pfn, PG_REFERENCED | PG_HWPOISON);
      clearPageFlags(k, pfn, PG_REFERENCED);
      const count = addPageCount(k, pfn, PAGE_REFCOUNT, 5);
      const result = [pageFlags(k, pfn), count, addPageCount(k, pfn, PAGE_REFCOUNT, -5), pageRefcount(k, pfn)];
      writePage(k, pfn, 0, 0);
      return result;
    });
  assertEquals(run(true), run(false));
  assertEquals(run(false)[0], PG_HWPOISON);
});

Deno.test("compoundHead() leads every page of a compound to its head, shared head page or not", () => {
  for (const kernel of ["v4", "v7", "v7+head", "6.1"]) {
    for (const align of [4096, 65536]) {
      withKernel(`kernel=${kernel}`, (k) => {
        const ns = mustCreate(k, { align });
        const { start } = ns.pgmap.ranges[0];
        const pages = align / k.pageBytes;
        for (let i = 0; i < 2 * pages; i++) {
          const head = start + Math.floor(i / pages) * pages;
          assertEquals(compoundHead(k, start + i), head, `${kernel} page ${i}`);
          assertEquals(isPageHead(k, start + i), start + i === head);
        }
        assertEquals([compoundOrder(k, start), compoundOrder(k, start + 1)], [Math.log2(pages), 0]);
        assert(hasPincount(k, start));
        mustDestroy(k, ns);
      });
    }
  }
});

Deno.test("compoundHead() recognises a tail that looks like a head by the next struct page", () => {
  // The head's memmap page is mapped for tails too: page 4 of a toy compound reads the head's own struct page. In 7.3 the
  // next page holds a mask instead of an address.
  for (const kernel of ["v7+head", "7.3,dedup=pte+head"]) {
    withKernel({ ...machine(""), kernel }, (k) => {
      const ns = mustCreate(k);
      const { start } = ns.pgmap.ranges[0];
      assertEquals(readPage(k, start + 4, 0), readPage(k, start, 0));
      assertEquals(compoundHead(k, start + 4), start);
      k.fakeHeads = false;
      assertEquals(compoundHead(k, start + 4), start + 4);
      k.fakeHeads = true;
      checkInvariants(k);
      mustDestroy(k, ns);
    });
  }
});

Deno.test("compoundHead() of a page that looks like a head without a tail after it is the page itself", () => {
  withKernel("kernel=v7+head", (k) => {
    const ns = mustCreate(k, { align: 256 });
    const { start } = ns.pgmap.ranges[0];
    setPageFlags(k, start, k.layout.head);
    assertEquals([start % 4, compoundHead(k, start), isPageHead(k, start)], [0, start, true]);
    clearPageFlags(k, start, k.layout.head);
    mustDestroy(k, ns);
  });
});

Deno.test("setCompoundHead() makes a page a tail", () => {
  withKernel("", (k) => {
    const before = [8, 12].map((offset) => readPage(k, 2001, offset));
    setCompoundHead(k, 2001, 2000, 0);
    assertEquals(compoundHead(k, 2001), 2000);
    [8, 12].forEach((offset, i) => writePage(k, 2001, offset, before[i]));
  });
});

Deno.test("tailInfoLo() is what the tails of a head hold: its address, or (7.1) the mask of its order", () => {
  for (const kernel of ["v7", "6.1", "6.12", "7.3"]) {
    withKernel(`kernel=${kernel}`, (k) => {
      const ns = mustCreate(k, { align: 4096 });
      const { start } = ns.pgmap.ranges[0];
      for (const head of [start, start + 16]) {
        assertEquals(tailInfoLo(k, head), readPage(k, head + 1, PAGE_COMPOUND_HEAD), kernel);
      }
      mustDestroy(k, ns);
    });
  }
});

Deno.test("pincountPlace() differs between kernels", () => {
  withKernel("kernel=v7", (k) => assertEquals(pincountPlace(k), { tail: 2, offset: 16 }));
  withKernel("kernel=6.1", (k) => assertEquals(pincountPlace(k), { tail: 1, offset: 24 }));
  const options = { ...machine(""), kernel: kernelLike("6.1", { structPage: "5.14" }) };
  withKernel(options, (k) => assertEquals(pincountPlace(k), { tail: 2, offset: 16 }));
});

Deno.test("readPage() panics where there is no memmap: before the first frame, past the last", () => {
  withKernel("", (k) => {
    for (const pfn of [-1, -64, -65, k.machine.topology.maxPfn + k.pagesPerSection]) {
      assertThrows(() => readPage(k, pfn, 0), KernelPanic, "is not mapped");
    }
  });
});

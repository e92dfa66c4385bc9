// SPDX-License-Identifier: GPL-2.0-only
// One CPU's TLB over tables built by hand, 16 entries each:
//
//   root 1 [2] --> PUD 2 [0] --> PMD 3 [0] --> PTE 4 [i] --> frame 100 + i
//                                      [1] --> block of frames 32..47 (leaf)

import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import type { EntryBits } from "../include/pgtable_format.ts";
import { x86Format } from "../arch/x86/pgtable.ts";
import { entryHi, entryLo, entryPfn, Mmu } from "./mmu.ts";
import { PhysMem } from "./phys_mem.ts";

const FORMAT = x86Format(8, 4);
const [ROOT, PUD, PMD, PTE, BLOCK, FRAMES] = [1, 2, 3, 4, 32, 100];

class Box {
  readonly phys: PhysMem;
  readonly mmu: Mmu;

  constructor(format = FORMAT, block = BLOCK, maxPfn = 8192, vmemmapPages = 2 ** 27) {
    const page = 2 ** format.pageShift;
    this.phys = new PhysMem(maxPfn, format.tableShift, page, 4 * page * 2 ** format.tableShift, false, false);
    this.mmu = new Mmu(this.phys, format, vmemmapPages, [{ start: FRAMES + 8, end: Infinity }]);
    for (const table of [ROOT, PUD, PMD, PTE]) this.phys.touch(table, 0);
    this.set(ROOT, 2, PUD, FORMAT.table);
    this.set(PUD, 0, PMD, FORMAT.table);
    this.set(PMD, 0, PTE, FORMAT.table);
    this.set(PMD, 1, block, FORMAT.kernelHuge);
    for (let i = 0; i < 16; i++) this.set(PTE, i, FRAMES + i, FORMAT.kernelPage);
    this.mmu.rootPfn = ROOT;
    this.mmu.startIndex = [0, 0, 0, 2];
  }

  set(table: number, index: number, pfn: number, bits: EntryBits): void {
    const at = this.phys.wordBase(table) + 2 * index;
    this.phys.words[at] = entryLo(this.mmu.format, pfn, bits.lo);
    this.phys.words[at + 1] = entryHi(this.mmu.format, pfn, bits.hi);
  }

  clear(table: number, index: number): void {
    this.phys.words.fill(0, this.phys.wordBase(table) + 2 * index, this.phys.wordBase(table) + 2 * index + 2);
  }
}

Deno.test("Mmu walks once and then answers from the TLB", () => {
  const { mmu, phys } = new Box();
  const base = mmu.read(3);
  assertEquals([mmu.frame(3), base, mmu.misses, mmu.walkSteps], [FRAMES + 3, phys.wordBase(FRAMES + 3), 1, 4]);
  assertEquals([mmu.read(3), mmu.write(3), mmu.misses], [base, base, 1]);
});

Deno.test("Mmu knows every frame of 64 TiB exactly, and which lie in pmem", () => {
  const corners = fc.constantFrom(FRAMES + 7, FRAMES + 8, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32);
  const box = new Box(FORMAT, BLOCK, 2 ** 34);
  const { mmu, phys } = box;
  fc.assert(fc.property(fc.oneof(corners, fc.integer({ min: 5, max: 2 ** 34 - 1 })), (pfn) => {
    box.set(PTE, 0, pfn, FORMAT.kernelPage);
    mmu.flushAll();
    assertEquals([mmu.inPmem(0), mmu.frame(0)], [pfn >= FRAMES + 8, pfn]);
    assertEquals([mmu.inPmem(0), mmu.read(0), mmu.findStale()], [pfn >= FRAMES + 8, phys.wordBase(pfn), -1]);
    phys.release(pfn, 0);
  }));
});

Deno.test("Mmu refills from a huge translation without a walk", () => {
  const { mmu, phys } = new Box();
  const base = mmu.write(16);
  assertEquals(mmu.walkSteps, 3);
  for (let i = 0; i < 16; i++) {
    assertEquals(mmu.read(16 + i), base + i * phys.pageWords);
    assertEquals(mmu.frame(16 + i), BLOCK + i);
  }
  assertEquals([mmu.walkSteps, mmu.misses], [3, 16]);
});

Deno.test("Mmu keeps a stale translation until it is flushed", () => {
  const box = new Box();
  const before = box.mmu.read(5);
  box.set(PTE, 5, FRAMES, FORMAT.kernelPage);
  assertEquals(box.mmu.read(5), before);
  assertEquals(box.mmu.findStale(), 5);
  const again = new Box();
  again.mmu.read(5);
  again.set(PTE, 5, FRAMES, FORMAT.kernelPage);
  again.mmu.flushRange(5, 1);
  assertEquals(again.mmu.frame(5), FRAMES);
  assertEquals(again.mmu.findStale(), -1);
});

Deno.test("Mmu.findStale() sees a huge translation of which no page is cached any more", () => {
  const block = 512;
  const box = new Box(x86Format(12, 9), block);
  box.set(PMD, 5, PTE, FORMAT.table);
  // Page 512 is the block's first; page 512 + 2048 goes to the same set, throws it out and leaves the block's entry.
  box.mmu.read(512);
  box.mmu.read(512 + 2048);
  assertEquals(box.mmu.findStale(), -1);
  box.mmu.flushAll();
  box.mmu.read(512);
  box.mmu.read(512 + 2048);
  box.set(PMD, 1, 2 * block, FORMAT.kernelHuge);
  assertEquals(box.mmu.findStale(), 512);
});

Deno.test("Mmu.findStale() requires a flush after a leaf is split, even into equal entries", () => {
  const box = new Box();
  box.mmu.read(16);
  const split = 5;
  box.phys.touch(split, 0);
  for (let i = 0; i < 16; i++) box.set(split, i, BLOCK + i, FORMAT.kernelPage);
  box.set(PMD, 1, split, FORMAT.table);
  assertEquals(box.mmu.findStale(), 16);
  box.mmu.flushRange(16, 16);
  assertEquals([box.mmu.frame(16), box.mmu.findStale()], [BLOCK, -1]);
});

Deno.test("Mmu never caches that a page is absent", () => {
  const box = new Box();
  box.clear(PTE, 7);
  assertEquals([box.mmu.read(7), box.mmu.write(7), box.mmu.frame(7), box.mmu.inPmem(7)], [-1, -1, -1, false]);
  box.set(PTE, 7, FRAMES + 7, FORMAT.kernelPage);
  assertEquals(box.mmu.frame(7), FRAMES + 7);
});

Deno.test("Mmu.write() gives -2 on a read-only page, cached or not; reading it is fine", () => {
  const box = new Box();
  box.set(PTE, 2, FRAMES + 2, FORMAT.kernelPageRo);
  assertEquals(box.mmu.write(2), -2);
  assert(box.mmu.read(2) >= 0);
  assertEquals(box.mmu.write(2), -2);
});

Deno.test("Mmu.flushRange() up to 33 pages drops these, more drop everything", () => {
  const box = new Box();
  for (const page of [0, 1, 2]) box.mmu.read(page);
  box.mmu.flushRange(1, 33);
  assertEquals(box.mmu.misses, 3);
  box.mmu.read(0);
  assertEquals(box.mmu.misses, 3);
  box.mmu.read(1);
  assertEquals(box.mmu.misses, 4);
  box.mmu.flushRange(100, 34);
  box.mmu.read(0);
  assertEquals([box.mmu.misses, box.mmu.flushes], [5, 2]);
});

Deno.test("Mmu.flushRange() of one page in a leaf drops the leaf too", () => {
  const box = new Box();
  box.mmu.read(16);
  box.mmu.read(17);
  box.set(PMD, 1, BLOCK + 16, FORMAT.kernelHuge);
  box.mmu.flushRange(17, 1);
  assertEquals(box.mmu.frame(17), BLOCK + 17);
  assertEquals(box.mmu.frame(16), BLOCK, "the first page of the leaf was not asked for");
});

Deno.test("entryPfn() is the inverse of entryLo() and entryHi() for any 40-bit frame", () => {
  const format = x86Format(12, 9);
  fc.assert(fc.property(fc.integer({ min: 0, max: 2 ** 40 - 1 }), (pfn) => {
    for (const bits of [format.kernelPage, format.userHuge, format.table]) {
      const [lo, hi] = [entryLo(format, pfn, bits.lo), entryHi(format, pfn, bits.hi)];
      assertEquals(entryPfn(format, lo, hi), pfn);
      assertEquals([lo & 0xfff, hi & ~0xfffff], [bits.lo, bits.hi & ~0xfffff]);
    }
  }));
});

Deno.test("a small vmemmap has sets up to the end of its last block; pages beyond fault", () => {
  const box = new Box(FORMAT, BLOCK, 8192, 1);
  const { mmu } = box;
  const last = 2 ** FORMAT.tableShift - 1;
  box.set(PTE, last, FRAMES, FORMAT.kernelPage);
  assertEquals([mmu.frame(last), mmu.write(last) >= 0, mmu.misses], [FRAMES, true, 1]);
  const past = 4 * 2 ** FORMAT.tableShift;
  assertEquals([mmu.read(past), mmu.write(past), mmu.frame(past), mmu.inPmem(past)], [-1, -1, -1, false]);
});

// SPDX-License-Identifier: GPL-2.0-only
// Tests of the checker's HugeTLB part: each case breaks one thing on a sound machine and names the invariant.

import { assert, assertThrows } from "@std/assert";
import { HPG_FREED, type Hstate } from "../include/hugetlb.ts";
import { PAGE_PRIVATE, PAGE_REFCOUNT } from "../include/mm_types.ts";
import { KernelPanic } from "../lib/bug.ts";
import { checkInvariants } from "./debug_vm.ts";
import { setNrHugepages } from "../mm/hugetlb/hugetlb.ts";
import { bootHugetlb } from "../mm/hugetlb/hugetlb_testing.ts";
import { hugetlbVmemmapOptimize, hugetlbVmemmapSplit, REMAP_NO_TLB_FLUSH } from "../mm/hugetlb/hugetlb_vmemmap.ts";
import type { Kernel } from "../mm/kernel.ts";
import { readPage, setCompoundHead, vmemmapPage, writePage } from "../mm/page.ts";
import { entryFrame, flushVmemmap, setEntry, vmemmapVpn, walkTo } from "../mm/pgtable.ts";
import { PAGE_LAYOUTS } from "../include/page_layout.ts";

const { order: { offset: TAIL1_DTOR_ORDER } } = PAGE_LAYOUTS["6.1"];

/** Breaks something about the huge page `head` (shared vmemmap), or about the second one, `whole`. */
type Break = (k: Kernel, h: Hstate, head: number, whole: number) => void;

function pteOf(k: Kernel, head: number, page: number): number {
  return walkTo(k, k.rootPfn, vmemmapVpn(k, vmemmapPage(k, head) + page), 0);
}

const BREAKS: readonly (readonly [what: string, notices: string, act: Break])[] = [
  ["a shared entry made writable", "I9", (k, _h, head) => {
    const at = pteOf(k, head, 3);
    setEntry(k, at, 0, entryFrame(k, at), k.arch.format.kernelPage);
    flushVmemmap(k, 0, Infinity);
  }],
  ["a shared entry that maps another page's frame", "I5", (k, _h, head, whole) => {
    const frame = entryFrame(k, pteOf(k, whole, 0));
    setEntry(k, pteOf(k, head, 3), 0, frame, k.arch.format.kernelPageRo);
    flushVmemmap(k, 0, Infinity);
  }],
  ["an entry changed without a flush", "I10", (k, _h, head, whole) => {
    readPage(k, head + 30, 0);
    setEntry(k, pteOf(k, head, 3), 0, entryFrame(k, pteOf(k, whole, 0)), k.arch.format.kernelPageRo);
  }],
  ["frames that never left after a remap", "I10", (k, h, _head, whole) => {
    hugetlbVmemmapSplit(k, h, whole, 0, true);
    hugetlbVmemmapOptimize(k, h, whole, REMAP_NO_TLB_FLUSH);
  }],
  ["a tail that leads elsewhere", "I7", (k, _h, head, whole) => setCompoundHead(k, whole + 9, head, 0)],
  ["fake heads nobody looks through", "I7", (k) => k.fakeHeads = false],
  ["a head of another order", "I8", (k, _h, _head, whole) => writePage(k, whole + 1, TAIL1_DTOR_ORDER, 2 | 5 << 8)],
  ["a free page with a reference", "I12", (k, _h, head) => writePage(k, head, PAGE_REFCOUNT, 1)],
  ["a free page that says it is not", "I12", (k, _h, head) => {
    writePage(k, head, PAGE_PRIVATE, readPage(k, head, PAGE_PRIVATE) & ~HPG_FREED);
  }],
  ["a page no list has", "I12", (_k, h) => h.freeLists[0].pop()],
  ["a page on another node's books", "I12", (_k, h) => h.nrHugePagesNode[0]--],
  ["more surplus than pages", "I12", (_k, h) => {
    h.surplusHugePages = 3;
    h.surplusHugePagesNode[0] = 3;
  }],
  ["an optimised page not counted", "I12", (k) => k.hugetlb.optimized--],
  ["a pool page gone from the use counts", "I12", (_k, h) => {
    h.nrHugePages--;
    h.nrHugePagesNode[0]--;
    h.freeLists[0].pop();
  }],
];

for (const [what, notices, act] of BREAKS) {
  Deno.test(`checkInvariants() notices ${what} (${notices})`, () => {
    const k = bootHugetlb();
    const h = k.hugetlb.hstates[0];
    setNrHugepages(k, h, 1);
    k.hugetlb.optimize = false;
    setNrHugepages(k, h, 2);
    const [head, whole] = h.freeLists[0];
    hugetlbVmemmapSplit(k, h, whole, 0, true);
    checkInvariants(k);
    act(k, h, head, whole);
    const error = assertThrows(() => checkInvariants(k), KernelPanic);
    assert(error.message.includes(`checkInvariants: ${notices}`), error.message);
  });
}

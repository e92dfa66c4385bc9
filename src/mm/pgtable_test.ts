// SPDX-License-Identifier: GPL-2.0-only
// Table walks that allocate tables, top-level entries that every address space shares (I3), flushes that reach every
// CPU.

import { assert, assertEquals, assertThrows } from "@std/assert";
import { boot } from "../boot.ts";
import { USE_PTE_TABLE, USE_PUD_TABLE, USE_USER_TABLE, USE_VMEMMAP } from "../include/frame_use.ts";
import { KernelPanic } from "../lib/bug.ts";
import { machine, mustCreate, mustDestroy, withKernel } from "../testing.ts";
import { checkInvariants } from "../debug_vm/debug_vm.ts";
import { mmAlloc, mmPut } from "./memory.ts";
import { readPage, vmemmapPage, writePage } from "./page.ts";
import { freePages } from "./page_alloc.ts";
import { pageInitPoison } from "./page_init.ts";
import {
  allocTable,
  clearEntry,
  entryAt,
  entryFrame,
  entryHuge,
  entryNone,
  flushVmemmap,
  levelPages,
  lookupAddress,
  populateTo,
  setEntry,
  tableEmpty,
  tableEntries,
  tableIndex,
  vmemmapVpn,
  walkTo,
} from "./pgtable.ts";
import { walkTables } from "./ptdump.ts";
import { mappedFrame } from "./vmemmap/basepages.ts";
import { C } from "./vmstat.ts";
import fc from "fast-check";

/** Pmem beyond the first top-level entry of the toy's vmemmap, which covers 4096 memmap pages = 4 MiB of memory. */
const FAR = "pmem=64K@8M";

Deno.test("tableIndex() splits a virtual page number by level", () => {
  withKernel("", (k) => assertEquals([3, 2, 1, 0].map((l) => tableIndex(k, 0x5a7c, l)), [5, 10, 7, 12]));
  withKernel("arch=x86-64 dram=128M pmem=1G", (k) => {
    const vpn = ((3 * 512 + 5) * 512 + 7) * 512 + 9;
    assertEquals([3, 2, 1, 0].map((l) => tableIndex(k, vpn, l)), [3, 5, 7, 9]);
    assertEquals(tableIndex(k, vmemmapVpn(k, 0), 3), 468);
  });
});

Deno.test("tableIndex() is right for every address of 48 bits and every granule", () => {
  for (const arch of ["toy", "x86-64", "arm64-4k", "arm64-16k", "arm64-64k"]) {
    const k = boot(machine(arch === "toy" ? "" : `arch=${arch} dram=1G pmem=1G`));
    const { pageShift, tableShift, topLevel } = k.arch.format;
    const vpns = fc.oneof(
      fc.integer({ min: 0, max: 2 ** (48 - pageShift) - 1 }),
      fc.integer({ min: 2 ** 31 - 2, max: 2 ** 31 + 2 }),
    );
    fc.assert(fc.property(vpns, fc.nat(topLevel), (vpn, level) => {
      const index = BigInt(vpn) >> BigInt(level * tableShift) & (1n << BigInt(tableShift)) - 1n;
      assertEquals(tableIndex(k, vpn, level), Number(index));
    }));
  }
});

Deno.test("populateTo() allocates missing tables once, and walkTo() finds them", () => {
  withKernel("", (k) => {
    const root = allocTable(k, 0, USE_USER_TABLE);
    assertEquals(walkTo(k, root, 77, 0), -1);
    const at = populateTo(k, root, 77, 0, 0, USE_USER_TABLE);
    assertEquals([populateTo(k, root, 77, 0, 0, USE_USER_TABLE), walkTo(k, root, 77, 0)], [at, at]);
    assertEquals(k.uses[USE_USER_TABLE], 4);
    assertEquals(populateTo(k, root, 78, 0, 0, USE_USER_TABLE), at + 2);
    // Built by hand, from the bottom up.
    for (const level of [1, 2, 3]) {
      const entry = walkTo(k, root, 77, level);
      const child = entryFrame(k, entry);
      assert(tableEmpty(k, child));
      clearEntry(k, entry, level);
      freePages(k, child, 0, USE_USER_TABLE);
    }
    freePages(k, root, 0, USE_USER_TABLE);
  });
});

Deno.test("tableEmpty() finds an entry before and after the one where it starts", () => {
  withKernel("", (k) => {
    const table = allocTable(k, 0, USE_USER_TABLE);
    const last = tableEntries(k) - 1;
    for (const present of [0, 7, last]) {
      setEntry(k, entryAt(k, table, present), 0, 1, k.arch.format.table);
      for (const near of [0, 7, 8, last]) assert(!tableEmpty(k, table, near), `${present} from ${near}`);
      clearEntry(k, entryAt(k, table, present), 0);
      for (const near of [0, 7, last]) assert(tableEmpty(k, table, near));
    }
    freePages(k, table, 0, USE_USER_TABLE);
  });
});

Deno.test("populateTo() and walkTo() do not go through a leaf", () => {
  withKernel("kernel=5.14", (k) => {
    const ns = mustCreate(k);
    const vpn = vmemmapVpn(k, vmemmapPage(k, ns.pgmap.ranges[0].start));
    assert(entryHuge(k, walkTo(k, k.rootPfn, vpn, 1)));
    assertEquals([walkTo(k, k.rootPfn, vpn, 0), populateTo(k, k.rootPfn, vpn, 0, 0)], [-1, -1]);
    assertEquals(mappedFrame(k, vmemmapPage(k, ns.pgmap.ranges[0].start)), -1);
    assertEquals(k.uses[USE_PTE_TABLE], 0);
    mustDestroy(k, ns);
  });
});

Deno.test("lookupAddress() finds the leaf of every page of memmap that a dump of the tables finds, and no other", () => {
  for (const kernel of ["5.14", "v7"]) {
    withKernel(`kernel=${kernel}`, (k) => {
      const ns = mustCreate(k);
      const dumped = new Map<number, number[]>();
      walkTables(k, k.rootPfn, 0, tableEntries(k), {
        leaf: (level, vpn, pfn) => {
          for (let p = 0; p < levelPages(k, level); p++) dumped.set(vpn + p, [level, pfn + p]);
        },
      });
      const levels = new Set<number>();
      for (let vpage = 0; vpage <= vmemmapPage(k, k.machine.topology.maxPfn); vpage++) {
        const leaf = lookupAddress(k, k.rootPfn, vmemmapVpn(k, vpage));
        assertEquals(leaf === null ? undefined : [leaf.level, leaf.pfn], dumped.get(vmemmapVpn(k, vpage)));
        if (leaf !== null) assertEquals(walkTo(k, k.rootPfn, vmemmapVpn(k, vpage), leaf.level), leaf.at);
        levels.add(leaf?.level ?? -1);
      }
      // Boot's memmap has leaves; that of a compound device has entries.
      assertEquals([...levels].sort(), kernel === "v7" ? [-1, 0, 1] : [-1, 1]);
      mustDestroy(k, ns);
    });
  }
});

Deno.test("a new top-level entry of the kernel appears in every address space, and stays (B10)", () => {
  withKernel(FAR, (k) => {
    const mms = [mmAlloc(k), mmAlloc(k)];
    const before = [k.uses[USE_PUD_TABLE], k.stat[C.pgdWrites]];
    const ns = mustCreate(k, { align: 4096 });
    assertEquals([k.uses[USE_PUD_TABLE] - before[0], k.stat[C.pgdWrites] - before[1]], [1, 3]);
    checkInvariants(k);
    mustDestroy(k, ns);
    checkInvariants(k);
    // The entry still exists, so the next namespace allocates no table at that level.
    mustDestroy(k, mustCreate(k, { align: 4096 }));
    assertEquals([k.uses[USE_PUD_TABLE] - before[0], k.stat[C.pgdWrites] - before[1]], [1, 3]);
    for (const mm of mms) if (typeof mm !== "number") mmPut(k, mm);
  });
});

Deno.test("a process that missed a top-level entry is noticed (B10)", () => {
  const k = withKernel(FAR, (k) => k);
  const mm = mmAlloc(k);
  assert(typeof mm !== "number");
  k.mms.delete(mm);
  mustCreate(k, { align: 4096 });
  k.mms.add(mm);
  assertThrows(() => checkInvariants(k), KernelPanic, "I3");
});

Deno.test("flushVmemmap() reaches every CPU and counts the interrupts", () => {
  withKernel("cpus=4", (k) => {
    const before = [k.stat[C.tlbFlushes], k.stat[C.tlbIpis], ...k.machine.cpus.map((c) => c.mmu.flushes)];
    flushVmemmap(k, 10, 5);
    const after = [k.stat[C.tlbFlushes], k.stat[C.tlbIpis], ...k.machine.cpus.map((c) => c.mmu.flushes)];
    assertEquals(after.map((n, i) => n - before[i]), [1, 3, 1, 1, 1, 1]);
  });
});

Deno.test("a CPU that ignores flushes keeps translations of removed memmap (B13)", () => {
  for (const kernel of ["5.14", "v7"]) {
    const k = withKernel(`cpus=2 kernel=${kernel}`, (k) => k);
    const ns = mustCreate(k);
    const { start } = ns.pgmap.ranges[0];
    k.cpu = k.machine.cpus[1];
    readPage(k, start, 0);
    k.cpu = k.machine.cpus[0];
    const { mmu } = k.machine.cpus[1];
    mmu.flushRange = () => {};
    mmu.flushAll = () => {};
    mustDestroy(k, ns);
    assertThrows(() => checkInvariants(k), KernelPanic, "I10 CPU 1");
  }
});

Deno.test("a store to a read-only struct page panics, and reading it does not (I9)", () => {
  const k = withKernel("kernel=v7", (k) => k);
  const ns = mustCreate(k);
  const { start } = ns.pgmap.ranges[0];
  const at = walkTo(k, k.rootPfn, vmemmapVpn(k, vmemmapPage(k, start)), 0);
  setEntry(k, at, 0, entryFrame(k, at), k.arch.format.kernelPageRo);
  flushVmemmap(k, vmemmapPage(k, start), 1);
  readPage(k, start, 0);
  assertThrows(() => writePage(k, start, 0, 0), KernelPanic, "read-only struct page");
  assertThrows(() => pageInitPoison(k, start, 16), KernelPanic, "I32");
  assertEquals([entryNone(k, at), k.uses[USE_VMEMMAP]], [false, 128]);
});

// SPDX-License-Identifier: GPL-2.0-only
// The device-dax driver: what a fault maps and records, what it refuses, and what unbinding leaves.
//
//   toy page sizes: 256 B (PTE), 4 KiB = 16 pages (PMD), 64 KiB = 256 pages (PUD); a device maps by its own alone

import { assert, assertEquals, assertThrows } from "@std/assert";
import { EBUSY, EINVAL, ENOMEM } from "../../include/errno.ts";
import { USE_USER_TABLE } from "../../include/frame_use.ts";
import { PAGE_INDEX, PAGE_MAPPING, PAGE_MAPPING_HI, TAIL_MAPPING_LO } from "../../include/mm_types.ts";
import { KernelPanic } from "../../lib/bug.ts";
import { checkInvariants } from "../../debug_vm/debug_vm.ts";
import { gupFast } from "../../mm/gup/gup.ts";
import { putPages } from "../../mm/gup/put.ts";
import type { Kernel, Mm, VmArea } from "../../mm/kernel.ts";
import { handleFault, mmAlloc, mmPut, populateArea } from "../../mm/memory.ts";
import { readPage } from "../../mm/page.ts";
import { entryFrame, entryHuge, entryNone, walkTo } from "../../mm/pgtable.ts";
import { C } from "../../mm/vmstat.ts";
import { kernelLike, machine, mustCreate, mustDestroy, withKernel } from "../../testing.ts";
import type { NdNamespace } from "../nvdimm/namespace.ts";
import { deleteDevDax, type DevDax } from "./bus.ts";
import { daxMmap, devDaxHugeFault, devDaxProbe, devDaxRemove } from "./device.ts";

/** Virtual page aligned to every page size. */
const VPN = 1024;

function newMm(k: Kernel): Mm {
  const mm = mmAlloc(k);
  if (typeof mm === "number") throw new Error(`mmAlloc: ${mm}`);
  return mm;
}

function mapped(k: Kernel, dev: DevDax, mm: Mm, pages: number, pgoff = 0, vpn = VPN): VmArea {
  const area = daxMmap(k, dev, mm, vpn, pages, pgoff);
  if (typeof area === "number") throw new Error(`daxMmap: ${area}`);
  return area;
}

/** Runs a case on a device of this page size, then removes the mapping, the address space and the namespace. */
function withDevice(text: string, align: number, run: (k: Kernel, dev: DevDax, mm: Mm, ns: NdNamespace) => void): void {
  withKernel(text, (k) => {
    const ns = mustCreate(k, { align });
    const mm = newMm(k);
    run(k, ns.dev!, mm, ns);
    checkInvariants(k);
    mmPut(k, mm);
    mustDestroy(k, ns);
  });
}

for (const kernel of ["5.14", "v4", "v7", "v7+head", "6.1"]) {
  for (const [level, align, counter] of [[0, 256, C.pteFaults], [1, 4096, C.pmdFaults], [2, 65536, C.pudFaults]]) {
    Deno.test(`devDaxHugeFault() maps by the device's page size: ${kernel}, align ${align}`, () => {
      withDevice(`kernel=${kernel}`, align, (k, dev, mm) => {
        const pages = align / 256;
        const area = mapped(k, dev, mm, 2 * pages, pages);
        // A fault inside the second page of the device maps all of it.
        const at = VPN + Math.floor(pages / 2);
        assertEquals(handleFault(k, mm, at), "nopage");
        assertEquals(
          [k.stat[C.pteFaults], k.stat[C.pmdFaults], k.stat[C.pudFaults]],
          [0, 1, 2].map((l) => +(l === level)),
        );
        const entry = walkTo(k, mm.rootPfn, VPN, level);
        const first = dev.ranges[0].start + pages;
        assertEquals([entryFrame(k, entry), level > 0 && entryHuge(k, entry)], [first, level > 0]);
        assertEquals(k.phys.words[entry + 1] & k.arch.format.devmapHi, k.arch.format.devmapHi);
        assertEquals(readPage(k, first, PAGE_INDEX), pages);
        assertEquals(entryNone(k, walkTo(k, mm.rootPfn, VPN + pages, level < 2 ? level : 2)), true);
        assertEquals(populateArea(k, area, 1), "nopage");
        assertEquals(k.stat[counter], 1 + 2 * pages, "every touch is a fault here, and maps nothing twice");
      });
    });
  }
}

Deno.test("devDaxHugeFault() answers sigbus below the page size and fallback above", () => {
  for (
    const [align, answers] of [
      [256, ["nopage", "fallback", "fallback"]],
      [4096, ["sigbus", "nopage", "fallback"]],
      [65536, ["sigbus", "sigbus", "nopage"]],
    ] as const
  ) {
    withDevice("", align, (k, dev, mm) => {
      const area = mapped(k, dev, mm, 256 * 3);
      assertEquals([0, 1, 2].map((level) => devDaxHugeFault(k, area, VPN + 5, level)), [...answers]);
    });
  }
});

Deno.test("handleFault() is sigbus outside any mapping, and if a huge page would cross its ends", () => {
  withDevice("", 4096, (k, dev, mm) => {
    mapped(k, dev, mm, 32);
    assertEquals([handleFault(k, mm, VPN - 1), handleFault(k, mm, VPN + 32)], ["sigbus", "sigbus"]);
    const area: VmArea = { ...mm.areas[0], start: VPN + 8, end: VPN + 24 };
    assertEquals([devDaxHugeFault(k, area, VPN + 9, 1), devDaxHugeFault(k, area, VPN + 20, 1)], ["sigbus", "sigbus"]);
  });
});

Deno.test("daxMmap() requires whole device pages inside the device and no overlapping mapping", () => {
  withDevice("", 4096, (k, dev, mm) => {
    assertEquals([daxMmap(k, dev, mm, VPN + 8, 16, 0), daxMmap(k, dev, mm, VPN, 8, 0)], [-EINVAL, -EINVAL]);
    assertEquals([daxMmap(k, dev, mm, VPN, 0, 0), daxMmap(k, dev, mm, VPN, -16, 0)], [-EINVAL, -EINVAL]);
    assertEquals(daxMmap(k, dev, mm, VPN, 1024, 0), -EINVAL, "data is smaller than the namespace");
    mapped(k, dev, mm, 32);
    assertEquals(daxMmap(k, dev, mm, VPN + 16, 16, 0), -EINVAL);
    mapped(k, dev, mm, 16, 0, VPN + 32);
  });
});

Deno.test("a fault records the file in the head of a compound, or in every base page", () => {
  // 5.14: 16 base pages to a 4 KiB mapping. Compounds: the head; its tails keep TAIL_MAPPING.
  for (const [kernel, stores] of [["5.14", 16], ["v4", 1], ["6.1", 1]] as const) {
    withDevice(`kernel=${kernel}`, 4096, (k, dev, mm) => {
      mapped(k, dev, mm, 16, 32);
      assertEquals(handleFault(k, mm, VPN + 3), "nopage");
      assertEquals(k.stat[C.mappingStores], stores, kernel);
      const first = dev.ranges[0].start + 32;
      for (let i = 0; i < 16; i++) {
        const ours = readPage(k, first + i, PAGE_MAPPING) === dev.addrLo &&
          readPage(k, first + i, PAGE_MAPPING_HI) === dev.addrHi;
        assertEquals(ours, i < stores, `${kernel} page ${i}`);
        if (ours) assertEquals(readPage(k, first + i, PAGE_INDEX), 32 + i);
      }
      if (kernel === "6.1") assertEquals(readPage(k, first + 2, PAGE_MAPPING), TAIL_MAPPING_LO);
      assertEquals(handleFault(k, mm, VPN + 9), "nopage");
      assertEquals(k.stat[C.mappingStores], stores, "noted once");
    });
  }
});

Deno.test("errata pgoffAlignUp records the index of the next huge page", () => {
  for (const kernel of ["5.14", "v4"]) {
    const k = withKernel({ ...machine(""), kernel: kernelLike(kernel, {}, { pgoffAlignUp: true }) }, (k) => k);
    const ns = mustCreate(k, { align: 4096 });
    const mm = newMm(k);
    mapped(k, ns.dev!, mm, 32);
    // A fault on the first page of a huge page is rounded to itself, any other to the next.
    assertEquals(handleFault(k, mm, VPN), "nopage");
    checkInvariants(k);
    assertEquals(handleFault(k, mm, VPN + 16 + 3), "nopage");
    assertEquals(readPage(k, ns.dev!.ranges[0].start + 16, PAGE_INDEX), 32);
    assertThrows(() => checkInvariants(k), KernelPanic, "I22");
  }
});

Deno.test("devDaxRemove() removes all mappings, and refuses while a page is held", () => {
  withKernel("", (k) => {
    const ns = mustCreate(k);
    const mms = [newMm(k), newMm(k)];
    for (const mm of mms) assertEquals(populateArea(k, mapped(k, ns.dev!, mm, 32), 16), "nopage");
    const pages = new Float64Array(4);
    assertEquals(gupFast(k, mms[0], VPN + 1, 4, "get", pages, 0), 4);
    assertEquals(devDaxRemove(k, ns.dev!), -EBUSY);
    assert(!entryNone(k, walkTo(k, mms[1].rootPfn, VPN, 1)), "a refusal unmaps nothing");
    putPages(k, pages, 0, 4);
    mustDestroy(k, ns);
    for (const mm of mms) {
      assertEquals(entryNone(k, walkTo(k, mm.rootPfn, VPN, 1)), true);
      assertEquals(handleFault(k, mm, VPN), "sigbus");
    }
    checkInvariants(k);
    for (const mm of mms) mmPut(k, mm);
  });
});

Deno.test("a device with its memmap in pmem binds repeatedly, in the same frames", () => {
  withKernel("", (k) => {
    const ns = mustCreate(k, { map: "dev" });
    const { altmap } = ns.pgmap;
    const handedOut = [altmap!.alloc, altmap!.align];
    for (let round = 0; round < 3; round++) {
      assertEquals(devDaxRemove(k, ns.dev!), 0);
      assertEquals(devDaxProbe(k, ns.dev!), 0);
      assertEquals([altmap!.alloc, altmap!.align], handedOut);
      checkInvariants(k);
    }
    mustDestroy(k, ns);
  });
});

Deno.test("devDaxProbe() refuses a bound device, a static pgmap with two ranges", () => {
  withKernel("", (k) => {
    const ns = mustCreate(k);
    assertEquals(devDaxProbe(k, ns.dev!), -EBUSY);
    assertEquals(deleteDevDax(ns.dev!), -EBUSY);
    mustDestroy(k, ns);
    assertEquals(devDaxRemove(k, ns.dev!), -EINVAL);
    const { start, end } = k.machine.topology.pmem[0];
    const split: DevDax = {
      ...ns.dev!,
      bound: false,
      ranges: [{ start, end: start + 64 }, { start: start + 128, end }],
    };
    assertEquals(devDaxProbe(k, split), -EINVAL);
  });
});

Deno.test("a fault without memory for a table is oom, and maps nothing", () => {
  withDevice("", 256, (k, dev, mm) => {
    mapped(k, dev, mm, 32);
    // The PUD table fails, then the PMD table, then the PTE table: tables made so far stay for the next attempt.
    for (const nth of [1, 2, 2]) {
      k.fault.arm(nth, true);
      assertEquals(handleFault(k, mm, VPN), "oom");
      k.fault.disarm();
      assertEquals(k.stat[C.mappingStores], 0);
      checkInvariants(k);
    }
    assertEquals(handleFault(k, mm, VPN), "nopage");
    // Root, PUD, PMD and PTE table.
    assertEquals(k.uses[USE_USER_TABLE], 4);
  });
});

Deno.test("mmAlloc() without memory is ENOMEM", () => {
  withKernel("", (k) => {
    k.fault.arm(1);
    assertEquals(mmAlloc(k), -ENOMEM);
    k.fault.disarm();
    assertEquals(k.mms.size, 0);
  });
});

// SPDX-License-Identifier: GPL-2.0-only
// The gup_test loop: what it holds and counts, and that its untimed check can fail.

import { assert, assertEquals, assertThrows } from "@std/assert";
import { daxMmap } from "../../drivers/dax/device.ts";
import { KernelPanic } from "../../lib/bug.ts";
import { mustCreate, mustDestroy, withKernel } from "../../testing.ts";
import { gupTest, gupTestGet, gupTestPut, verifyHeld } from "./ioctl.ts";
import type { Kernel, VmArea } from "../kernel.ts";
import { mmAlloc, mmPut, populateArea } from "../memory.ts";

function withArea(kernel: string, run: (k: Kernel, area: VmArea) => void): void {
  withKernel(`kernel=${kernel}`, (k) => {
    const ns = mustCreate(k);
    const mm = mmAlloc(k);
    assert(typeof mm !== "number");
    const area = daxMmap(k, ns.dev!, mm, 1024, 512, 0);
    assert(typeof area !== "number");
    assertEquals(populateArea(k, area, 16), "nopage");
    run(k, area);
    mmPut(k, mm);
    mustDestroy(k, ns);
  });
}

Deno.test("gupTest() holds every page each round, and every round does the same work", () => {
  for (const [kernel, getStores] of [["5.14", 512], ["v4", 32], ["6.1", 512]] as const) {
    for (const mode of ["get", "pin"] as const) {
      withArea(kernel, (k, { mm, start: vpn }) => {
        const once = gupTest(k, { mm, vpn, pages: 512, batch: 64, mode, repeats: 1 });
        const thrice = gupTest(k, { mm, vpn, pages: 512, batch: 64, mode, repeats: 3 });
        assertEquals([once.heldPages, thrice.heldPages], [512, 512]);
        assertEquals([thrice.hostGetMs.length, thrice.hostPutMs.length], [3, 3]);
        assert([...thrice.hostGetMs, ...thrice.hostPutMs].every((ms) => ms >= 0 && ms < 10_000));
        assertEquals([thrice.getCounters, thrice.putCounters], [once.getCounters, once.putCounters]);
        assertEquals(once.getCounters.refcountStoresDram, getStores, `${kernel} ${mode}`);
        assertEquals(once.getCounters.pagesRecorded, 512);
        assertEquals(once.putCounters.refcountStoresDram, mode === "get" || kernel === "5.14" ? 512 : 32);
      });
    }
  }
});

Deno.test("gupTest() reports holding fewer pages than requested", () => {
  withArea("6.1", (k, { mm, start: vpn }) => {
    assertEquals(gupTest(k, { mm, vpn, pages: 600, batch: 100, mode: "pin", repeats: 1 }).heldPages, 512);
    assertEquals(gupTest(k, { mm, vpn: vpn + 2000, pages: 8, batch: 8, mode: "get", repeats: 1 }).heldPages, 0);
  });
});

Deno.test("verifyHeld() panics when a page is not held, or not pinned", () => {
  for (const kernel of ["5.14", "6.1"]) {
    withArea(kernel, (k, { mm, start }) => {
      const pages = new Float64Array(32);
      const held = gupTestGet(k, mm, start, 8, "get", pages);
      assertEquals(held, 32);
      verifyHeld(k, pages, held, "get");
      assertThrows(() => verifyHeld(k, pages, held, "pin"), KernelPanic, "is not held (pin)");
      gupTestPut(k, "get", pages, held);
      assertThrows(() => verifyHeld(k, pages, held, "get"), KernelPanic, "recorded page 0");
    });
  }
});

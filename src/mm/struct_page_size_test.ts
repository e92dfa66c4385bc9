// SPDX-License-Identifier: GPL-2.0-only
// Struct pages of 56, 72 and 80 bytes: a page holds no whole number of them, so nothing may be shared.
//
//   memmap of a 128 MiB section:  56 B  448 pages = 0.875 leaves     72 B  576 = 1.125     80 B  640 = 1.25
//
// so that neighbouring sections meet inside a PMD leaf (I4), which is freed with the last of them.

import { assert, assertEquals, assertThrows } from "@std/assert";
import { boot } from "../boot.ts";
import { daxMmap } from "../drivers/dax/device.ts";
import { createNamespace } from "../drivers/nvdimm/namespace.ts";
import { ndRegions } from "../drivers/nvdimm/region.ts";
import { EINVAL } from "../include/errno.ts";
import { USE_PTE_TABLE, USE_VMEMMAP } from "../include/frame_use.ts";
import type { GupVariant } from "../include/kernel_config.ts";
import { KernelPanic } from "../lib/bug.ts";
import { kernelLike, machine, mustCreate, mustDestroy, withKernel } from "../testing.ts";
import { checkInvariants } from "../debug_vm/debug_vm.ts";
import { gupFast } from "./gup/gup.ts";
import { putPages, unpinPages } from "./gup/put.ts";
import { mmAlloc, mmPut, populateArea } from "./memory.ts";
import { pageRefcount, readPage, vmemmapPage } from "./page.ts";
import { entryHuge, entryNone, vmemmapVpn, walkTo } from "./pgtable.ts";
import { C } from "./vmstat.ts";

const ODD = [56, 72, 80];
const BOX = (struct: number) => `arch=x86-64 dram=1G pmem=256M struct=${struct}`;

for (const struct of ODD) {
  for (const kernel of ["5.14", "v4", "v7", "v7+head", "6.1"]) {
    Deno.test(`a namespace shares nothing with struct pages of ${struct} bytes: ${kernel}`, () => {
      withKernel(`${BOX(struct)} kernel=${kernel}`, (k) => {
        const ns = mustCreate(k, { align: 2 ** 21 });
        checkInvariants(k);
        // Two sections; DRAM's 8 sections end on a leaf's boundary for each of these sizes.
        assertEquals([k.uses[USE_VMEMMAP], k.uses[USE_PTE_TABLE]], [512 * Math.ceil(2 * struct / 64), 0]);
        assertEquals(k.stat[C.structPagesWrittenDram], 65536);
        mustDestroy(k, ns);
      });
    });
  }

  Deno.test(`neighbours keep the leaf they share, with struct pages of ${struct} bytes`, () => {
    for (const first of [0, 1]) {
      withKernel(`${BOX(struct)} kernel=6.1`, (k) => {
        const region = ndRegions(k)[0];
        const both = [0, 1].map(() => mustCreate(k, { size: 2 ** 27, align: 2 ** 21 }, region));
        const leaves = () => k.uses[USE_VMEMMAP] / 512;
        assertEquals(leaves(), Math.ceil(2 * struct / 64));
        mustDestroy(k, both[first]);
        checkInvariants(k);
        const stays = both[1 - first].pgmap.ranges[0];
        const shared = walkTo(k, k.rootPfn, vmemmapVpn(k, vmemmapPage(k, both[1].pgmap.ranges[0].start)), 1);
        assertEquals([entryNone(k, shared), entryHuge(k, shared)], [false, true]);
        assertEquals(pageRefcount(k, stays.start), 1);
        mustDestroy(k, both[1 - first]);
        assertEquals(leaves(), 0);
      });
    }
  });

  Deno.test(`pages are held and returned with struct pages of ${struct} bytes`, () => {
    for (
      const [kernel, variant] of [["v4", "compound"], ["v7", "per-page"], ["5.14", "per-page"], ["v7", "grab-one"]]
    ) {
      const options = { ...machine(BOX(struct)), kernel: kernelLike(kernel, { gup: variant as GupVariant }) };
      withKernel(options, (k) => {
        const ns = mustCreate(k, { align: 2 ** 21 });
        const mm = mmAlloc(k);
        assert(typeof mm !== "number");
        const vpn = 2 ** 18;
        const area = daxMmap(k, ns.dev!, mm, vpn, 2048, 0);
        assert(typeof area !== "number");
        assertEquals(populateArea(k, area, 512), "nopage");
        const head = ns.dev!.ranges[0].start;
        for (const mode of ["get", "pin"] as const) {
          const pages = new Float64Array(1200);
          assertEquals(gupFast(k, mm, vpn + 100, 1200, mode, pages, 0), 1200);
          assert(pages.every((pfn, i) => pfn === head + 100 + i));
          const held = pageRefcount(k, head + 512) - 1;
          assertEquals(held, kernel === "5.14" ? (mode === "pin" ? 1024 : 1) : 512, `${kernel} ${variant} ${mode}`);
          checkInvariants(k);
          (mode === "pin" ? unpinPages : putPages)(k, pages, 0, 1200);
        }
        mmPut(k, mm);
        mustDestroy(k, ns);
      });
    }
  });
}

Deno.test("boot() refuses an unknown struct page size", () => {
  for (const structPageSize of [48, 60, 65, 96, 128, -64, NaN]) {
    assertThrows(() => boot({ structPageSize }), RangeError, `${structPageSize} bytes: expected 56, 64, 72, 80`);
  }
});

Deno.test("an altmap is refused for struct pages larger than the reserve was made for", () => {
  for (const struct of [72, 80]) {
    withKernel(BOX(struct), (k) => {
      const request = { size: 2 ** 28, align: 2 ** 21, map: "dev" } as const;
      assertEquals(createNamespace(k, ndRegions(k)[0], request), -EINVAL);
    });
  }
  withKernel(BOX(56), (k) => {
    const ns = mustCreate(k, { align: 2 ** 21, map: "dev" });
    checkInvariants(k);
    mustDestroy(k, ns);
  });
});

Deno.test("errata dedupAnyStructSize: tails that straddle pages are damaged, and the checker says so", () => {
  for (const struct of ODD) {
    const kernel = kernelLike("v7", {}, { dedupAnyStructSize: true });
    const k = boot({ ...machine(BOX(struct)), kernel });
    const ns = mustCreate(k, { align: 2 ** 21 });
    const { start } = ns.pgmap.ranges[0];
    assert(k.uses[USE_VMEMMAP] < 65536 * struct / 4096, "tails are shared");
    assertThrows(() => checkInvariants(k), KernelPanic);
    // What should read the same in every tail differs: the words of one lie across two others.
    const links = new Set(Array.from({ length: 500 }, (_, i) => readPage(k, start + 2 + i, 8)));
    assert(links.size > 1, `${struct}: ${links.size}`);
    assertEquals(Number.isInteger(k.stat[C.structPagesWrittenDram]), true);
  }
  withKernel({ ...machine(BOX(64)), kernel: kernelLike("v7", {}, { dedupAnyStructSize: true }) }, (k) => {
    const ns = mustCreate(k, { align: 2 ** 21 });
    checkInvariants(k);
    mustDestroy(k, ns);
  });
});

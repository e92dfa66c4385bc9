// SPDX-License-Identifier: GPL-2.0-only
// The direct map: its tables by architecture, entries that lead to their frame, and that all of it is removed again.

import { assert, assertEquals } from "@std/assert";
import { boot } from "../boot.ts";
import { checkInvariants } from "../debug_vm/debug_vm.ts";
import { createNamespace, destroyNamespace } from "../drivers/nvdimm/namespace.ts";
import { ndRegions } from "../drivers/nvdimm/region.ts";
import { ENOMEM } from "../include/errno.ts";
import { USE_DIRECT_MAP } from "../include/frame_use.ts";
import { directVpn } from "./direct_map.ts";
import { totalFreePages } from "./page_alloc.ts";
import { lookupAddress } from "./pgtable.ts";

const GIB = 2 ** 30;
const BOX = { dram: [GIB], contents: false, directMap: true };

/** Tables that a namespace adds at this place; its frames must be mapped while it exists, and not after. */
function tablesOf(arch: string, startBytes: number, size: number): number {
  const k = boot({ ...BOX, arch, pmem: [{ bytes: size, startBytes }] });
  checkInvariants(k);
  const free = totalFreePages(k);
  const before = k.uses[USE_DIRECT_MAP];
  const ns = createNamespace(k, ndRegions(k)[0], { size, align: k.pageBytes, map: "mem" });
  assert(typeof ns !== "number");
  checkInvariants(k);
  const { start, end } = ns.pgmap.ranges[0];
  for (const pfn of [start, start + 1, Math.floor((start + end) / 2), end - 1]) {
    assertEquals(lookupAddress(k, k.rootPfn, directVpn(k, k.arch.directMap!.pgdIndex, pfn))?.pfn, pfn);
  }
  const tables = k.uses[USE_DIRECT_MAP] - before;
  assertEquals(destroyNamespace(k, ns), 0);
  checkInvariants(k);
  assertEquals([lookupAddress(k, k.rootPfn, directVpn(k, k.arch.directMap!.pgdIndex, start)), totalFreePages(k)], [
    null,
    free,
  ]);
  return tables;
}

Deno.test("mapDirect() on x86-64 takes no table for whole GiB, a PMD table at each partial GiB", () => {
  assertEquals(tablesOf("x86-64", 8 * GIB, GIB), 0);
  assertEquals(tablesOf("x86-64", 8 * GIB + 2 ** 24, 2 * GIB), 2);
});

Deno.test("mapDirect() on arm64 maps base pages: 512 PTE tables a gigabyte with 4K pages, 32 with 16K", () => {
  assertEquals(tablesOf("arm64-4k", 8 * GIB, GIB), 512 + 1);
  assertEquals(tablesOf("arm64-16k", 8 * GIB, GIB), 32);
  // Half of what a PTE table of 32 MiB maps: 16 MiB.
  assertEquals(tablesOf("arm64-16k", 8 * GIB + 2 ** 24, 2 ** 24), 1);
});

Deno.test("mapDirect() unwinds when any table cannot be allocated", () => {
  const k = boot({ ...BOX, arch: "arm64-4k", kernel: "v7", pmem: [{ bytes: 2 ** 27, startBytes: 8 * GIB }] });
  const free = totalFreePages(k);
  for (let nth = 1; nth <= 65; nth += 8) {
    k.fault.arm(nth, true);
    const ns = createNamespace(k, ndRegions(k)[0], { size: 2 ** 27, align: 4096, map: "mem" });
    k.fault.disarm();
    assertEquals([ns, totalFreePages(k)], [-ENOMEM, free], `allocation ${nth}`);
    checkInvariants(k);
  }
});

Deno.test("memory that cannot be added stays mapped on x86-64, and is counted once when added again", () => {
  const pmem = [{ bytes: GIB, startBytes: 8 * GIB }];
  const k = boot({ ...BOX, kernel: "v7", pmem });
  const tables = k.uses[USE_DIRECT_MAP];
  const [region] = ndRegions(k);
  const create = (size: number) => createNamespace(k, region, { size, align: 2 ** 21, map: "mem" });
  const mapped = () => lookupAddress(k, k.rootPfn, directVpn(k, k.arch.directMap!.pgdIndex, 8 * GIB / 4096))?.level;
  // The PMD table of the direct map is allocated, the first frame of memmap is not.
  k.fault.arm(2, true);
  assertEquals(create(2 ** 28), -ENOMEM);
  k.fault.disarm();
  checkInvariants(k);
  assertEquals([k.uses[USE_DIRECT_MAP], mapped()], [tables + 1, 1]);
  const ns = create(GIB);
  assert(typeof ns !== "number");
  checkInvariants(k);
  assertEquals([k.uses[USE_DIRECT_MAP], mapped()], [tables + 1, 1]);
  assertEquals(destroyNamespace(k, ns), 0);
  checkInvariants(k);
  assertEquals([k.uses[USE_DIRECT_MAP], mapped()], [tables, undefined]);
});

// SPDX-License-Identifier: GPL-2.0-only
// arm64 machines booted for real: where the vmemmap lies, which tables map it, and huge pages of every size.

import { assert, assertEquals } from "@std/assert";
import { boot } from "../../boot.ts";
import { USE_PMD_TABLE, USE_PTE_TABLE, USE_PUD_TABLE } from "../../include/frame_use.ts";
import { PRESETS } from "../../include/kernel_config.ts";
import { SZ_1G } from "../../include/sizes.ts";
import { checkInvariants } from "../../debug_vm/debug_vm.ts";
import { setNrHugepages } from "../../mm/hugetlb/hugetlb.ts";
import { totalFreePages } from "../../mm/page_alloc.ts";
import { pageAddressHi, pageAddressLo } from "../../mm/page.ts";
import { levelPages, tableEntries } from "../../mm/pgtable.ts";
import { walkTables } from "../../mm/ptdump.ts";
import { pageBytes, vmemmapStartIndex } from "../arch.ts";
import { ARM64_16K, ARM64_4K, ARM64_64K } from "./arm64.ts";

const GRANULES = [ARM64_4K, ARM64_16K, ARM64_64K];

Deno.test("vmemmapStartIndex() agrees with VMEMMAP_START of 48-bit addresses", () => {
  for (const arch of GRANULES) {
    // VMEMMAP_START = -(1 << (VA_BITS - (PAGE_SHIFT - STRUCT_PAGE_MAX_SHIFT)))
    const { pageShift, tableShift, topLevel } = arch.format;
    const start = 2n ** 64n - 2n ** BigInt(48 - (pageShift - 6));
    assertEquals(Number(start >> 32n), arch.vmemmapHi, arch.name);
    const index = vmemmapStartIndex(arch);
    for (let level = 0; level <= topLevel; level++) {
      const bits = Math.min(tableShift, 48 - pageShift - level * tableShift);
      const wanted = (start >> BigInt(pageShift + level * tableShift)) & (2n ** BigInt(bits) - 1n);
      assertEquals(BigInt(index[level]), wanted, `${arch.name} level ${level}`);
    }
  }
});

Deno.test("booting arm64 builds the vmemmap's tables: leaves with 4K pages, entries with 16K and 64K", () => {
  // 2 GiB: sections of 128M (2M of memmap) or, with 64K pages, 512M (512K of memmap)
  const expected = { "arm64-4k": [0, 16, 0], "arm64-16k": [0, 0, 512], "arm64-64k": [0, 0, 32] };
  for (const arch of GRANULES) {
    const k = boot({ arch, dram: [2 * SZ_1G] });
    checkInvariants(k);
    const leaves = [0, 0, 0];
    walkTables(k, k.rootPfn, 0, tableEntries(k), { leaf: (level) => leaves[2 - level]++ });
    assertEquals(leaves, expected[arch.name as keyof typeof expected], arch.name);
    assertEquals(k.uses[USE_PUD_TABLE] + k.uses[USE_PMD_TABLE], arch.format.topLevel === 3 ? 2 : 1);
    assertEquals(k.uses[USE_PTE_TABLE], arch.hugeVmemmap ? 0 : 1);
    assertEquals([pageAddressLo(k, 5), pageAddressHi(k, 5)], [320, arch.vmemmapHi | 0]);
    assert(levelPages(k, 1) === pageBytes(arch) / 8);
  }
});

Deno.test("setNrHugepages() on arm64 frees what each size's memmap allows, with leaves and with base pages", () => {
  for (const arch of GRANULES) {
    for (const keep of [1, 2] as const) {
      for (const vmemmapMap of ["pmd", "base"] as const) {
        const kernel = { ...PRESETS["6.1"], hugetlbKeep: keep, hugetlbLiveRemap: false };
        const k = boot({ arch, kernel, dram: [4 * SZ_1G], hugetlbFreeVmemmap: true, vmemmapMap });
        for (const h of k.hugetlb.hstates) {
          // 16G pages do not fit.
          const count = h.bytes > 2 * SZ_1G ? 0 : 2;
          const free = totalFreePages(k);
          const tables = k.uses[USE_PTE_TABLE];
          assertEquals(setNrHugepages(k, h, 2), count);
          const vmemmap = h.pages * 64 / k.pageBytes;
          const saved = vmemmap > keep ? vmemmap - keep : 0;
          const split = k.uses[USE_PTE_TABLE] - tables;
          assertEquals(free - totalFreePages(k), count * (h.pages - saved) + split, `${arch.name} ${h.name}`);
          if (!arch.hugeVmemmap || vmemmapMap === "base" || saved === 0) assertEquals(split, 0);
          checkInvariants(k);
          setNrHugepages(k, h, 0);
          checkInvariants(k);
          assertEquals(totalFreePages(k), free - split);
        }
      }
    }
  }
});

Deno.test("a 16G page of 64K pages keeps 1 of 256 vmemmap pages, mapped by entries of one table", () => {
  const k = boot({ arch: ARM64_64K, kernel: "5.18", dram: [34 * SZ_1G], hugetlbFreeVmemmap: true });
  const h = k.hugetlb.hstates[2];
  const free = totalFreePages(k);
  assertEquals(setNrHugepages(k, h, 1), 1);
  assertEquals(free - totalFreePages(k), 2 ** 18 - 255);
  checkInvariants(k);
  setNrHugepages(k, h, 0);
  assertEquals(totalFreePages(k), free);
});

Deno.test("the largest block of the buddy allocator follows arm64's Kconfig: ARCH_FORCE_MAX_ORDER", () => {
  assertEquals(GRANULES.map(({ maxOrder }) => maxOrder), [10, 11, 13]);
});

Deno.test("no entry of arm64 is executable: PXN and UXN, bits 53 and 54, are set", () => {
  for (const { name, format } of GRANULES) {
    const { kernelPage, kernelPageRo, kernelHuge, userPage, userHuge } = format;
    for (const { hi } of [kernelPage, kernelPageRo, kernelHuge, userPage, userHuge]) {
      assertEquals((hi >>> 21) & 3, 3, name);
    }
  }
});

Deno.test("entries have the bits of the architecture's manual: AP1 for user pages, AP2 for read-only ones", () => {
  for (const { format } of GRANULES) {
    const { kernelPage, kernelPageRo, userPage, userHuge } = format;
    const ap = [kernelPage, kernelPageRo, userPage, userHuge].map(({ lo }) => (lo >> 6) & 3);
    assertEquals(ap, [0, 2, 1, 1]);
  }
});

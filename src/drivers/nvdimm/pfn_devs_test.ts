// SPDX-License-Identifier: GPL-2.0-only
// Where a namespace's data begins and what its memmap takes, compared with a real kernel (I17).

import { assertEquals } from "@std/assert";
import { boot } from "../../boot.ts";
import { EINVAL, ENXIO } from "../../include/errno.ts";
import { USE_ALTMAP_VMEMMAP, USE_PMD_TABLE, USE_PTE_TABLE, USE_VMEMMAP } from "../../include/frame_use.ts";
import { ZONE_DEVICE } from "../../include/mmzone.ts";
import { parseSize } from "../../lib/units.ts";
import { altmapOffset } from "../../mm/vmemmap/altmap.ts";
import { checkInvariants } from "../../debug_vm/debug_vm.ts";
import { totalFreePages } from "../../mm/page_alloc.ts";
import { machine, mustCreate, mustDestroy, withKernel } from "../../testing.ts";
import { checkInfoBlock } from "./debug_pfn.ts";
import { createNamespace, usableBytes } from "./namespace.ts";
import { type MapMode, ndPfnInit, nvdimmSetupPfn } from "./pfn_devs.ts";
import { ndRegions } from "./region.ts";

/**
 * Measured on Linux 6.1.192 (x86-64, 6 GiB of DRAM, one NVDIMM at 0x200000000): size, align, map, usable bytes, reserve
 * bytes, 4 KiB memmap frames, 2 MiB blocks in DRAM, PTE tables, DRAM pages in all (walked in the kernel's page tables).
 */
const LINUX_6_1: readonly (readonly [string, string, MapMode, number, number, number, number, number, number])[] = [
  ["1G", "4K", "mem", 1071644672, 2097152, 0, 8, 0, 4096],
  ["1G", "4K", "dev", 1054867456, 18874368, 0, 0, 0, 0],
  ["1G", "2M", "mem", 1071644672, 2097152, 1024, 0, 8, 1032],
  ["1G", "2M", "dev", 1054867456, 18874368, 0, 0, 0, 0],
  ["4G", "4K", "mem", 4292870144, 2097152, 0, 32, 0, 16384],
  ["4G", "4K", "dev", 4225761280, 69206016, 0, 0, 0, 0],
  ["4G", "2M", "mem", 4292870144, 2097152, 4096, 0, 32, 4128],
  ["4G", "2M", "dev", 4225761280, 69206016, 0, 0, 0, 0],
  ["4G", "1G", "mem", 3221225472, 1073741824, 8, 0, 32, 40],
  ["4G", "1G", "dev", 3221225472, 1073741824, 0, 0, 0, 0],
  ["16G", "4K", "mem", 17177772032, 2097152, 0, 128, 0, 65536],
  ["16G", "4K", "dev", 16909336576, 270532608, 0, 0, 0, 0],
  ["16G", "2M", "mem", 17177772032, 2097152, 16384, 0, 128, 16512],
  ["16G", "2M", "dev", 16909336576, 270532608, 0, 0, 0, 0],
  ["16G", "1G", "mem", 16106127360, 1073741824, 32, 0, 128, 160],
  ["16G", "1G", "dev", 16106127360, 1073741824, 0, 0, 0, 0],
];

for (const [size, align, map, usable, reserve, frames, blocks, tables, dram] of LINUX_6_1) {
  Deno.test(`ndPfnInit() and the memmap agree with Linux 6.1: ${size}, align ${align}, map=${map}`, () => {
    withKernel(`arch=x86-64 dram=6G pmem=${size} nocontents`, (k) => {
      const before = [...k.uses];
      const free = totalFreePages(k);
      const ns = mustCreate(k, { align: parseSize(align), map });
      assertEquals(ns.extent.start, 0x200000000);
      checkInfoBlock(k, ns);
      assertEquals([usableBytes(k, ns), ns.info.dataoff], [usable, reserve]);
      const took = (use: number) => k.uses[use] - before[use];
      assertEquals([took(USE_VMEMMAP), took(USE_PTE_TABLE)], [frames + 512 * blocks, tables]);
      assertEquals([took(USE_PMD_TABLE), free - totalFreePages(k)], [0, dram]);
      const memmap = parseSize(size) / 4096 / 64;
      assertEquals(took(USE_ALTMAP_VMEMMAP), map === "dev" ? memmap : 0);
      const zone = k.nodes[0].zones[ZONE_DEVICE];
      assertEquals([zone.spanned, zone.present, zone.managed], [parseSize(size) / 4096, 0, 0]);
      mustDestroy(k, ns);
    });
  });
}

Deno.test("ndPfnInit() finds no room in 1 GiB at 1 GiB alignment: ENXIO, as on Linux 6.1", () => {
  withKernel("arch=x86-64 dram=1G pmem=1G nocontents", (k) => {
    for (const map of ["mem", "dev"] as const) {
      assertEquals(createNamespace(k, ndRegions(k)[0], { size: 2 ** 30, align: 2 ** 30, map }), -ENXIO);
    }
  });
});

Deno.test("ndPfnInit() cuts off the end that is not aligned", () => {
  const k = boot(machine("arch=x86-64 dram=128M pmem=4G nocontents"));
  const [GIB, MIB] = [2 ** 30, 2 ** 20];
  // | 1G .. 2G reserve | 2G .. 3G data | 16M cut off |
  assertEquals(ndPfnInit(k, GIB, 2 * GIB + 16 * MIB, GIB, "mem"), {
    mode: "mem",
    align: GIB,
    dataoff: GIB,
    endTrunc: 16 * MIB,
    npfns: 262144,
  });
  // A start that is not aligned: data begins at the next boundary.
  const info = ndPfnInit(k, GIB + 16 * MIB, 3 * GIB - 16 * MIB, GIB, "mem");
  assertEquals(info, { mode: "mem", align: GIB, dataoff: GIB - 16 * MIB, endTrunc: 0, npfns: 2 * 262144 });
});

Deno.test("nvdimmSetupPfn() sets the whole reserve but the info block aside as altmap", () => {
  const k = boot(machine("arch=x86-64 dram=128M pmem=1G nocontents"));
  const info = ndPfnInit(k, 2 ** 30, 2 ** 30, 2 ** 21, "dev");
  if (typeof info === "number") throw new Error(`ndPfnInit: ${info}`);
  const setup = nvdimmSetupPfn(k, 2 ** 30, 2 ** 30, info);
  assertEquals(setup.range, { start: 262144, end: 524288 });
  assertEquals(setup.altmap, {
    basePfn: 262144,
    endPfn: 524288,
    reserve: 2,
    free: 18874368 / 4096 - 2,
    align: 0,
    alloc: 0,
  });
  assertEquals(altmapOffset(setup.altmap), 18874368 / 4096);
});

Deno.test("ndPfnInit() refuses map=dev for struct pages larger than the reserve, unless the kernel is built for them", () => {
  for (const [struct, ok] of [[56, true], [64, true], [72, false], [80, false]] as const) {
    for (const kernel of ["6.12", "6.12,pageStructOverride=true"]) {
      withKernel(`arch=x86-64 dram=1G pmem=1G struct=${struct} kernel=${kernel} nocontents`, (k) => {
        const ns = createNamespace(k, ndRegions(k)[0], { size: 2 ** 30, align: 2 ** 21, map: "dev" });
        const made = ok || kernel !== "6.12";
        assertEquals(typeof ns === "number" ? ns : 0, made ? 0 : -EINVAL);
        if (typeof ns === "number") return;
        // 262142 frames after the label and info block, each with room for a struct page.
        assertEquals(ns.info.dataoff, Math.ceil((8192 + Math.max(64, struct) * 262142) / 2 ** 21) * 2 ** 21);
        checkInvariants(k);
        checkInfoBlock(k, ns);
        mustDestroy(k, ns);
      });
    }
  }
});

Deno.test("ndPfnInit() refuses a start inside a subsection", () => {
  const k = boot(machine("arch=x86-64 dram=128M pmem=1G nocontents"));
  for (const start of [4096, 2 ** 20, 2 ** 21 - 4096]) {
    assertEquals(ndPfnInit(k, 2 ** 30 + start, 2 ** 29, 4096, "mem"), -EINVAL);
  }
});

Deno.test("an altmap begins at a page boundary, whatever the page size", () => {
  // 8 KiB of label and info block fill two pages, half of one, an eighth of one.
  for (const [arch, reserve] of [["arm64-4k", 2], ["arm64-16k", 1], ["arm64-64k", 1]] as const) {
    withKernel(`arch=${arch} dram=1G pmem=1G kernel=6.1`, (k) => {
      const ns = mustCreate(k, { align: k.pageBytes, map: "dev" });
      const { altmap, ranges } = ns.pgmap;
      assertEquals([altmap?.reserve, altmapOffset(altmap)], [reserve, ns.info.dataoff / k.pageBytes], arch);
      assertEquals(ranges[0].start + altmapOffset(altmap), ns.dev?.ranges[0].start);
      checkInvariants(k);
      checkInfoBlock(k, ns);
      mustDestroy(k, ns);
    });
  }
});

// SPDX-License-Identifier: GPL-2.0-only
// The life of namespaces: created next to each other, destroyed in any order, refused, recreated.

import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { EBUSY, EINVAL, ENOSPC, ENXIO } from "../../include/errno.ts";
import { PRESETS } from "../../include/kernel_config.ts";
import { checkInvariants } from "../../debug_vm/debug_vm.ts";
import { gupFast } from "../../mm/gup/gup.ts";
import { putPages } from "../../mm/gup/put.ts";
import { getDevPagemap, putDevPagemap } from "../../mm/memremap.ts";
import { mmAlloc, mmPut, populateArea } from "../../mm/memory.ts";
import { kernelLike, machine, mustCreate, mustDestroy, stockDifference, takeStock, withKernel } from "../../testing.ts";
import { deleteDevDax } from "../dax/bus.ts";
import { daxMmap, devDaxRemove } from "../dax/device.ts";
import { checkInfoBlock } from "./debug_pfn.ts";
import { createNamespace, destroyNamespace, type NdNamespace, usableBytes } from "./namespace.ts";
import { ndRegions } from "./region.ts";

Deno.test("createNamespace() refuses a size that is not whole units, and a full region", () => {
  withKernel("", (k) => {
    const region = ndRegions(k)[0];
    const before = takeStock(k);
    for (const [size, errno] of [[1000, -EINVAL], [0, -EINVAL], [2 ** 19, -ENOSPC]]) {
      assertEquals(createNamespace(k, region, { size, align: 4096, map: "mem" }), errno);
    }
    assertEquals([stockDifference(before, takeStock(k)), region.used], ["", []]);
  });
});

Deno.test("createNamespace() makes base pages of an fsdax namespace under every kernel", () => {
  for (const kernel of Object.keys(PRESETS)) {
    for (const map of ["mem", "dev"] as const) {
      withKernel(`kernel=${kernel}`, (k) => {
        const ns = mustCreate(k, { mode: "fsdax", align: 4096, map });
        assertEquals([ns.dev, ns.pgmap.type, ns.pgmap.geometry], [null, "fsdax", 1]);
        assertEquals(usableBytes(k, ns), 2 ** 18 - ns.info.dataoff);
        checkInvariants(k);
        mustDestroy(k, ns);
      });
    }
  }
});

Deno.test("usableBytes() is what the device offers", () => {
  withKernel("", (k) => {
    for (const align of [256, 4096, 65536]) {
      for (const map of ["mem", "dev"] as const) {
        const ns = mustCreate(k, { align, map });
        const { start, end } = ns.dev!.ranges[0];
        assertEquals(usableBytes(k, ns), (end - start) * 256);
        assertEquals(start * 256 % align, 0);
        mustDestroy(k, ns);
      }
    }
  });
});

Deno.test("destroyNamespace() refuses while one of its pages is held, not for another's", () => {
  for (const mode of ["devdax", "fsdax"] as const) {
    withKernel("", (k) => {
      const region = ndRegions(k)[0];
      const held = mustCreate(k, { size: 2 ** 16, align: 4096 }, region);
      const other = mustCreate(k, { size: 2 ** 16, align: 4096, mode }, region);
      const mm = mmAlloc(k);
      assert(typeof mm !== "number");
      const area = daxMmap(k, held.dev!, mm, 1024, 16, 0);
      assert(typeof area !== "number");
      assertEquals(populateArea(k, area, 16), "nopage");
      const pages = new Float64Array(3);
      assertEquals(gupFast(k, mm, 1024, 3, "get", pages, 0), 3);
      assertEquals(destroyNamespace(k, held), -EBUSY);
      assertEquals(destroyNamespace(k, other), 0, mode);
      putPages(k, pages, 0, 3);
      mmPut(k, mm);
      mustDestroy(k, held);
    });
  }
});

Deno.test("destroyNamespace() of an fsdax namespace refuses while one of its own pages is held", () => {
  withKernel("", (k) => {
    const ns = mustCreate(k, { mode: "fsdax", map: "dev" });
    // A file system would have handed the page out; here the reference is taken by hand and put back.
    const pages = Float64Array.of(ns.pgmap.ranges[0].end - 1);
    k.gupRefs++;
    k.phys.words[k.cpu.mmu.write(Math.floor(pages[0] / 4)) + 16 * (pages[0] % 4) + 13]++;
    checkInvariants(k);
    assertEquals(destroyNamespace(k, ns), -EBUSY);
    putPages(k, pages, 0, 1);
    mustDestroy(k, ns);
  });
});

Deno.test("regions near different nodes take memmap from their own node", () => {
  withKernel("dram=512K,512K pmem=128K,128K/1", (k) => {
    const regions = ndRegions(k);
    const free = () =>
      k.nodes.map((n) => n.zones.reduce((sum, z) => sum + z.areas.reduce((s, a) => s + a.freeUnits, 0), 0));
    for (const [nid, region] of regions.entries()) {
      const before = free();
      const ns = mustCreate(k, { size: 2 ** 17, align: 4096 }, region);
      const took = free().map((n, i) => before[i] - n);
      assertEquals([took[nid] > 0, took[1 - nid]], [true, 0]);
      mustDestroy(k, ns);
    }
  });
});

// 80 MiB are 1.25 memmap pages where pages have 64 KiB, and 5 with 16 KiB: neighbours share one, or do not. A namespace
// whose altmap holds a shared page must stay (mm/vmemmap/from_altmap_test.ts), so the last one is destroyed first.
for (const arch of ["x86-64", "arm64-4k", "arm64-16k", "arm64-64k"]) {
  Deno.test(`neighbours are destroyed in any order and the others stay intact: ${arch}`, () => {
    for (const order of [[0, 1, 2], [1, 2, 0]]) {
      for (const map of ["mem", "dev"] as const) {
        withKernel(`arch=${arch} dram=512M pmem=512M kernel=v7`, (k) => {
          const region = ndRegions(k)[0];
          const all = order.map(() => mustCreate(k, { size: 80 * 2 ** 20, align: k.pageBytes, map }, region));
          for (const ns of all) checkInfoBlock(k, ns);
          for (const i of arch === "arm64-64k" && map === "dev" ? [2, 1, 0] : order) {
            checkInvariants(k);
            mustDestroy(k, all[i]);
          }
        });
      }
    }
  });
}

Deno.test("createNamespace() refuses a page size that no entry maps, whatever the namespace is for", () => {
  withKernel("", (k) => {
    const region = ndRegions(k)[0];
    for (const mode of ["devdax", "fsdax"] as const) {
      for (const align of [0, -4096, 512, 3 * 4096, 2 ** 20]) {
        assertEquals(
          createNamespace(k, region, { size: 2 ** 17, align, map: "mem", mode }),
          -ENXIO,
          `${mode} ${align}`,
        );
      }
    }
    assertEquals(region.used, []);
  });
});

Deno.test("destroyNamespace() removes the device too, whether its driver is bound or not", () => {
  for (const bound of [true, false]) {
    withKernel("", (k) => {
      const ns = mustCreate(k);
      if (!bound) assertEquals(devDaxRemove(k, ns.dev!), 0);
      mustDestroy(k, ns);
      assertEquals(deleteDevDax(ns.dev!), -EINVAL, "it is gone");
    });
  }
});

Deno.test("destroyNamespace() twice is EINVAL and does not affect neighbours", () => {
  for (const mode of ["devdax", "fsdax"] as const) {
    withKernel("", (k) => {
      const region = ndRegions(k)[0];
      const [gone, stays] = [0, 1].map(() => mustCreate(k, { size: 2 ** 17, align: 4096, mode }, region));
      mustDestroy(k, gone);
      assertEquals(destroyNamespace(k, gone), -EINVAL, mode);
      assertEquals(region.used, [stays.extent]);
      mustDestroy(k, stays);
    });
  }
});

/**
 * Namespaces are created and destroyed at random in one region, also as neighbours in one section; everything is
 * checked each time.
 */
for (const kernel of Object.keys(PRESETS)) {
  Deno.test(`any order of creating and destroying leaves the machine intact: ${kernel}`, () => {
    const op = fc.record({
      units: fc.integer({ min: 1, max: 40 }),
      align: fc.constantFrom(256, 4096, 65536),
      map: fc.constantFrom("mem" as const, "dev" as const),
      mode: fc.constantFrom("devdax" as const, "fsdax" as const),
      destroy: fc.nat(5),
    });
    fc.assert(
      fc.property(fc.array(op, { minLength: 1, maxLength: 10 }), fc.constantFrom(0, 0.7), (ops, fragment) => {
        // 6.1's own defect (compounds that begin inside a section) is left out: the checker refuses what it builds.
        const options = { ...machine(`pmem=256K fragment=${fragment}`), kernel: kernelLike(kernel) };
        withKernel(options, (k) => {
          const region = ndRegions(k)[0];
          const alive: NdNamespace[] = [];
          for (const { units, align, map, mode, destroy } of ops) {
            const before = takeStock(k);
            const ns = createNamespace(k, region, { size: units * 4096, align, map, mode });
            if (typeof ns === "number") assertEquals(stockDifference(before, takeStock(k)), "");
            else alive.push(ns);
            checkInvariants(k);
            if (destroy === 0 && alive.length > 0) mustDestroy(k, alive.splice(units % alive.length, 1)[0]);
          }
          for (const ns of alive) mustDestroy(k, ns);
          assertEquals(region.used, []);
        });
      }),
      { numRuns: 40 },
    );
  });
}

Deno.test("destroyNamespace() refuses while the pgmap is referenced, and succeeds after that", () => {
  for (const mode of ["devdax", "fsdax"] as const) {
    for (const kernel of ["v4", "6.1"]) {
      withKernel(`kernel=${kernel}`, (k) => {
        const ns = mustCreate(k, { mode });
        const held = getDevPagemap(k, ns.pgmap.ranges[0].start, null);
        assertEquals([held, destroyNamespace(k, ns)], [ns.pgmap, -EBUSY]);
        assertEquals([ns.pgmap.dying, getDevPagemap(k, ns.pgmap.ranges[0].start, held)], [false, held]);
        putDevPagemap(held);
        assertEquals(destroyNamespace(k, ns), 0);
      });
    }
  }
});

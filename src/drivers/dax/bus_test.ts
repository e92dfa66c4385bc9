// SPDX-License-Identifier: GPL-2.0-only
// Dynamic dax regions, as created by hmem: devices of any size in one range, and the pgmap that a device must drop.

import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { boot } from "../../boot.ts";
import { EBUSY, EINVAL, ENOSPC } from "../../include/errno.ts";
import type { KernelConfig } from "../../include/kernel_config.ts";
import { checkInvariants } from "../../debug_vm/debug_vm.ts";
import type { Kernel } from "../../mm/kernel.ts";
import { handleFault, mmAlloc, mmPut } from "../../mm/memory.ts";
import { entryFrame, walkTo } from "../../mm/pgtable.ts";
import { kernelLike, machine, mustCreate, mustDestroy, withKernel } from "../../testing.ts";
import {
  allocDaxRegion,
  createDevDax,
  daxPgoffToPfn,
  type DaxRegion,
  deleteDevDax,
  type DevDax,
  devDaxPages,
  reconfigureDevDax,
} from "./bus.ts";
import { daxMmap, devDaxProbe, devDaxRemove } from "./device.ts";

function dynamicRegion(k: Kernel, align = 4096): DaxRegion {
  const { nid, start, end } = k.machine.topology.pmem[0];
  const region = allocDaxRegion(k, nid, { start, end }, align, false);
  if (region === null) throw new Error("allocDaxRegion: misaligned");
  return region;
}

function device(k: Kernel, region: DaxRegion, pages: number, align = 4096): DevDax {
  const dev = createDevDax(k, region, pages, align, null);
  if (typeof dev === "number") throw new Error(`createDevDax: ${dev}`);
  return dev;
}

const runs = (dev: DevDax, base: number) => dev.ranges.map((r) => [r.start - base, r.end - base]);

Deno.test("allocDaxRegion() requires both ends to be aligned", () => {
  const k = boot(machine(""));
  const ends: [number, number, boolean][] = [[0, 16, true], [8, 32, false], [0, 24, false], [16, 16, false], [
    32,
    16,
    false,
  ]];
  for (const [start, end, ok] of ends) {
    assertEquals(allocDaxRegion(k, 0, { start: 4096 + start, end: 4096 + end }, 4096, false) !== null, ok);
  }
});

Deno.test("a device of a dynamic region is created, probed, mapped, removed and created anew", () => {
  for (const kernel of ["5.14", "v4", "v7", "6.1"]) {
    withKernel(`kernel=${kernel}`, (k) => {
      const region = dynamicRegion(k);
      for (const align of [4096, 65536, 256]) {
        const dev = device(k, region, 512, align);
        assertEquals(devDaxProbe(k, dev), 0);
        assertEquals(dev.pgmap!.geometry, kernel === "5.14" ? 1 : align / 256);
        checkInvariants(k);
        assertEquals(reconfigureDevDax(k, dev, 256, 4096), -EBUSY);
        assertEquals(devDaxRemove(k, dev), 0);
        assertEquals(dev.pgmap, null);
        assertEquals(deleteDevDax(dev), 0);
      }
      assertEquals(region.devices, []);
    });
  }
});

Deno.test("a device takes free space, in several ranges if necessary", () => {
  withKernel("", (k) => {
    const region = dynamicRegion(k);
    const base = region.range.start;
    const [a, b, c] = [256, 64, 256].map((pages) => device(k, region, pages));
    assertEquals([runs(a, base), runs(b, base), runs(c, base)], [[[0, 256]], [[256, 320]], [[320, 576]]]);
    assertEquals(devDaxProbe(k, b), 0);
    assertEquals([deleteDevDax(a), deleteDevDax(c)], [0, 0]);
    // | free 256 | b | free 704 |: 640 pages need both sides of b
    const split = device(k, region, 640);
    assertEquals(runs(split, base), [[0, 256], [320, 704]]);
    assertEquals(devDaxPages(split), 640);
    assertEquals(devDaxProbe(k, split), 0);
    assertEquals([split.pgmap!.nrRange, split.pgmap!.refs], [2, 1 + 40]);
    checkInvariants(k);
    assertEquals([0, 255, 256, 639, 640].map((off) => daxPgoffToPfn(split, off, 1)), [
      base,
      base + 255,
      base + 320,
      base + 703,
      -1,
    ]);
    assertEquals(daxPgoffToPfn(split, 248, 16), -1, "a huge page does not span ranges");
    assertEquals(createDevDax(k, region, 512, 4096, null), -ENOSPC);
    assertEquals([devDaxRemove(k, split), devDaxRemove(k, b)], [0, 0]);
  });
});

Deno.test("a fault finds the right range of a device", () => {
  withKernel("", (k) => {
    const region = dynamicRegion(k);
    const [hole] = [device(k, region, 64)].map((first) => [first, device(k, region, 64)][0]);
    deleteDevDax(hole);
    const dev = device(k, region, 128);
    assertEquals(dev.ranges.length, 2);
    assertEquals(devDaxProbe(k, dev), 0);
    const mm = mmAlloc(k);
    assert(typeof mm !== "number");
    assert(typeof daxMmap(k, dev, mm, 1024, 128, 0) !== "number");
    for (const at of [0, 64]) {
      assertEquals(handleFault(k, mm, 1024 + at + 1), "nopage");
      assertEquals(entryFrame(k, walkTo(k, mm.rootPfn, 1024 + at, 1)), dev.ranges[at / 64].start);
    }
    checkInvariants(k);
    mmPut(k, mm);
    assertEquals(devDaxRemove(k, dev), 0);
  });
});

Deno.test("createDevDax() refuses sizes that are not whole device pages", () => {
  withKernel("", (k) => {
    const region = dynamicRegion(k);
    // 512 and 8192 are whole pages of 256 bytes, and no entry maps them.
    for (const [pages, align] of [[0, 4096], [-16, 4096], [8, 4096], [16, 1000], [64, 512], [64, 8192], [64, -4096]]) {
      assertEquals(createDevDax(k, region, pages, align, null), -EINVAL);
    }
    assertEquals(createDevDax(k, region, 2048, 4096, null), -ENOSPC);
    assertEquals(region.devices, []);
  });
});

Deno.test("reconfigureDevDax() changes size and page size of an unbound dynamic device only", () => {
  withKernel("", (k) => {
    const region = dynamicRegion(k);
    const dev = device(k, region, 64);
    assertEquals(reconfigureDevDax(k, dev, 256, 65536), 0);
    assertEquals([devDaxPages(dev), dev.align], [256, 65536]);
    assertEquals(reconfigureDevDax(k, dev, 8, 65536), -EINVAL);
    assertEquals(reconfigureDevDax(k, dev, 4096, 65536), -ENOSPC);
    assertEquals(reconfigureDevDax(k, dev, 256, 8192), -EINVAL);
    assertEquals([devDaxPages(dev), dev.align], [256, 65536], "a refusal changes nothing");
    const ns = mustCreate(k);
    mustDestroy(k, ns);
    assertEquals(reconfigureDevDax(k, ns.dev!, 64, 4096), -EINVAL);
  });
});

Deno.test("patch 6: a dynamic device that keeps its pgmap comes up with its old ranges", () => {
  const comeUpResized = (changes: Partial<KernelConfig>) => {
    const k = withKernel({ ...machine(""), kernel: kernelLike("v4", changes) }, (k) => k);
    const region = dynamicRegion(k);
    const base = region.range.start;
    const dev = device(k, region, 256);
    assertEquals(devDaxProbe(k, dev), 0);
    assertEquals(devDaxRemove(k, dev), 0);
    assertEquals(reconfigureDevDax(k, dev, 64, 4096), 0);
    const other = device(k, region, 64);
    const errors = [devDaxProbe(k, dev), devDaxProbe(k, other)];
    return { errors, up: dev.pgmap!.ranges.map((r) => [r.start - base, r.end - base]), ranges: runs(dev, base) };
  };
  assertEquals(comeUpResized({}), { errors: [0, 0], up: [[0, 64]], ranges: [[0, 64]] });
  // The stale pgmap still says 256 pages: it covers memory that now belongs to another device, which cannot come up.
  const stale = comeUpResized({ clearDynamicPgmap: false });
  assertEquals([stale.up, stale.ranges], [[[0, 256]], [[0, 64]]]);
  assertEquals([stale.errors[0], stale.errors[1] < 0], [0, true]);
});

Deno.test("patch 6: a device of two ranges that keeps its pgmap cannot be bound again", () => {
  const rebind = (clearDynamicPgmap: boolean) => {
    const k = withKernel({ ...machine(""), kernel: kernelLike("v4", { clearDynamicPgmap }) }, (k) => k);
    const region = dynamicRegion(k);
    const first = device(k, region, 64);
    device(k, region, 64);
    deleteDevDax(first);
    const dev = device(k, region, 128);
    assertEquals([devDaxProbe(k, dev), devDaxRemove(k, dev)], [0, 0]);
    return devDaxProbe(k, dev);
  };
  // Only a static pgmap exists before the probe, and it has one range.
  assertEquals([rebind(true), rebind(false)], [0, -EINVAL]);
});

Deno.test("devices never overlap and never leave their region, in any order of creating and deleting", () => {
  const op = fc.record({
    create: fc.boolean(),
    units: fc.integer({ min: 1, max: 20 }),
    huge: fc.boolean(),
    pick: fc.nat(9),
  });
  const k = boot(machine(""));
  fc.assert(fc.property(fc.array(op, { maxLength: 25 }), (ops) => {
    const region = dynamicRegion(k);
    for (const { create, units, huge, pick } of ops) {
      if (!create && region.devices.length > 0) deleteDevDax(region.devices[pick % region.devices.length]);
      else createDevDax(k, region, units * (huge ? 256 : 16), huge ? 65536 : 4096, null);
      const seen = new Set<number>();
      for (const { ranges, align } of region.devices) {
        for (const { start, end } of ranges) {
          assert(start >= region.range.start && end <= region.range.end && start < end);
          assertEquals([start % (align / 256), end % (align / 256)], [0, 0]);
          for (let pfn = start; pfn < end; pfn += 16) {
            assert(!seen.has(pfn));
            seen.add(pfn);
          }
        }
      }
    }
  }));
});

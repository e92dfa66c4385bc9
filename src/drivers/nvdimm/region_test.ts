// SPDX-License-Identifier: GPL-2.0-only
// Extents of a region: first fit, whole units, no overlap.

import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { boot } from "../../boot.ts";
import { EINVAL, ENOSPC } from "../../include/errno.ts";
import { machine } from "../../testing.ts";
import {
  availableSize,
  claimExtent,
  type Extent,
  maxAvailableExtent,
  ndRegions,
  releaseExtent,
  setRegionAlign,
} from "./region.ts";

Deno.test("ndRegions() gives each region of the box in bytes", () => {
  const k = boot(machine("dram=256K,256K pmem=64K,128K/1"));
  assertEquals(ndRegions(k).map(({ id, nid, start, end }) => [id, nid, start, end]), [
    [0, 0, 2 ** 19, 2 ** 19 + 2 ** 16],
    [1, 1, 2 ** 19 + 2 ** 16, 2 ** 19 + 3 * 2 ** 16],
  ]);
});

Deno.test("claimExtent() requires whole units: 16 MiB on x86-64", () => {
  const k = boot(machine("arch=x86-64 dram=128M pmem=1G nocontents"));
  const region = ndRegions(k)[0];
  for (const size of [0, -(2 ** 24), 2 ** 23, 2 ** 24 + 4096]) assertEquals(claimExtent(region, size), -EINVAL);
  assertEquals(claimExtent(region, 2 ** 31), -ENOSPC);
  assertEquals(region.used, []);
});

Deno.test("claimExtent() fills the lowest gap, against a model of units", () => {
  const k = boot(machine("pmem=64K"));
  const op = fc.record({ claim: fc.boolean(), units: fc.integer({ min: 1, max: 6 }), pick: fc.nat(20) });
  fc.assert(fc.property(fc.array(op, { maxLength: 40 }), (ops) => {
    const region = ndRegions(k)[0];
    const taken = new Array(16).fill(false);
    const held: Extent[] = [];
    for (const { claim, units, pick } of ops) {
      if (!claim) {
        if (held.length === 0) continue;
        const [extent] = held.splice(pick % held.length, 1);
        releaseExtent(region, extent);
        taken.fill(false, (extent.start - region.start) / 4096, (extent.end - region.start) / 4096);
        continue;
      }
      let at = 0;
      while (at + units <= 16 && taken.slice(at, at + units).some((t) => t)) at++;
      const extent = claimExtent(region, units * 4096);
      if (at + units > 16) assertEquals(extent, -ENOSPC);
      else {
        assert(typeof extent !== "number");
        assertEquals(extent.start, region.start + at * 4096);
        held.push(extent);
        taken.fill(true, at, at + units);
      }
      assertEquals(region.used.map((e) => e.start), held.map((e) => e.start).sort((a, b) => a - b));
    }
  }));
});

/** A region of 18G over some DIMMs, in the default place. */
function regionOf(ways: number, bytes = 18 * 2 ** 30) {
  const k = boot({ dram: [2 ** 30], pmem: [{ bytes, ways }], contents: false });
  return { k, region: ndRegions(k)[0] };
}

Deno.test("ndRegions() has default_align(): 16M, times the ways that do not divide it", () => {
  const aligns = [1, 2, 3, 4, 6, 8, 12].map((ways) => regionOf(ways, 2 ** 30 * 12).region.align / 2 ** 20);
  assertEquals(aligns, [16, 16, 48, 16, 96, 16, 192]);
  assertEquals(regionOf(1, 8 * 2 ** 20).region.align, 4096);
});

Deno.test("setRegionAlign() takes a power of two of each DIMM, from a page to the region", () => {
  const { k, region } = regionOf(6);
  for (const bad of [0, 4096, 2 ** 24, 6 * 4095, 6 * 12288, 5 * 2 ** 24, 6 * 2 ** 32, 1.5, -6 * 4096]) {
    assertEquals([setRegionAlign(k, region, bad), region.align], [-EINVAL, 96 * 2 ** 20], `${bad}`);
  }
  for (const good of [6 * 4096, 6 * 2 ** 21, 6 * 2 ** 30]) {
    assertEquals([setRegionAlign(k, region, good), region.align], [0, good]);
  }
});

Deno.test("availableSize() counts whole units, maxAvailableExtent() the largest run of them", () => {
  // 18G over six DIMMs, units of 96M: 192 of them.
  //
  //   |0  96M| 96M .. 288M | free |                 before
  //   | free | 96M .. 288M | free |                 the first is given back
  const { k, region } = regionOf(6);
  const [M, whole] = [2 ** 20, 18 * 2 ** 30];
  assertEquals([availableSize(region), maxAvailableExtent(region)], [whole, whole]);
  const first = claimExtent(region, 96 * M);
  assert(typeof first !== "number");
  assertEquals(claimExtent(region, 192 * M), { start: region.start + 96 * M, end: region.start + 288 * M });
  assertEquals(claimExtent(region, 16 * M), -EINVAL);
  releaseExtent(region, first);
  assertEquals([availableSize(region), maxAvailableExtent(region)], [whole - 192 * M, whole - 288 * M]);
  assertEquals(claimExtent(region, whole - 192 * M), -ENOSPC);
  // Larger units: what is in use counts whole, and gaps begin at one of them.
  assertEquals(setRegionAlign(k, region, 6 * 64 * M), 0);
  assertEquals([availableSize(region), maxAvailableExtent(region)], [whole - 384 * M, whole - 384 * M]);
});

Deno.test("claimExtent() of a region without labels takes all of it, once, whatever the size", () => {
  const bytes = 2 ** 30 + 4096;
  const k = boot({ dram: [2 ** 30], pmem: [{ bytes, labels: false }], contents: false });
  const [region] = ndRegions(k);
  assertEquals(claimExtent(region, 2 ** 24), { start: region.start, end: region.end });
  assertEquals(claimExtent(region, bytes), -ENOSPC);
  assertEquals([availableSize(region), maxAvailableExtent(region)], [0, 0]);
});

Deno.test("claimExtent() leaves an incomplete unit at the end of a region", () => {
  // Over three DIMMs: 21 units of 48M, and 12M.
  const unit = 48 * 2 ** 20;
  const { region } = regionOf(3, 21 * unit + 12 * 2 ** 20);
  assertEquals(claimExtent(region, 22 * unit), -ENOSPC);
  assertEquals(claimExtent(region, 21 * unit), { start: region.start, end: region.start + 21 * unit });
  assertEquals(claimExtent(region, unit), -ENOSPC);
});

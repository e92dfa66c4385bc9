// SPDX-License-Identifier: GPL-2.0-only
// Extents of a region: first fit, whole units, no overlap.

import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { boot } from "../../boot.ts";
import { EINVAL, ENOSPC } from "../../include/errno.ts";
import { machine } from "../../testing.ts";
import { claimExtent, type Extent, ndRegions, releaseExtent } from "./region.ts";

Deno.test("ndRegions() gives each region of the box in bytes", () => {
  const k = boot(machine("dram=256K,256K pmem=64K,128K/1"));
  assertEquals(ndRegions(k).map(({ id, nid, start, end }) => [id, nid, start, end]), [
    [0, 0, 2 ** 19, 2 ** 19 + 2 ** 16],
    [1, 1, 2 ** 19 + 2 ** 16, 2 ** 19 + 3 * 2 ** 16],
  ]);
});

Deno.test("claimExtent() wants whole units: 16 MiB on x86-64", () => {
  const k = boot(machine("arch=x86-64 dram=128M pmem=1G nocontents"));
  const region = ndRegions(k)[0];
  for (const size of [0, -(2 ** 24), 2 ** 23, 2 ** 24 + 4096]) assertEquals(claimExtent(k, region, size), -EINVAL);
  assertEquals(claimExtent(k, region, 2 ** 31), -ENOSPC);
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
      const extent = claimExtent(k, region, units * 4096);
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

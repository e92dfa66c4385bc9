// SPDX-License-Identifier: GPL-2.0-only
// The check of info blocks (I17): it passes what nd_pfn_init() lays out anywhere, and names each figure that is off.

import { assertThrows } from "@std/assert";
import fc from "fast-check";
import { KernelPanic } from "../../lib/bug.ts";
import { machine, mustCreate, mustDestroy, withKernel } from "../../testing.ts";
import { boot } from "../../boot.ts";
import { createNamespace, type NdNamespace } from "./namespace.ts";
import { checkInfoBlock } from "./debug_pfn.ts";
import { ndRegions } from "./region.ts";

Deno.test("checkInfoBlock() passes every valid namespace, wherever it begins", () => {
  const pages = fc.integer({ min: 2, max: 40 });
  fc.assert(
    fc.property(
      pages,
      pages,
      fc.constantFrom(256, 4096, 65536),
      fc.constantFrom("mem", "dev"),
      (first, n, align, map) => {
        withKernel("pmem=1M kernel=v7", (k) => {
          const [region] = ndRegions(k);
          const before = mustCreate(k, { size: first * 4096, map: "mem" }, region);
          const ns = createNamespace(k, region, { size: n * 4096, align, map: map as "mem" | "dev" });
          if (typeof ns !== "number") {
            checkInfoBlock(k, ns);
            mustDestroy(k, ns);
          }
          mustDestroy(k, before);
        });
      },
    ),
    { numRuns: 60 },
  );
});

const DAMAGE: readonly (readonly [string, (ns: NdNamespace) => NdNamespace])[] = [
  ["data at", (ns) => ({ ...ns, info: { ...ns.info, dataoff: ns.info.dataoff + 4096 } })],
  ["data at", (ns) => ({ ...ns, info: { ...ns.info, dataoff: ns.info.dataoff - 4096 } })],
  ["cut off", (ns) => ({ ...ns, info: { ...ns.info, endTrunc: 4096 } })],
  ["frames of data", (ns) => ({ ...ns, info: { ...ns.info, npfns: ns.info.npfns - 1 } })],
  ["an altmap of", (ns) => ({ ...ns, pgmap: { ...ns.pgmap, altmap: { ...ns.pgmap.altmap!, free: 3 } } })],
  ["kept in front", (ns) => ({ ...ns, pgmap: { ...ns.pgmap, altmap: { ...ns.pgmap.altmap!, reserve: 3 } } })],
  ["an altmap that", (ns) => ({ ...ns, pgmap: { ...ns.pgmap, altmap: null } })],
];

for (const [i, [says, damage]] of DAMAGE.entries()) {
  Deno.test(`checkInfoBlock() notices damage ${i + 1}: ${says}`, () => {
    const k = boot(machine("kernel=v7"));
    const ns = mustCreate(k, { map: "dev" });
    checkInfoBlock(k, ns);
    assertThrows(() => checkInfoBlock(k, damage(ns)), KernelPanic, `I17 namespace at ${ns.extent.start} has`);
    assertThrows(() => checkInfoBlock(k, damage(ns)), KernelPanic, says);
  });
}

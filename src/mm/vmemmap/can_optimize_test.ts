// SPDX-License-Identifier: GPL-2.0-only
// vmemmap_can_optimize(): every reason against sharing tails is enough, alone and with others.

import { assertEquals } from "@std/assert";
import { boot } from "../../boot.ts";
import type { VmemmapDedup } from "../../include/kernel_config.ts";
import { kernelLike } from "../../testing.ts";
import { newPgmap } from "../memremap.ts";
import { vmemmapCanOptimize } from "./sparse_vmemmap.ts";

const KEPT: readonly [VmemmapDedup, number][] = [["pte", 2], ["pte+head", 1], ["pte+table", 2]];
const START = 2 ** 18;
const ALTMAP = { basePfn: START, endPfn: 2 * START, reserve: 0, free: START, align: 0, alloc: 0 };

// Which of five reasons hold, as bits: no sharing at all, an architecture that did not opt in, struct pages that
// straddle pages, an altmap, a compound whose memmap is no more than the pages that stay.
Deno.test("vmemmapCanOptimize() is true if and only if no rule refuses", () => {
  for (const [dedup, kept] of KEPT) {
    for (let reasons = 0; reasons < 32; reasons++) {
      const [none, optIn, straddles, altmap, small] = [1, 2, 4, 8, 16].map((bit) => (reasons & bit) !== 0);
      const kernel = kernelLike("v7", { dedup: none ? "none" : dedup, dedupOptIn: optIn });
      const k = boot({ arch: "arm64-4k", dram: [2 ** 28], kernel, structPageSize: straddles ? 56 : 64 });
      const alike = kept * k.pageBytes / k.structPageSize;
      const geometry = small ? Math.floor(alike) : Math.ceil(alike) + 1;
      const pgmap = newPgmap(k, "generic", [{ start: START, end: 2 * START }], altmap ? ALTMAP : null, 0, geometry);
      assertEquals(vmemmapCanOptimize(k, pgmap), reasons === 0, `${dedup}, reasons ${reasons}`);
    }
  }
});

Deno.test("vmemmapCanOptimize() with an architecture that opted in, or with errata dedupAnyStructSize", () => {
  const shares = (arch: string, structPageSize: number, dedupAnyStructSize: boolean) => {
    const kernel = kernelLike("v7", { dedupOptIn: true }, { dedupAnyStructSize });
    const k = boot({ arch, dram: [2 ** 28], kernel, structPageSize });
    return vmemmapCanOptimize(k, newPgmap(k, "generic", [{ start: START, end: 2 * START }], null, 0, 512));
  };
  assertEquals([shares("x86-64", 64, false), shares("arm64-4k", 64, false)], [true, false]);
  assertEquals([shares("x86-64", 56, false), shares("x86-64", 56, true)], [false, true]);
});

Deno.test("vmemmapCanOptimize() is false for memmap that belongs to no pgmap", () => {
  assertEquals(vmemmapCanOptimize(boot({ arch: "toy", dram: [2 ** 18] }), null), false);
});

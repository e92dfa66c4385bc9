// SPDX-License-Identifier: GPL-2.0-only
// HugeTLB under failing allocations: every path, with memmap in leaves and in base pages, one or two vmemmap pages
// kept, flushing and freeing one by one or in batches, on the toy (exhaustively) and on x86-64, including 1 GiB pages.

import { assert, assertEquals, assertThrows } from "@std/assert";
import { boot, type BootOptions } from "../../src/boot.ts";
import type { Hstate } from "../../src/include/hugetlb.ts";
import { type KernelConfig, PRESETS } from "../../src/include/kernel_config.ts";
import { KernelPanic } from "../../src/lib/bug.ts";
import { bootHugetlb, variantName, VARIANTS } from "../../src/mm/hugetlb/hugetlb_testing.ts";
import type { Kernel } from "../../src/mm/kernel.ts";
import {
  brokenSweep,
  dissolveSweep,
  growSweep,
  overcommitSweep,
  placeSweep,
  returnSweep,
  shrinkSweep,
  shrinkWholeSweep,
  splitSweep,
  switchOnSweep,
} from "./pool_paths.ts";
import { type Sweep, sweepEach, sweepFresh, sweepOrder, type Swept } from "./sweep.ts";

type Path = (k: Kernel, h: Hstate) => Sweep;

/** Enough for the paths of small pages; a larger machine would not allocate more often. */
const SMALL = { dram: [2 ** 22], hostMemoryBytes: 2 ** 18 };

/** Every path, with enough pages to make a batch visible. */
const PATHS: Readonly<Record<string, Path>> = {
  "growing the pool": (k, h) => growSweep(k, h, 3),
  "sharing switched on": (k, h) => switchOnSweep(k, h, 2),
  "shrinking the pool": (k, h) => shrinkSweep(k, h, 3),
  "shrinking a pool of whole pages": (k, h) => shrinkWholeSweep(k, h, 3),
  "returning a surplus page": (k, h) => returnSweep(k, h),
  "taking a surplus page": (k, h) => overcommitSweep(k, h),
  "placing a page": (k, h) => placeSweep(k, h, 2 ** Math.max(h.order, 12)),
  "dissolving a page": (k, h) => dissolveSweep(k, h, 2),
  "a page that goes bad": (k, h) => brokenSweep(k, h, 2),
  "splitting leaves": (k) => splitSweep(k, 4096),
};

/** Paths for pages larger than the allocator's largest block; the toy has room for two such pages. */
const GIGANTIC: Readonly<Record<string, Path>> = {
  "growing": (k, h) => growSweep(k, h, 2),
  "shrinking": (k, h) => shrinkSweep(k, h, 2),
  "dissolving": (k, h) => dissolveSweep(k, h, 1),
  "placing": (k, h) => placeSweep(k, h, 2 ** h.order),
};

/** Sweeps a path with one failure, with all after one failing, and by order. Returns the first result. */
function sweepPath(make: () => readonly [Kernel, Sweep], orders: readonly number[], stride = 1): Swept {
  const one = sweepFresh(make, false, stride);
  const all = sweepFresh(make, true, stride);
  assertEquals(all.allocations, one.allocations);
  // Failing all that follow cannot fail fewer runs.
  assert(all.failed >= one.failed);
  for (const order of orders) sweepOrder(...make(), order);
  return one;
}

function kernels(): { kernel: KernelConfig; vmemmapMap: "pmd" | "base"; name: string }[] {
  const variants = VARIANTS.map((variant) => ({ ...variant, name: variantName(variant) }));
  return [
    ...Object.values(PRESETS).map((kernel) => ({ kernel, vmemmapMap: "pmd" as const, name: kernel.name })),
    ...variants,
  ];
}

for (const { kernel, vmemmapMap, name } of kernels()) {
  Deno.test(`sweepFresh() on the toy, ${name}: every HugeTLB path copes with every allocation failing`, () => {
    for (const [what, path] of Object.entries(PATHS)) {
      const make = () => {
        const k = bootHugetlb({ ...SMALL, kernel, vmemmapMap });
        const [h] = k.hugetlb.hstates;
        return [k, path(k, h)] as const;
      };
      const { allocations } = sweepPath(make, [0, 6]);
      const none = what === "shrinking a pool of whole pages" || (what === "splitting leaves" && vmemmapMap === "base");
      assertEquals(allocations === 0, none, `${what} allocates ${allocations} times`);
    }
  });
}

Deno.test("sweepFresh() on the toy with two nodes: pools of both cope", () => {
  for (const { kernel } of VARIANTS.filter(({ vmemmapMap }) => vmemmapMap === "pmd")) {
    for (const path of Object.values(PATHS)) {
      const make = () => {
        const k = bootHugetlb({ kernel, dram: [2 ** 22, 2 ** 22] });
        const [h] = k.hugetlb.hstates;
        return [k, path(k, h)] as const;
      };
      sweepPath(make, []);
    }
  }
});

for (const keep of [1, 2] as const) {
  Deno.test(`sweepFresh() on the toy: pages of 4096 frames that keep ${keep} cope, at one allocation in 97`, () => {
    for (const [what, path] of Object.entries(GIGANTIC)) {
      const make = () => gigantic(path, { kernel: { ...PRESETS["6.1"], hugetlbKeep: keep } });
      // 8 leaves of 64 vmemmap pages: 511 or 510 frames come back per page.
      const { allocations } = sweepPath(make, [0, 12], what === "growing" || what === "placing" ? 1 : 97);
      assert(allocations > 8, `${what} allocates ${allocations} times`);
    }
  });
}

function gigantic(path: Path, options: BootOptions): readonly [Kernel, Sweep] {
  const k = bootHugetlb(options);
  const h = k.hugetlb.hstates[1];
  return [k, path(k, h)];
}

/** Two kernels of x86-64 that differ in HugeTLB. */
for (const kernel of ["5.14", "6.1"]) {
  Deno.test(`sweepFresh() on x86-64 ${kernel}: 2 MiB pages cope with every allocation failing`, () => {
    for (const [what, path] of Object.entries(PATHS)) {
      const make = () => {
        const k = boot({ kernel, dram: [64 * 2 ** 20], hugetlbFreeVmemmap: true });
        const [h] = k.hugetlb.hstates;
        return [k, path(k, h)] as const;
      };
      const { allocations } = sweepPath(make, [0, 9]);
      assertEquals(allocations === 0, what === "shrinking a pool of whole pages", what);
    }
  });

  Deno.test(`sweepEach() on x86-64 ${kernel}: a 1 GiB page copes`, () => {
    const k = boot({ kernel, dram: [2.5 * 2 ** 30], hugetlbFreeVmemmap: true });
    const h = k.hugetlb.hstates[1];
    const grown = sweepEach(k, growSweep(k, h, 1), true);
    // The run of blocks, then a table for each of 8 leaves, which stay split.
    assert(grown.allocations >= 2, `${grown.allocations} allocations`);
    const freed = 4096 - k.config.hugetlbKeep;
    const shrunk = sweepEach(k, shrinkSweep(k, h, 1), false, 1021);
    assert(shrunk.gotAlong === Math.ceil(freed / 1021) && shrunk.failed === 0);
    const dissolved = sweepEach(k, dissolveSweep(k, h, 1), true, 1021);
    assert(dissolved.failed === Math.ceil(freed / 1021) && dissolved.gotAlong === 0);
  });
}

Deno.test("sweepFresh() finds a path that is not undone, and a page that is lost when it cannot be restored", () => {
  const make = (path: Path) => () => {
    const k = bootHugetlb();
    return [k, path(k, k.hugetlb.hstates[0])] as const;
  };
  const stays = make((k, h) => ({ ...growSweep(k, h, 1), undo: () => {} }));
  assertThrows(() => sweepFresh(stays), KernelPanic, "conserved were");
  const lost = make((k, h) => {
    const sweep = dissolveSweep(k, h, 2);
    h.freeLists[0].push = () => 0;
    return sweep;
  });
  assertThrows(() => sweepFresh(lost), KernelPanic, "I12");
});

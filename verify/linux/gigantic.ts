// SPDX-License-Identifier: GPL-2.0-only
// A huge page of 1G at run time on a captured machine (gigantic.json): base pages that leave and come back, and what of
// boot's memmap becomes managed. What the pools of boot have is for reading: it is what a guest lacks against another.

import { checkInvariants } from "../../src/debug_vm/debug_vm.ts";
import { SZ_1G } from "../../src/include/sizes.ts";
import { setNrHugepages, sizeToHstate } from "../../src/mm/hugetlb/hugetlb.ts";
import type { Kernel } from "../../src/mm/kernel.ts";
import { totalFreePages } from "../../src/mm/page_alloc.ts";
import { basePagesOf, freedPages } from "../formulas/hugetlb.ts";
import { PAGE } from "../formulas/vmemmap.ts";
import type { Capture, CapturedMachine } from "./captures.ts";
import { bootCaptured } from "./emulated.ts";
import type { CapturedRow, Fields } from "./row.ts";

/** Free pages by which two readings differ: the largest seen. */
const NOISE = 24;
/** PTE tables of the memmap of a page of 1G. */
const SPLIT_TABLES = 8;

interface Counts {
  readonly free: number;
  readonly managed: number;
}

interface UpAndDown {
  readonly before: Counts;
  readonly up: Counts;
  readonly down: Counts;
}

/** Rows of a capture: with the optimisation and without. */
export function giganticRows({ data, machine }: Capture): CapturedRow[] {
  const { modes } = data as { readonly modes: Readonly<Record<string, { readonly none: { runTime: UpAndDown } }>> };
  return Object.entries(modes).map(([mode, { none }]) => {
    const on = mode === "on";
    const kept = basePagesOf(SZ_1G, PAGE) - (on ? freedPages(SZ_1G, PAGE, 1) - SPLIT_TABLES : 0);
    return {
      name: `1G at run time, ${mode}`,
      linux: changes(none.runTime),
      formula: { consumed: kept },
      emulate: () => changes(upAndDown(machine, on)),
      noise: { consumed: NOISE, returned: NOISE },
    };
  });
}

function changes({ before, up, down }: UpAndDown): Fields {
  return {
    consumed: before.free - up.free,
    returned: down.free - up.free,
    managedUp: up.managed - before.managed,
    managedDown: down.managed - before.managed,
  };
}

function upAndDown(machine: CapturedMachine, on: boolean): UpAndDown {
  const k = bootCaptured(machine, { pmem: [], hugetlbFreeVmemmap: on, contents: true });
  const h = sizeToHstate(k, SZ_1G)!;
  const before = countsOf(k);
  setNrHugepages(k, h, 1);
  const up = countsOf(k);
  checkInvariants(k);
  setNrHugepages(k, h, 0);
  return { before, up, down: countsOf(k) };
}

function countsOf(k: Kernel): Counts {
  return { free: totalFreePages(k), managed: k.nodes[0].zones.reduce((sum, z) => sum + z.managed, 0) };
}

// SPDX-License-Identifier: GPL-2.0-only
// Huge pages of 1G and 2M on a captured machine (gigantic.json): a page of 1G allocated and freed at run time, and
// pools made at boot: base pages taken and returned, how much of boot's memmap becomes managed, and where memmap is
// counted. A boot-time pool is compared through the difference between its guest and one without a pool.

import { checkInvariants } from "../../src/debug_vm/debug_vm.ts";
import { SZ_1G, SZ_2M } from "../../src/include/sizes.ts";
import { setNrHugepages, sizeToHstate } from "../../src/mm/hugetlb/hugetlb.ts";
import { basePagesOf, freedPages } from "../formulas/hugetlb.ts";
import { PAGE } from "../formulas/vmemmap.ts";
import type { Capture, CapturedMachine } from "./captures.ts";
import { bootCaptured, countsOf, type MemmapCounters, since } from "./emulated.ts";
import { type CapturedRow, type Fields, flat } from "./row.ts";

/** Noise of free pages, within one guest and between two: the largest difference seen. */
const NOISE = 24;
const NOISE_OF_GUESTS = 64;
/** Noise of managed pages between two guests: boot keeps the kernel's command line, whose length differs. */
const NOISE_OF_BOOT = 2;
/** PTE tables of the memmap of a page of 1G. */
const SPLIT_TABLES = 8;
const FIELDS = ["free", "managed"] as const;

interface Counts {
  readonly free: number;
  readonly managed: number;
  readonly memmap: MemmapCounters;
}

interface UpAndDown {
  readonly got: number;
  readonly before: Counts;
  readonly up: Counts;
  readonly down: Counts;
}

/** Captured guests with the optimisation, or without, by pool: "none", "boot 1G x 1". */
type Pools = Readonly<Record<string, { readonly boot: Counts; readonly runTime?: UpAndDown }>>;

/**
 * Rows of a capture: with the optimisation and without. A guest whose kernel image occupies the only room for a page of
 * 1G does not get one, and is left out.
 */
export function giganticRows({ data, machine }: Capture): CapturedRow[] {
  const { modes } = data as { readonly modes: Readonly<Record<string, Pools>> };
  return Object.entries(modes).flatMap(([mode, pools]) => {
    const on = mode === "on";
    const { none, ...boot } = pools;
    const kept = basePagesOf(SZ_1G, PAGE) - (on ? freedPages(SZ_1G, PAGE, 1) - SPLIT_TABLES : 0);
    const atRunTime: CapturedRow = {
      name: `1G at run time, ${mode}`,
      linux: runTimeFields(none.runTime!),
      formula: { consumed: kept },
      emulate: () => runTimeFields(upAndDown(machine, on)),
      noise: { consumed: NOISE, returned: NOISE },
    };
    const got = Object.entries(boot).filter(([name, pool]) => none.boot.free - pool.boot.free > pagesOf(name) / 2);
    const atBoot = got.map(([name, pool]): CapturedRow => ({
      name: `${name}, ${mode}`,
      linux: since(FIELDS, pool.boot, none.boot),
      emulate: () => since(FIELDS, bootedWith(machine, on, name), bootedWith(machine, on, null)),
      noise: { free: NOISE_OF_GUESTS, managed: NOISE_OF_BOOT },
    }));
    return none.runTime!.got === 0 ? atBoot : [atRunTime, ...atBoot];
  });
}

function runTimeFields({ got, before, up, down }: UpAndDown): Fields {
  const { free: taken, ...whileUp } = since(FIELDS, up, before);
  const { free: _free, ...afterwards } = since(FIELDS, down, before);
  return flat({ got, consumed: -taken, returned: down.free - up.free, up: whileUp, down: afterwards });
}

function upAndDown(machine: CapturedMachine, on: boolean): UpAndDown {
  const k = bootCaptured(machine, { pmem: [], hugetlbFreeVmemmap: on, contents: true });
  const h = sizeToHstate(k, SZ_1G)!;
  const before = countsOf(k);
  const got = setNrHugepages(k, h, 1);
  const up = countsOf(k);
  checkInvariants(k);
  setNrHugepages(k, h, 0);
  return { got, before, up, down: countsOf(k) };
}

/** The pool described by a name such as "boot 2M x 64". */
function poolOf(name: string): { readonly bytes: number; readonly count: number } {
  const [, size, count] = /^boot (1G|2M) x (\d+)$/.exec(name)!;
  return { bytes: size === "1G" ? SZ_1G : SZ_2M, count: Number(count) };
}

function pagesOf(name: string): number {
  const { bytes, count } = poolOf(name);
  return bytes * count / PAGE;
}

/** A guest with the pool described by a name such as "boot 2M x 64", or none. */
function bootedWith(machine: CapturedMachine, on: boolean, pool: string | null): Counts {
  const hugepages = pool === null ? [] : [poolOf(pool)];
  const k = bootCaptured(machine, { pmem: [], hugetlbFreeVmemmap: on, contents: true, hugepages });
  checkInvariants(k);
  return countsOf(k);
}

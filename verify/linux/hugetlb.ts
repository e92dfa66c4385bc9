// SPDX-License-Identifier: GPL-2.0-only
// nr_hugepages 0, n, 0 on real machines (hugetlb.json): base pages that leave and come back, and what becomes managed
// memory when boot's memmap is freed. Readings of free pages are blurred, on later kernels more than on 6.1.

import { checkInvariants } from "../../src/debug_vm/debug_vm.ts";
import { setNrHugepages, sizeToHstate } from "../../src/mm/hugetlb/hugetlb.ts";
import { totalFreePages } from "../../src/mm/page_alloc.ts";
import { basePagesOf, freedPages } from "../formulas/hugetlb.ts";
import { latest } from "../measure/measure.ts";
import type { Capture, CapturedMachine } from "./captures.ts";
import type { CapturedRow, Fields } from "./row.ts";
import { bootCaptured } from "./emulated.ts";

const HUGE = 2 ** 21;
const BASE = 4096;
/** Pages by which two readings differ: the largest seen. */
const NOISE_6_1 = 4;
const NOISE_LATER = 16;

type Mode = "on" | "off";

interface Step {
  readonly n: number;
  readonly consumed: number;
  readonly returned: number;
}

/** Rows of a capture: a step each, with the optimisation and without. */
export function hugetlbRows({ data, machine, folder, release }: Capture): CapturedRow[] {
  const { modes } = data as { readonly modes: Readonly<Record<Mode, { readonly steps: readonly Step[] }>> };
  const noise = release.startsWith("6.1.") ? NOISE_6_1 : NOISE_LATER;
  return (["on", "off"] as const).flatMap((mode) => {
    const { steps } = modes[mode];
    const pool = () => latest(`hugetlb ${folder} ${mode}`, () => poolSteps(machine, mode, steps.map(({ n }) => n)));
    const perPage = basePagesOf(HUGE, BASE) - (mode === "on" ? freedPages(HUGE, BASE, 1) : 0);
    return steps.map(({ n, consumed, returned }, i) => ({
      name: `${mode} ${n}`,
      linux: { consumed, returned },
      formula: { consumed: n * perPage, returned: n * perPage },
      emulate: () => pool()[i],
      noise: { consumed: noise, returned: noise },
    }));
  });
}

/**
 * Does on the emulator what the steps of hugetlb.json do: a first round of as many pages as the largest splits the
 * leaves, as it had on the measured kernel; then each step up and down.
 */
function poolSteps(machine: CapturedMachine, mode: Mode, counts: readonly number[]): Fields[] {
  const k = bootCaptured(machine, { pmem: [], hugetlbFreeVmemmap: mode === "on", contents: true });
  const h = sizeToHstate(k, HUGE)!;
  setNrHugepages(k, h, Math.max(...counts));
  setNrHugepages(k, h, 0);
  return counts.map((n) => {
    const before = totalFreePages(k);
    setNrHugepages(k, h, n);
    const between = totalFreePages(k);
    checkInvariants(k);
    setNrHugepages(k, h, 0);
    return { consumed: before - between, returned: totalFreePages(k) - between };
  });
}

// SPDX-License-Identifier: GPL-2.0-only
// nr_hugepages 0, n, 0 on real machines (hugetlb.json): base pages taken and returned, and pages that become managed
// when boot's memmap is freed, the first rounds included. Free pages are noisy, on later kernels more than on 6.1.

import { levelBytes } from "../../src/arch/arch.ts";
import { checkInvariants } from "../../src/debug_vm/debug_vm.ts";
import { setNrHugepages, sizeToHstate } from "../../src/mm/hugetlb/hugetlb.ts";
import { basePagesOf, freedPages, ROWS } from "../formulas/hugetlb.ts";
import { latest } from "../measure/measure.ts";
import type { Capture, CapturedMachine } from "./captures.ts";
import type { CapturedRow, Fields } from "./row.ts";
import { bootCaptured, countsOf } from "./emulated.ts";

/** Noise of free pages: the largest difference seen. */
const NOISE_6_1 = 4;
const NOISE_LATER = 16;

type Mode = "on" | "off";

interface Step {
  readonly n: number;
  readonly consumed: number;
  readonly returned: number;
}

/** A round with as many pages as the largest step, before the steps. */
interface Round {
  readonly consumed: number;
  readonly returned: number;
  /** Change of managed pages over the round. */
  readonly managedDelta: number;
}

type Steps = { readonly steps: readonly Step[] } & Readonly<Record<`nr_hugepages_0_${number}_0`, readonly Round[]>>;

/** Rows of a capture: one per step, with the optimisation and without. */
export function hugetlbRows({ data, machine, folder, release }: Capture): CapturedRow[] {
  const { modes } = data as { readonly modes: Readonly<Record<Mode, Steps>> };
  const free = release.startsWith("6.1.") ? NOISE_6_1 : NOISE_LATER;
  return (["on", "off"] as const).flatMap((mode) => {
    const { steps } = modes[mode];
    const largest = Math.max(...steps.map(({ n }) => n));
    const rounds = modes[mode][`nr_hugepages_0_${largest}_0`].map((round) => ({ n: largest, ...round }));
    const ns = [...rounds, ...steps].map(({ n }) => n);
    const pool = () => latest(`hugetlb ${folder} ${mode}`, () => poolSteps(machine, mode, ns));
    // nr_hugepages applies to pages of the default size, which a PMD entry maps.
    const { huge, page } = ROWS.find(({ arch, level }) => arch === machine.arch && level === "pmd")!;
    // arm64 remaps no live entries since 6.3.
    const freed = mode === "on" && machine.arch === "x86-64" ? freedPages(huge, page, 1) : 0;
    const perPage = basePagesOf(huge, page) - freed;
    const noise = { consumed: free, returned: free };
    const firstRounds = rounds.map((round, i) => ({
      name: `${mode} ${largest}, round ${i + 1}`,
      linux: roundFields(round, i),
      emulate: () => pool()[i],
      noise,
    }));
    const row = ({ n, consumed, returned }: Step, i: number) => ({
      name: `${mode} ${n}`,
      linux: { consumed, returned },
      formula: { consumed: n * perPage, returned: n * perPage },
      emulate: () => pool()[rounds.length + i],
      noise,
    });
    return [...firstRounds, ...steps.map(row)];
  });
}

/**
 * The first round frees boot's memmap, once for every huge page. Whether a later round gets pages that were never huge
 * before is the allocator's choice.
 */
function roundFields({ consumed, returned, managedDelta }: Round, i: number): Fields {
  return i === 0 ? { consumed, returned, managedDelta } : { consumed, returned };
}

/** Repeats hugetlb.json on the emulator: rounds and steps, each up and down. The first splits the leaves. */
function poolSteps(machine: CapturedMachine, mode: Mode, counts: readonly number[]): Fields[] {
  const k = bootCaptured(machine, { pmem: [], hugetlbFreeVmemmap: mode === "on", contents: true });
  const h = sizeToHstate(k, levelBytes(k.arch, 1))!;
  return counts.map((n) => {
    const before = countsOf(k);
    setNrHugepages(k, h, n);
    const up = countsOf(k);
    checkInvariants(k);
    setNrHugepages(k, h, 0);
    const down = countsOf(k);
    return {
      consumed: before.free - up.free,
      returned: down.free - up.free,
      managedDelta: down.managed - before.managed,
    };
  });
}

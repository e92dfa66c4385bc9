// SPDX-License-Identifier: GPL-2.0-only
// Tries a mutation: the exercise must pass without it, and panic with it.

import { boot } from "../../src/boot.ts";
import { PRESETS } from "../../src/include/kernel_config.ts";
import { KernelPanic } from "../../src/lib/bug.ts";
import type { MutationRow } from "./row.ts";

/** What noticed a mutation. */
export interface Verdict {
  readonly row: MutationRow;
  /** What the kernel without it says; null is as it should be. */
  readonly without: string | null;
  /** What noticed it; null when nobody did. */
  readonly noticed: string | null;
  /** It was noticed, by what the table says, and the kernel without it passes. */
  readonly caught: boolean;
}

/** Runs a row without its defect and with it. */
export function tryMutation(row: MutationRow): Verdict {
  // An arch made for the row is part of the defect.
  const sound = typeof row.machine.arch === "string" ? row.machine : { ...row.machine, arch: "toy" };
  const without = panicOf(() => row.live(boot(sound)));
  const noticed = panicOf(() => {
    const kernel = typeof row.machine.kernel === "object" ? row.machine.kernel : PRESETS["6.1"];
    const k = boot({ ...row.machine, kernel: { ...kernel, ...row.config } });
    row.patch?.(k);
    (row.mutant ?? row.live)(k);
  });
  return { row, without, noticed, caught: without === null && noticed !== null && row.notices.test(noticed) };
}

function panicOf(run: () => void): string | null {
  try {
    run();
    return null;
  } catch (error) {
    if (error instanceof KernelPanic) return error.message;
    throw error;
  }
}

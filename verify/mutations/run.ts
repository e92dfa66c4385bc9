// SPDX-License-Identifier: GPL-2.0-only
// Tries a mutation: the exercise must pass without it, and panic with it.

import { PRESETS } from "../../src/include/kernel_config.ts";
import { withMutant, type World } from "./mutant.ts";
import type { MutationRow } from "./row.ts";
import * as sound from "./world.ts";

export interface Verdict {
  readonly row: MutationRow;
  /** The panic without the defect; null as it should be. */
  readonly without: string | null;
  /** The panic with the defect; null when nothing noticed it. */
  readonly noticed: string | null;
  /** The expected check noticed it, and the kernel passes without it. */
  readonly caught: boolean;
}

export async function tryMutation(row: MutationRow): Promise<Verdict> {
  const without = panicOf(sound, () => row.live(sound, sound.boot(row.machine)));
  const noticed = row.edits === undefined ? lived(row, sound) : await withMutant(row.edits, (w) => lived(row, w));
  const notices = row.notices ?? new RegExp(`\\b${row.invariant}\\b`);
  return { row, without, noticed, caught: without === null && noticed !== null && notices.test(noticed) };
}

/** The panic of the exercise with the defect. */
function lived(row: MutationRow, world: World): string | null {
  return panicOf(world, () => {
    const kernel = typeof row.machine.kernel === "object" ? row.machine.kernel : PRESETS["6.1"];
    const arch = row.arch === undefined ? {} : { arch: row.arch };
    const k = world.boot({ ...row.machine, ...arch, kernel: { ...kernel, ...row.config } });
    row.patch?.(k);
    (row.mutant ?? row.live)(world, k);
  });
}

function panicOf({ KernelPanic }: World, run: () => void): string | null {
  try {
    run();
    return null;
  } catch (error) {
    if (error instanceof KernelPanic) return error.message;
    throw error;
  }
}

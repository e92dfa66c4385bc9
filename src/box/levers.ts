// SPDX-License-Identifier: GPL-2.0-only
// Lists what could be changed on a machine and what each change would gain or cost: the emulator brings up the changed
// part and compares it with the present one. For a change that is not possible, the reason is given.

import { humanSize } from "../lib/units.ts";
import type { Box } from "./box.ts";
import type { BoxCost } from "./costs.ts";
import type { Emulator } from "./emulate.ts";
import { namespaceLevers } from "./levers_namespace.ts";
import { ramLevers } from "./levers_ram.ts";
import { poolLevers } from "./levers_pool.ts";
import { type BoxLever, byWorth, NO_GAIN } from "./lever.ts";

/**
 * All levers: first the possible ones that change nothing for programs, then those that do, last the impossible ones;
 * within each group, most bytes first.
 */
export function leversOf(box: Box, costs: readonly BoxCost[], emulator: Emulator): BoxLever[] {
  const all = [
    ...poolLevers(box, emulator),
    ...box.regions.flatMap((region) => region.namespaces.flatMap((ns) => namespaceLevers(box, region, ns, emulator))),
    ...box.ram.flatMap((ram) => ramLevers(box, ram, costs, emulator)),
  ].map((lever) => fitting(box, lever));
  const rank = (lever: BoxLever) => lever.why !== null ? 2 : lever.changesUse ? 1 : 0;
  return all.sort((a, b) => rank(a) - rank(b) || byWorth(a, b));
}

/** A lever that takes more DRAM than the machine has is impossible. */
function fitting(box: Box, lever: BoxLever): BoxLever {
  const memory = box.dram.reduce((sum, { start, end }) => sum + end - start, 0);
  if (lever.why !== null || memory === 0 || -lever.dramBytes < memory) return lever;
  const why = `needs ${humanSize(-lever.dramBytes)} of DRAM, the machine has ${humanSize(memory)}`;
  return { ...lever, ...NO_GAIN, why, commands: [], caution: null };
}

// SPDX-License-Identifier: GPL-2.0-only
// The contests of yardstick.ts under `deno bench`: C is the baseline, so the summary prints how much slower the
// emulator is. Both run the whole sequence of steps, with one of them timed. ratio.ts alternates the two sides, round
// by round.

import { SZ_1G } from "../src/include/sizes.ts";
import { adviseHugePages } from "../src/cli/huge_pages.ts";
import { box, hostHas } from "./boxes.ts";
import { loadYardstick } from "./native.ts";
import { type Contest, CONTESTS, type Side, SIDES } from "./yardstick.ts";

const native = loadYardstick();
adviseHugePages();

function register(contest: Contest, step: number, side: Side, name: string): void {
  Deno.bench({
    name: side === "emulator" ? "emulator" : "C",
    group: `${contest.name}: ${name}`,
    baseline: side === "native",
    ignore: !hostHas(3 * SZ_1G),
    n: 10,
    warmup: 2,
    fn: (b) => {
      const steps = box(contest.name, contest.name, () => contest.open(native!));
      for (const [i, each] of steps.entries()) {
        if (i === step) b.start();
        each[side]();
        if (i === step) b.end();
      }
      for (const each of steps) each.restore?.[side]();
    },
  });
}

if (native !== null) {
  for (const contest of CONTESTS) {
    for (const [step, { name }] of contest.steps.entries()) {
      for (const side of SIDES.toReversed()) register(contest, step, side, name);
    }
  }
}

// SPDX-License-Identifier: GPL-2.0-only
// The cases that `lab calibrate` predicts from small loops, timed by `deno bench`:
//
//     deno task bench --json bench/model_bench.ts > FILE; deno task lab calibrate --bench FILE
//
// One box is alive at a time; the next case drops the previous one.

import { CALIBRATE_CASES, type CaseBox } from "../src/cli/calibrate_cases.ts";
import { modelled, printModel } from "./_model.ts";

let current: { readonly name: string; readonly box: CaseBox } | null = null;

for (const { name, build } of CALIBRATE_CASES) {
  Deno.bench({
    name,
    n: 5,
    warmup: 1,
    fn: (b) => {
      if (current?.name !== name) {
        current = null;
        const box = build();
        printModel(name, modelled(box.kernel, box.run));
        box.restore();
        current = { name, box };
      }
      b.start();
      current.box.run();
      b.end();
      current.box.restore();
    },
  });
}

// SPDX-License-Identifier: GPL-2.0-only
// Several CPUs hold the same 2 MiB of device memory at once, over and over: 512 counts on one head (v7, per page on a
// compound), 512 counts on 512 pages (5.14), one count of 512 on one head (v4). Workers on one shared machine use
// Atomics on the counts; the time is for all CPUs to do ROUNDS rounds of get and put, so a get and put of 2 MiB takes
// 1/ROUNDS of it.

import { gupBox, gupConfig } from "../src/scenario/gup.ts";
import { GupTeam } from "../src/scenario/gup_team.ts";
import type { GupMode } from "../src/include/gup.ts";

/** Many, since the timed run includes its start, a message to every worker and back, which takes a fraction of a ms. */
const ROUNDS = 4000;
const PAGES = 512;
/** Kernel, mode, and where the count is. Pins, since put_page() cannot return pages of one head together. */
const CASES: readonly (readonly [string, GupMode, string])[] = [
  ["5.14", "get", "512 pages, one reference each"],
  ["v7", "get", "one head, 512 references one by one"],
  ["v4", "pin", "one head, 512 references at once"],
];

for (const jobs of [1, Math.max(2, navigator.hardwareConcurrency)]) {
  for (const [kernel, mode, what] of CASES) {
    // Created on first use and kept: deno bench loads every file before it filters.
    let team: GupTeam | undefined;
    let vpn = 0;
    Deno.bench({
      name: `${jobs} CPUs on 2M: ${what} (${kernel}, ${mode})`,
      group: `contention ${jobs}`,
      baseline: kernel === "5.14",
      n: 10,
      async fn(b) {
        if (team === undefined) {
          const { kernel: k, area } = gupBox(gupConfig({ size: PAGES * 4096, kernel }), { shared: true, cpus: jobs });
          team = new GupTeam(k, area, jobs);
          vpn = area.start;
        }
        b.start();
        const results = await team.run({ vpn, pages: PAGES, batch: PAGES, mode, repeats: ROUNDS, how: "spin" });
        b.end();
        for (const { result } of results) {
          if (result.heldPages !== PAGES) {
            throw new Error(`Cannot bench: ${result.heldPages} pages held, expected ${PAGES}`);
          }
        }
      },
    });
  }
}

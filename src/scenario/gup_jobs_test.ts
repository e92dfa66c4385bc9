// SPDX-License-Identifier: GPL-2.0-only
// gup_test -j in real workers: exact counts while held and afterwards, for every variant; and refusals.

import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { checkInvariants } from "../debug_vm/debug_vm.ts";
import { gupBox, gupConfig } from "./gup.ts";
import { gupJobsReport } from "./gup_jobs.ts";
import { GupTeam } from "./gup_team.ts";

const TOY = { arch: "toy", size: 2 ** 15, align: 2 ** 12, batch: 5, repeats: 3 } as const;
const PAGES = 2 ** 15 / 256;

for (const kernel of ["5.14", "v4", "v7", "v7+head", "6.1"]) {
  for (const mode of ["get", "pin"] as const) {
    Deno.test(`gupJobsReport() on ${kernel}, ${mode}: three workers hold every page three times, then none`, async () => {
      const report = await gupJobsReport({ ...TOY, kernel, mode, jobs: 3 });
      const bias = kernel === "5.14" && mode === "pin" ? 1024 : 1;
      assertEquals(report.references, { whileHeld: 3 * PAGES * bias, after: 0 });
      assertEquals(report.jobs.map((job) => [job.heldPages, job.hostGetMs.length]), [[PAGES, 3], [PAGES, 3], [
        PAGES,
        3,
      ]]);
      assertEquals(report.getCounters.pagesRecorded, 3 * PAGES);
    });
  }
}

Deno.test("GupTeam leaves a machine whose invariants hold, and sees counts change while pages are held", async () => {
  const { kernel: k, area } = gupBox(gupConfig({ ...TOY, kernel: "v4" }), { shared: true, cpus: 2 });
  const team = new GupTeam(k, area, 2);
  try {
    let held = false;
    await team.run({ vpn: area.start, pages: PAGES, batch: 16, mode: "pin", repeats: 1 }, () => {
      held = true;
      assertThrows(() => checkInvariants(k), Error, "I20");
    });
    assert(held);
  } finally {
    team.close();
  }
  checkInvariants(k);
});

Deno.test("gupJobsReport() refuses invalid options", async () => {
  for (const jobs of [0, 1.5, 65]) {
    await assertRejects(
      () => gupJobsReport({ ...TOY, jobs }),
      RangeError,
      `Cannot run with jobs ${jobs}: expected a whole number from 1 to 64`,
    );
  }
  const { kernel: k, area } = gupBox(gupConfig(TOY));
  assertThrows(() => new GupTeam(k, area, 1), RangeError, "not booted with shared memory");
  const shared = gupBox(gupConfig(TOY), { shared: true, cpus: 2 });
  assertThrows(() => new GupTeam(shared.kernel, shared.area, 3), RangeError, "the machine has 2 CPUs");
});

Deno.test("GupTeam.run() passes on the error of a worker", async () => {
  const { kernel: k, area } = gupBox(gupConfig(TOY), { shared: true });
  const team = new GupTeam(k, area, 1);
  try {
    const run = { vpn: area.start, pages: -1, batch: 16, mode: "get", repeats: 1 } as const;
    await assertRejects(() => team.run(run), Error, "a worker failed: Invalid typed array length");
  } finally {
    team.close();
  }
});

Deno.test("gupJobsReport() is as slow in each round as the slowest of its workers", async () => {
  const report = await gupJobsReport({ ...TOY, kernel: "v4", mode: "get", jobs: 3 });
  for (const  of of["hostGetMs", "hostPutMs"] as const) {
    assertEquals(report[of], [0, 1, 2].map((round) => Math.max(...report.jobs.map((job) => job[of][round]))));
  }
});

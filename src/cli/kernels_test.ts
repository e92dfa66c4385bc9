// SPDX-License-Identifier: GPL-2.0-only
// `lab kernels`: every preset and switch is shown, differences are those of kernelChanges(), bad input is one line.

import { assertEquals, assertStringIncludes } from "@std/assert";
import { PRESETS } from "../include/kernel_config.ts";
import { SWITCHES } from "../include/kernel_switches.ts";
import { kernelChanges } from "../kernels.ts";
import { lab } from "./lab_testing.ts";

Deno.test("lab kernels shows every switch of every preset, and where it comes from", async () => {
  const { code, out } = await lab("kernels");
  assertEquals(code, 0);
  for (const name of Object.keys(SWITCHES)) assertStringIncludes(out, `${name} `);
  const { report } = JSON.parse((await lab("kernels", "--json")).out);
  assertEquals(report.kernels, Object.keys(PRESETS));
  assertEquals(report.rows.map((row: { name: string }) => row.name), Object.keys(SWITCHES));
});

Deno.test("lab kernels --diff lists what differs, and says when nothing does", async () => {
  const { report } = JSON.parse((await lab("kernels", "--diff", "6.1", "6.12", "--json")).out);
  const changes = kernelChanges(PRESETS["6.1"], PRESETS["6.12"]);
  assertEquals(
    report.rows.map((row: { name: string; byKernel: unknown[] }) => [row.name, ...row.byKernel]),
    changes.map(({ name, from, to }) => [name, from, to]),
  );
  assertStringIncludes((await lab("kernels", "--diff", "6.1", "6.12")).out, "11aad2631bf7");
  assertStringIncludes((await lab("kernels", "--diff", "6.1", "6.1")).out, "are the same kernel");
});

Deno.test("lab kernels refuses a kernel it does not know, and one kernel to compare", async () => {
  const unknown = await lab("kernels", "6.5");
  assertEquals(unknown.code, 2);
  assertStringIncludes(unknown.err, 'Unknown kernel "6.5"');
  const alone = await lab("kernels", "--diff", "6.1");
  assertEquals(alone.code, 2);
  assertStringIncludes(alone.err, "--diff takes two kernels, got 1");
});

// SPDX-License-Identifier: GPL-2.0-only
// `deno run verify/start.ts NAME [flags]`: starts a program of verify by task name, after checking the fixtures that it
// imports. A damaged fixture gives one line and exit 2.

import { runOnFixtures } from "./fixtures.ts";

interface Program {
  readonly main: (args: readonly string[]) => number | Promise<number>;
}

const PROGRAMS: Readonly<Record<string, () => Promise<Program>>> = {
  verify: () => import("./audit/main.ts"),
  "verify:series": () => import("./series/main.ts"),
  audit: () => import("./audit/audit_md.ts"),
  results: () => import("./results/results.ts"),
};

/** Returns the exit code. */
async function main([name = "", ...args]: readonly string[]): Promise<number> {
  if (Object.hasOwn(PROGRAMS, name)) {
    return await runOnFixtures(name, async () => (await PROGRAMS[name]()).main(args));
  }
  console.error(`verify: unknown program "${name}": expected ${Object.keys(PROGRAMS).join(", ")}`);
  return 2;
}

if (import.meta.main) Deno.exit(await main(Deno.args));

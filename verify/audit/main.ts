// SPDX-License-Identifier: GPL-2.0-only
// `deno task verify`; see verify.ts.

import { runTask } from "../../src/cli/run.ts";
import { verifyCommand } from "./verify.ts";

/** Returns the exit code. */
export function main(args: readonly string[]): Promise<number> {
  return runTask(verifyCommand, args);
}

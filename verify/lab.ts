// SPDX-License-Identifier: GPL-2.0-only
// `deno task lab`: the commands of src/cli, and those that need the suites of verify/.

import type { Command } from "../src/cli/command.ts";
import { allCommands, main } from "../src/cli/main.ts";
import { claimsCommand } from "./audit/lab_claims.ts";

/** Commands that need verify/. */
export const MORE: readonly Command[] = [claimsCommand];

export const LAB_COMMANDS: readonly Command[] = allCommands(MORE);

if (import.meta.main) Deno.exit(await main(Deno.args, MORE));

// SPDX-License-Identifier: GPL-2.0-only
// `deno task verify`; see verify.ts.

import { runTask } from "../../src/cli/run.ts";
import { verifyCommand } from "./verify.ts";

if (import.meta.main) Deno.exit(await runTask(verifyCommand, Deno.args));

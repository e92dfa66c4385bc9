// SPDX-License-Identifier: GPL-2.0-only
// `deno task verify [--quick] [--json]`: every suite, one after another. Exit 0 when every verdict is the expected one,
// 1 otherwise, 2 for a wrong command line. --quick counts the costs per TiB on 16 GiB; --json prints one JSON document.

import { readCatalogue } from "../claims/catalogue.ts";
import { main } from "./report.ts";
import { SUITES } from "./suites.ts";

if (import.meta.main) Deno.exit(main(SUITES, Deno.args, readCatalogue));

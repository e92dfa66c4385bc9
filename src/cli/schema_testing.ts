// SPDX-License-Identifier: GPL-2.0-only
// For tests: checks a report against its schema in results/schemas/.

import { assert } from "@std/assert";
import { Ajv2020 } from "ajv/dist/2020.js";
import { reportEnvelope, schemaPath } from "./envelope.ts";

/** Fails unless the command's schema describes what `--json` prints for this report. */
export function assertAsSchema(command: string, report: object): void {
  const schema = JSON.parse(Deno.readTextFileSync(new URL(`../../${schemaPath(command)}`, import.meta.url)));
  const valid = new Ajv2020({ strict: false }).compile(schema);
  const printed = JSON.parse(JSON.stringify(reportEnvelope(command, report)));
  assert(valid(printed), `${command}: ${JSON.stringify(valid.errors?.[0])}`);
}

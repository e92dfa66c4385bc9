// SPDX-License-Identifier: GPL-2.0-only
// Reads and writes results files. Both directions are checked against results/schema.json; a file that is damaged, or
// of another schema version, is refused in one line with file, place and reason.

import schema from "../../results/schema.json" with { type: "json" };
import { type Results, RESULTS_SCHEMA } from "../../results/types.ts";
import { CommandError } from "../../src/cli/command.ts";
import { writeFile } from "../../src/cli/write_file.ts";
import { checkOf, parseJson, readJson } from "../fixtures.ts";

const checkSchema = checkOf(schema, "results/schema.json");

/**
 * The results in a file; the path is relative to the current directory. CommandError when they do not match the schema.
 */
export function readResults(file: string): Results {
  return checkResults(file, readJson(file, new URL(`file://${Deno.cwd()}/`)));
}

/** The results in a file's text. CommandError when they do not match the schema. */
export function parseResults(file: string, text: string): Results {
  return checkResults(file, parseJson(file, text));
}

/** Checks that a value is results. CommandError with the place and the reason when it is not. */
export function checkResults(file: string, value: unknown): Results {
  const version = (value as { schema?: unknown } | null)?.schema;
  if (typeof version === "number" && version !== RESULTS_SCHEMA) {
    throw new CommandError(`${file}: schema: version ${version}, expected ${RESULTS_SCHEMA}`);
  }
  checkSchema(file, value);
  const results: unknown = value;
  return results as Results;
}

/** Writes results, completely or not at all. */
export async function writeResults(file: string, results: Results): Promise<void> {
  checkResults(file, results);
  await writeFile(file, `${JSON.stringify(results, null, 1)}\n`);
}

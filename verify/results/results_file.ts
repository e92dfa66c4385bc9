// SPDX-License-Identifier: GPL-2.0-only
// Reading and writing files of results. Everything is checked against results/schema.json, in both directions; a file
// that is damaged, or of another version of the schema, is refused in one line that names the file, the place and the
// reason.

import schema from "../../results/schema.json" with { type: "json" };
import { type Results, RESULTS_SCHEMA } from "../../results/types.ts";
import { CommandError } from "../../src/cli/command.ts";
import { writeFile } from "../../src/cli/write_file.ts";
import { checkOf, parseJson, readJson } from "../fixtures.ts";

const checkSchema = checkOf(schema, "results/schema.json");

/** The results in a file, by its path from where one is. CommandError when they are not what the schema says. */
export function readResults(file: string): Results {
  return checkResults(file, readJson(file, new URL(`file://${Deno.cwd()}/`)));
}

/** The results in a file's text. CommandError when they are not what the schema says. */
export function parseResults(file: string, text: string): Results {
  return checkResults(file, parseJson(file, text));
}

/** A value that is to be results. CommandError naming the place and the reason when it is not. */
export function checkResults(file: string, value: unknown): Results {
  const version = (value as { schema?: unknown } | null)?.schema;
  if (typeof version === "number" && version !== RESULTS_SCHEMA) {
    throw new CommandError(`${file}: schema: version ${version}, expected ${RESULTS_SCHEMA}`);
  }
  checkSchema(file, value);
  const results: unknown = value;
  return results as Results;
}

/** Writes results, all or nothing. */
export async function writeResults(file: string, results: Results): Promise<void> {
  checkResults(file, results);
  await writeFile(file, `${JSON.stringify(results, null, 1)}\n`);
}

// SPDX-License-Identifier: GPL-2.0-only
// Reading and writing files of results. Everything is checked against results/schema.json, in both directions; a file
// that is damaged, or of another version of the schema, is refused in one line that names the file, the place and the
// reason.

import { Ajv2020 } from "ajv/dist/2020.js";
import schema from "../../results/schema.json" with { type: "json" };
import { type Results, RESULTS_SCHEMA } from "../../results/types.ts";
import { CommandError } from "../../src/cli/command.ts";
import { parseJson } from "../claims/catalogue.ts";

const validate = new Ajv2020({ allowUnionTypes: true }).compile(schema);

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
  if (!validate(value)) {
    // Of alternatives the last is the one that was meant; that there are several says nothing.
    const { instancePath, message, params } = validate.errors!.findLast(({ keyword }) => keyword !== "anyOf")!;
    const extra = "additionalProperty" in params ? ` "${params.additionalProperty}"` : "";
    throw new CommandError(`${file}: ${instancePath || "/"}: ${message}${extra}`);
  }
  const results: unknown = value;
  return results as Results;
}

/** Writes results beside their place and moves them there, so that nobody reads half a file. */
export function writeResults(file: URL, results: Results): void {
  checkResults(file.pathname, results);
  const beside = new URL(`${file.href}.new`);
  Deno.writeTextFileSync(beside, `${JSON.stringify(results, null, 1)}\n`);
  Deno.renameSync(beside, file);
}

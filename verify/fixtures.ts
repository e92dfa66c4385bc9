// SPDX-License-Identifier: GPL-2.0-only
// Reads fixtures and results files: text, JSON, schema. A damaged file is reported in one line with file, place and
// reason. Some fixtures are imported as modules, so that pages can use them too. Programs check those before importing,
// because Deno exits on a damaged module before any code can report it.

import { Ajv2020, type ErrorObject, type ValidateFunction } from "ajv/dist/2020.js";
import { CommandError } from "../src/cli/command.ts";
import { complain } from "../src/cli/run.ts";
import { unreadReason } from "../src/cli/unread.ts";

const ROOT = new URL("../", import.meta.url);
/** Schemas of fixtures by file; `linux-*` ones are for all captured machines. */
const SCHEMAS = "fixtures/schema.json";
const CLAIMS_SCHEMA = "fixtures/claims/schema.json";
const CAPTURED = "linux-*/**/";

/** Parses JSON; the CommandError names the place of the damage. */
export function parseJson(file: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new CommandError(`${file}: damaged: ${error instanceof Error ? error.message.replaceAll("\n", " ") : error}`);
  }
}

/** The JSON of a file; `file` is its path from the root. CommandError when it cannot be read or parsed. */
export function readJson(file: string, root: URL = ROOT): unknown {
  let text: string;
  try {
    text = Deno.readTextFileSync(new URL(file, root));
  } catch (error) {
    throw new CommandError(`${file}: cannot be read: ${unreadReason(error)}`);
  }
  return parseJson(file, text);
}

/** Checks a value against a schema; CommandError with file, place and reason. */
export type Check = (file: string, value: unknown) => void;

/** Makes the check for a schema. CommandError when `schema`, read from `name`, is not valid. */
export function checkOf(schema: unknown, name: string): Check {
  const text = JSON.stringify(schema);
  const validate = compiledSchemas.get(text) ?? compiled(schema, name);
  compiledSchemas.set(text, validate);
  return (file, value) => {
    if (!validate(value)) throw new CommandError(`${file}: ${complaint(validate.errors!)}`);
  };
}

/** Validators by their schema's text: compiling takes longer than a check, and many files share a schema. */
const compiledSchemas = new Map<string, ValidateFunction>();

function compiled(schema: unknown, name: string): ValidateFunction {
  try {
    return new Ajv2020({ allowUnionTypes: true, strictTuples: false, verbose: true }).compile(schema as object);
  } catch (error) {
    throw new CommandError(`${name}: damaged: ${error instanceof Error ? error.message : error}`);
  }
}

/** Of several alternatives, the last is the intended one. */
function complaint(errors: readonly ErrorObject[]): string {
  const { instancePath, message, params, data, parentSchema } = errors.findLast(({ keyword }) => keyword !== "anyOf") ??
    errors[0];
  if ("additionalProperty" in params) {
    const known = Object.keys(parentSchema?.properties ?? {}).join(", ");
    return `${instancePath || "/"}: unknown key "${params.additionalProperty}": expected ${known}`;
  }
  const allowed = "allowedValues" in params ? `: ${params.allowedValues.join(", ")}` : "";
  const given = typeof data === "object" ? "" : `, got ${JSON.stringify(data)}`;
  return `${instancePath || "/"}: ${message}${allowed}${given}`;
}

/** Fixtures with their own schema, by path from fixtures/. */
function schemas(root: URL): Map<string, unknown> {
  const found = readJson(SCHEMAS, root);
  if (typeof found !== "object" || found === null || Array.isArray(found)) {
    throw new CommandError(`${SCHEMAS}: expected a schema for each file`);
  }
  return new Map(Object.entries(found).filter(([name]) => !name.startsWith("$")));
}

/** A machine captured from Linux, such as `linux-6.1/namespaces.json`; the path is from fixtures/. */
export function readCaptured(file: string, root: URL = ROOT): unknown {
  const scenario = file.slice(file.lastIndexOf("/") + 1);
  const schema = schemas(root).get(`${CAPTURED}${scenario}`);
  if (schema === undefined) throw new CommandError(`${SCHEMAS}: nothing about ${scenario}`);
  const value = readJson(`fixtures/${file}`, root);
  checkOf(schema, SCHEMAS)(`fixtures/${file}`, value);
  return value;
}

/** Checks what programs import as modules: fixtures with their own schema, and the schema of results. */
export function checkFixtures(root: URL = ROOT): void {
  for (const [name, schema] of schemas(root)) {
    if (name.startsWith(CAPTURED)) continue;
    checkOf(schema, SCHEMAS)(`fixtures/${name}`, readJson(`fixtures/${name}`, root));
  }
  checkOf(readJson("results/schema.json", root), "results/schema.json");
  const checkClaims = checkOf(readJson(CLAIMS_SCHEMA, root), CLAIMS_SCHEMA);
  for (const { name } of Deno.readDirSync(new URL("fixtures/claims/", root))) {
    if (/^\d{3}\.json$/.test(name)) checkClaims(`fixtures/claims/${name}`, readJson(`fixtures/claims/${name}`, root));
  }
}

/** Checks the fixtures, then runs a program; returns the exit code, 2 with one line if a fixture is damaged. */
export async function runOnFixtures(name: string, run: () => number | Promise<number>): Promise<number> {
  try {
    checkFixtures();
    return await run();
  } catch (error) {
    return complain(error, name, null);
  }
}

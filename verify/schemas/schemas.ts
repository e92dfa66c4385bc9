// SPDX-License-Identifier: GPL-2.0-only
// `deno task schemas`: writes results/schemas/COMMAND.json for the JSON that `lab` prints, from runs of examples.ts. A
// test runs the commands and checks what they print, errors too; it fails when a report has a key that is not there.

import type { Command } from "../../src/cli/command.ts";
import { errorEnvelope, reportEnvelope, schemaPath } from "../../src/cli/envelope.ts";
import { nestedFlags, parseFlags } from "../../src/cli/flags.ts";
import { runTask } from "../../src/cli/run.ts";
import { writeFile } from "../../src/cli/write_file.ts";
import { LAB_COMMANDS } from "../lab.ts";
import { EXAMPLES } from "./examples.ts";
import { inferSchema, type Schema } from "./infer.ts";

/** The document that a command line of `lab` prints with --json. */
export async function documentOf(name: string, line: string): Promise<object> {
  const command = LAB_COMMANDS.find((c) => c.name === name)!;
  const args = line.split(" ").filter((arg) => arg !== "");
  const flags = command.nested
    ? nestedFlags(args)
    : parseFlags(name, command.flags, args, command.operands !== undefined);
  const { report } = await command.run(flags);
  return JSON.parse(JSON.stringify(reportEnvelope(name, report ?? {})));
}

/** The schema of a command: a report, or an error. */
async function schemaOf(name: string): Promise<object> {
  const documents: Record<string, unknown>[] = [];
  for (const line of EXAMPLES[name]) documents.push({ ...await documentOf(name, line) });
  const failure = { kind: "kernel", message: "", errno: "ENXIO" } as const;
  const errors = [errorEnvelope(name, failure), errorEnvelope(name, { ...failure, errno: null })];
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: `lab ${name} --json`,
    anyOf: [withAnyCommit(inferSchema(documents)), withAnyCommit(inferSchema(errors))],
  };
}

/** Where there is no checkout there is no commit, and before the first run no schema. */
function withAnyCommit(schema: Schema): Schema {
  const either = { type: ["null", "string"] };
  return { ...schema, properties: { ...schema.properties, commit: either, schema: either } };
}

/** The file of a command's schema. */
export function schemaFile(name: string): URL {
  return new URL(`../../${schemaPath(name)}`, import.meta.url);
}

const COMMAND: Command = {
  name: "schemas",
  summary: "write the schemas of what lab prints with --json to results/schemas/",
  flags: {},
  run: async () => {
    const names = Object.keys(EXAMPLES);
    for (const name of names) {
      await writeFile(schemaFile(name).pathname, `${JSON.stringify(await schemaOf(name), null, 1)}\n`);
    }
    return { report: { schemas: names.map(schemaPath) }, text: names.map(schemaPath).join("\n") };
  },
};

if (import.meta.main) Deno.exit(await runTask(COMMAND, Deno.args));

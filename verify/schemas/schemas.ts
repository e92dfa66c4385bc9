// SPDX-License-Identifier: GPL-2.0-only
// `deno task schemas [NAME...]`: writes results/schemas/NAME.json for the JSON that `lab` commands and tasks print,
// from the runs in examples.ts. Tests repeat the quick ones, including errors, and check the others where they run
// anyway (src/cli/schema_testing.ts); they fail when a report has an unknown key.

import { type Command, CommandError } from "../../src/cli/command.ts";
import { errorEnvelope, reportEnvelope, schemaPath } from "../../src/cli/envelope.ts";
import { nestedFlags, parseFlags } from "../../src/cli/flags.ts";
import { runFleet } from "../../src/cli/fleet.ts";
import { runTask } from "../../src/cli/run.ts";
import { writeFile } from "../../src/cli/write_file.ts";
import { verifyCommand } from "../audit/verify.ts";
import { LAB_COMMANDS } from "../lab.ts";
import { soakCommand } from "../lives/soak.ts";
import { mutationsCommand } from "../mutations/main.ts";
import { racesCommand } from "../races/main.ts";
import { seriesCommand } from "../series/main.ts";
import { EXAMPLES } from "./examples.ts";
import { inferSchema, type Schema } from "./infer.ts";

/** Everything that prints JSON with a schema: the commands of `lab`, and the tasks with reports. */
export const COMMANDS: readonly Command[] = [
  ...LAB_COMMANDS,
  ...[verifyCommand, seriesCommand, racesCommand, mutationsCommand, soakCommand],
];

/** The document that a command line prints with --json. */
export async function documentOf(name: string, line: string): Promise<object> {
  const command = COMMANDS.find((c) => c.name === name)!;
  const args = line.split(" ").filter((arg) => arg !== "");
  const flags = command.nested
    ? nestedFlags(args)
    : parseFlags(name, command.flags, args, command.operands !== undefined);
  const { report } = await command.run(flags);
  return JSON.parse(JSON.stringify(reportEnvelope(name, report ?? {})));
}

/** The lines that `lab box --fleet --json` prints for these machines. */
export async function fleetLines(machines: readonly object[]): Promise<unknown[]> {
  const file = await Deno.makeTempFile({ suffix: ".jsonl" });
  try {
    await Deno.writeTextFile(file, machines.map((machine) => JSON.stringify(machine)).join("\n"));
    const rows: object[] = [];
    const total = await runFleet(file, false, (row) => rows.push(row));
    return [...rows, { total }].map((line) => JSON.parse(JSON.stringify(line)));
  } finally {
    await Deno.remove(file);
  }
}

/** A complete machine, two with little data, and a damaged one: a line each, and the totals. */
async function fleetSchema(): Promise<object> {
  const box = new URL("../../fixtures/box/", import.meta.url);
  const files: Record<string, string> = {};
  for await (const { name } of Deno.readDir(box)) {
    if (name.endsWith(".txt") || name.endsWith(".json")) files[name] = await Deno.readTextFile(new URL(name, box));
  }
  const lines = await fleetLines([
    { name: "a", files },
    { name: "b", files: { meminfo: files["meminfo.txt"] } },
    { name: "c", files: { cut: '[{"dev":' } },
    { name: "d", files: { meminfo: "MemTotal: 32768000 kB\n" } },
  ]);
  const one = inferSchema(lines.slice(0, -1));
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "a line of lab box --fleet --json: a machine, or at the end the totals",
    anyOf: [one, inferSchema(lines.slice(-1))],
  };
}

/** The schema of a command: a report, or an error. */
async function schemaOf(name: string): Promise<object> {
  const documents: Record<string, unknown>[] = [];
  for (const line of EXAMPLES[name]) documents.push({ ...await documentOf(name, line) });
  const failure = { kind: "kernel", message: "", errno: "ENXIO" } as const;
  const errors = [errorEnvelope(name, failure), errorEnvelope(name, { ...failure, errno: null })];
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: `${LAB_COMMANDS.some((c) => c.name === name) ? "lab" : "deno task"} ${name} --json`,
    anyOf: [withAnyCommit(inferSchema(documents)), withAnyCommit(inferSchema(errors))],
  };
}

/** The commit is null outside a checkout, and the schema is null before the first run. */
function withAnyCommit(schema: Schema): Schema {
  const either = { type: ["null", "string"] };
  return { ...schema, properties: { ...schema.properties, commit: either, schema: either } };
}

export function schemaFile(name: string): URL {
  return new URL(`../../${schemaPath(name)}`, import.meta.url);
}

const COMMAND: Command = {
  name: "schemas",
  summary: "write the schemas of --json output to results/schemas/; four of them take half a minute each",
  flags: {},
  operands: "[NAME...]",
  run: async ({ operands }) => {
    const unknown = operands.find((name) => !Object.hasOwn(EXAMPLES, name));
    if (unknown !== undefined) throw new CommandError(`"${unknown}": expected ${Object.keys(EXAMPLES).join(", ")}`);
    const names = operands.length === 0 ? Object.keys(EXAMPLES) : operands;
    for (const name of names) {
      await writeFile(schemaFile(name).pathname, `${JSON.stringify(await schemaOf(name), null, 1)}\n`);
    }
    if (names.includes("box")) {
      await writeFile(schemaFile("box-fleet").pathname, `${JSON.stringify(await fleetSchema(), null, 1)}\n`);
    }
    return { report: { schemas: names.map(schemaPath) }, text: names.map(schemaPath).join("\n") };
  },
};

if (import.meta.main) Deno.exit(await runTask(COMMAND, Deno.args));

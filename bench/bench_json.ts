// SPDX-License-Identifier: GPL-2.0-only
// Runs `deno bench --json` and extracts the average time of each benchmark.

import { CommandError } from "../src/cli/command.ts";

/** The part of `deno bench --json` that is used. */
interface DenoBenchJson {
  readonly benches: readonly {
    readonly group: string | null;
    readonly name: string;
    readonly results: readonly { readonly ok?: { readonly avg: number }; readonly failed?: unknown }[];
  }[];
}

/** Architecture of the benches' emulated machines. */
export const GEOMETRY = "x86-64";

/** Runs every benchmark of the checkout at `dir`; average nanoseconds by name. CommandError if the benches fail. */
export async function runBenches(dir: string): Promise<Record<string, number[]>> {
  const command = new Deno.Command(Deno.execPath(), {
    args: ["bench", "--json", "--allow-all", "--no-check"],
    cwd: dir,
    env: { GLIBC_TUNABLES: "glibc.malloc.hugetlb=1", NO_COLOR: "1" },
    stdout: "piped",
    stderr: "inherit",
  });
  const { code, stdout } = await command.output();
  if (code !== 0) throw new CommandError(`deno bench in ${dir} ended with exit code ${code}`);
  return averages(parseBenchJson(new TextDecoder().decode(stdout)));
}

/** Finds the JSON document in the output of `deno bench` (a bench may have printed before it). */
export function parseBenchJson(text: string): DenoBenchJson {
  const start = text.search(/^\{$/m);
  if (start < 0) throw new CommandError("deno bench printed no JSON document");
  return JSON.parse(text.slice(start)) as DenoBenchJson;
}

/** Averages by group and name. CommandError for a benchmark that failed. */
export function averages(json: DenoBenchJson): Record<string, number[]> {
  const times: Record<string, number[]> = {};
  for (const { group, name, results } of json.benches) {
    const avg = results[0]?.ok?.avg;
    if (avg === undefined) throw new CommandError(`benchmark "${name}" failed`);
    (times[group === null ? name : `${group} | ${name}`] ??= []).push(avg);
  }
  return times;
}

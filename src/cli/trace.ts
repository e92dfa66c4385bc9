// SPDX-License-Identifier: GPL-2.0-only
// `lab trace PATH`: prints the calls of a kernel path in order, like ftrace's function_graph, as events, or for
// Perfetto. A path has the flags of the command that runs it.

import {
  TRACE_PATHS,
  TRACE_ROWS,
  type TraceOptions,
  type TracePath,
  type TraceReport,
  traceReport,
} from "../scenario/trace.ts";
import { foldTrace } from "../trace/fold.ts";
import { graphLines } from "../trace/graph.ts";
import { chromeTrace } from "../trace/perfetto.ts";
import { checkedText, exitCode } from "./checked.ts";
import { type Command, CommandError, type Flag, type Flags } from "./command.ts";
import { numberFlag } from "./flags.ts";
import { gupCommand } from "./gup.ts";
import { hotplugCommand } from "./hotplug.ts";
import { hugetlbCommand } from "./hugetlb.ts";
import { namespaceCommand } from "./namespace.ts";
import { optionsOf } from "./option_flags.ts";
import { writeFile } from "./write_file.ts";

/** How a path is run. */
interface Runner {
  /** The command whose flags it takes, except those without meaning for a trace. */
  readonly command: Command;
  readonly without: readonly string[];
  /** Values of flags that the command requires but a trace does not. */
  readonly defaults: Readonly<Record<string, string>>;
  /** A flag with which no default applies. */
  readonly instead?: string;
}

/** Flags of a trace, whatever the path. */
const TRACE_FLAGS: Readonly<Record<string, Flag>> = {
  depth: { value: "N", help: "call levels to show; default: all" },
  filter: { value: "SYMBOL", help: "show one function and what it calls" },
  perfetto: { value: "FILE", help: "write the trace to this file for Perfetto (Chrome trace events)" },
};

const NAMESPACE: Runner = { command: namespaceCommand, without: [], defaults: { size: "1G" } };
const GUP: Runner = {
  command: gupCommand,
  without: ["jobs", "repeats", "format", "slow", "longterm"],
  defaults: { size: "16M" },
};

const RUNNERS: Readonly<Record<TracePath, Runner>> = {
  namespace: NAMESPACE,
  fault: GUP,
  gup: GUP,
  put: GUP,
  hugetlb: { command: hugetlbCommand, without: ["sizes"], defaults: { size: "2M", count: "64" } },
  hotplug: { command: hotplugCommand, without: ["fences"], defaults: { size: "256M" }, instead: "range" },
  destroy: NAMESPACE,
};

/** Flags of every path. Where commands use one name for different things, each path lists below what it takes. */
function allFlags(): Record<string, Flag> {
  const flags: Record<string, Flag> = { ...TRACE_FLAGS };
  for (const { command, without } of Object.values(RUNNERS)) {
    for (const [name, flag] of Object.entries(command.flags)) {
      // Without a fallback, so that the path's own applies.
      if (!without.includes(name)) flags[name] ??= { value: flag.value, help: flag.help };
    }
  }
  const sizes = Object.entries(RUNNERS).map(([path, { defaults }]) => `${path} ${defaults.size}`).join(", ");
  flags.size = { value: "SIZE", help: `as for the path's command; default: ${sizes}` };
  return flags;
}

/** The command. */
export const traceCommand: Command = {
  name: "trace",
  summary: "trace the calls of a kernel path, as ftrace prints them",
  example: "namespace --size 64M --depth 2",
  operands: TRACE_PATHS.join("|"),
  flags: allFlags(),
  csv: (report) => (report as TraceReport).events,
  run: async (flags) => {
    const path = pathOf(flags.operands);
    const report = traceReport({
      path,
      ...optionsOf<object>(flagsOf(path, flags), TRACE_ROWS[path]),
      ...(flags.has("depth") ? { depth: numberFlag(flags, "depth") } : {}),
      ...(flags.has("filter") ? { filter: flags.text("filter") } : {}),
    } as TraceOptions);
    const { cost, events, errno: error, invariants } = report;
    const code = error === null ? exitCode(invariants) : 1;
    const checked = checkedText(invariants).map((line) => `# ${line.trim().replace(/ +/, ": ")}`);
    if (flags.has("perfetto")) {
      const file = flags.text("perfetto");
      await writeFile(file, JSON.stringify(chromeTrace(`lab trace ${path}`, events)));
      return {
        report,
        text: [
          `${events.length} events in ${file}; open it with Perfetto (ui.perfetto.dev) or speedscope`,
          ...checked,
        ].join("\n"),
        code,
      };
    }
    const times = cost === null ? "is not modelled here" : `of the ${cost} machine`;
    const ending = error === null ? [] : [`# ended with ${error}`];
    return { report, text: [...graphLines(foldTrace(events), times), ...ending, ...checked].join("\n"), code };
  },
};

function pathOf(operands: readonly string[]): TracePath {
  const path = TRACE_PATHS.find((known) => known === operands[0]);
  if (path !== undefined && operands.length === 1) return path;
  const given = operands.length === 0 ? "nothing" : `"${operands.join(" ")}"`;
  throw new CommandError(`trace: expected one of ${TRACE_PATHS.join(", ")}, got ${given}`);
}

/** The flags as the path's own command would have them. CommandError for one that the path does not take. */
function flagsOf(path: TracePath, flags: Flags): Flags {
  const { command, without, instead } = RUNNERS[path];
  const defaults = instead !== undefined && flags.has(instead) ? {} : RUNNERS[path].defaults;
  const takes = (name: string) => Object.hasOwn(command.flags, name) && !without.includes(name);
  const extra = Object.keys(traceCommand.flags).find((f) =>
    flags.has(f) && !Object.hasOwn(TRACE_FLAGS, f) && !takes(f)
  );
  if (extra !== undefined) throw new CommandError(`trace: --${extra} has no effect on ${path}`);
  const fallback = (name: string) => defaults[name] ?? command.flags[name].fallback;
  const has = (name: string) => flags.has(name) || Object.hasOwn(defaults, name);
  return { ...flags, has, text: (name) => flags.has(name) ? flags.text(name) : fallback(name) ?? flags.text(name) };
}

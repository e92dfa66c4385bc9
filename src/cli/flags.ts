// SPDX-License-Identifier: GPL-2.0-only
// Reading flags with @std/cli, strictly: unknown flags, missing values and stray arguments are refused by name.

import { parseArgs } from "@std/cli/parse-args";
import { specChanges } from "../kernels.ts";
import { parseSize } from "../lib/units.ts";
import { readWhole } from "../scenario/option_row.ts";
import { type Command, CommandError, type Flag, type Flags } from "./command.ts";
import { didYouMean } from "./suggest.ts";

/** What changes the kernel's switches, beside --kernel. */
export const SET_FLAG: Flag = {
  value: "SWITCH=VALUE,...",
  help: "kernel switches that differ from the preset; see lab kernels",
};

/**
 * Parses arguments of `name`, which has these flags and --json. CommandError saying what was given and what is allowed.
 */
export function parseFlags(
  name: string,
  flags: Readonly<Record<string, Flag>>,
  args: readonly string[],
  takesOperands = false,
): Flags {
  const names = Object.keys(flags);
  const switches = [...names.filter((n) => flags[n].value === ""), "json"];
  const strings = names.filter((n) => flags[n].value !== "");
  refuseValues(name, switches, args);
  const unknown = (arg: string): boolean => {
    if (takesOperands && (arg === "-" || !arg.startsWith("-"))) return true;
    throw new CommandError(`${name}: ${unknownArgument(arg, [...names, "json"])}`);
  };
  const parsed = parseArgs(joinValues(args, strings), {
    boolean: switches,
    string: [...strings, "_"],
    collect: strings,
    unknown,
  }) as Record<string, unknown>;
  const operands = (parsed._ as unknown[]).map(String);
  // What follows a bare "--" is not reported as unknown.
  if (!takesOperands) operands.forEach(unknown);
  const one = (flag: string) => onlyValue(`${name}: --${flag}`, parsed[flag] as string[], flags[flag].value);
  const values = new Map(strings.map((flag) => [flag, one(flag)]));
  return {
    json: parsed.json === true,
    operands,
    has: (flag) => values.get(flag) !== undefined || parsed[flag] === true,
    text: (flag) => {
      const value = values.get(flag) ?? flags[flag].fallback;
      if (value === undefined) throw new CommandError(`${name}: --${flag} ${flags[flag].value} is required`);
      return value;
    },
  };
}

/** Arguments of a command that passes them on: all but --json and --csv are operands. */
export function nestedFlags(args: readonly string[]): Flags {
  const own = ["--json", "--csv"];
  return {
    json: args.includes("--json"),
    operands: args.filter((arg) => !own.includes(arg)),
    has: (flag) => args.includes(`--${flag}`),
    text: () => "",
  };
}

function refuseValues(name: string, switches: readonly string[], args: readonly string[]): void {
  for (const flag of switches) {
    const given = args.find((arg) => arg.startsWith(`--${flag}=`));
    if (given === undefined) continue;
    throw new CommandError(`${name}: --${flag} takes no value, got "${given.slice(flag.length + 3)}"`);
  }
}

/** Suggests the nearest flag, or lists all. */
function unknownArgument(arg: string, names: readonly string[]): string {
  const known = names.map((n) => `--${n}`);
  const meant = arg.startsWith("--") ? didYouMean(arg.split("=")[0], known) : "";
  return `unknown argument "${arg}"${meant}: expected ${known.join(", ")}`;
}

/** The value of a flag; undefined if it was not given. */
function onlyValue(flag: string, given: readonly string[], value: string): string | undefined {
  if (given.includes("")) throw new CommandError(`${flag} needs one value: ${value}`);
  if (given.length > 1) throw new CommandError(`${flag} was given ${given.length} times: one value: ${value}`);
  return given[0];
}

/**
 * `--name value` as `--name=value`, so that a value may be empty or begin with a minus, and messages treat it as a
 * value.
 */
function joinValues(args: readonly string[], names: readonly string[]): string[] {
  const joined: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const value = args[i + 1];
    const takes = names.includes(args[i].slice(2)) && args[i].startsWith("--");
    if (takes && value !== undefined && !value.startsWith("--")) joined.push(`${args[i]}=${args[++i]}`);
    else joined.push(args[i]);
  }
  return joined;
}

/** Refuses every flag but `others` with a switch that replaces the command's usual run. */
export function onlyWith(flags: Flags, command: Command, name: string, others: readonly string[]): void {
  const extra = Object.keys(command.flags).find((f) => flags.has(f) && f !== name && !others.includes(f));
  if (extra === undefined) return;
  const allowed = [...others, "json"].map((f) => `--${f}`).join(", ");
  const asked = Object.hasOwn(command.flags, name) ? `--${name}` : name;
  throw new CommandError(`${command.name}: --${extra} has no effect with ${asked}: expected ${allowed}`);
}

/** What a spec changes in its preset, in a line; none for a preset. */
export function kernelText(spec: string): string[] {
  const { preset, changes } = specChanges(spec);
  if (changes.length === 0) return [];
  return [`kernel ${preset} with ${changes.map(({ name, from, to }) => `${name}=${to} (was ${from})`).join(", ")}`];
}

/** What `read` makes of a flag's text. CommandError naming the flag if the text is wrong. */
export function readFlag<T>(name: string, text: string, read: (text: string) => T): T {
  try {
    return read(text);
  } catch (error) {
    if (error instanceof RangeError) throw new CommandError(`--${name}: ${error.message}`);
    throw error;
  }
}

/** A flag's value as a size in bytes. */
export function sizeFlag(flags: Flags, name: string): number {
  return readFlag(name, flags.text(name), parseSize);
}

/** A model time for people. */
export function modelText(ms: number | null, cost: string): string {
  return ms === null ? "not modelled" : `${ms.toFixed(2)} ms on the ${cost} machine`;
}

/** A flag's value as a whole number. */
export function numberFlag(flags: Flags, name: string): number {
  return readFlag(name, flags.text(name), readWhole);
}

/** A flag's value, one of the allowed words. */
export function choiceFlag<T extends string>(flags: Flags, name: string, allowed: readonly T[]): T {
  return choice(name, flags.text(name), allowed);
}

/** A flag's value, some of the allowed words, separated by commas. */
export function listFlag<T extends string>(flags: Flags, name: string, allowed: readonly T[]): T[] {
  return flags.text(name).split(",").map((text) => choice(name, text, allowed));
}

function choice<T extends string>(name: string, text: string, allowed: readonly T[]): T {
  if (allowed.includes(text as T)) return text as T;
  throw new CommandError(`--${name}: expected ${allowed.join(" or ")}, got "${text}"${didYouMean(text, allowed)}`);
}

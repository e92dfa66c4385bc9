// SPDX-License-Identifier: GPL-2.0-only
// Reading flags with @std/cli, strictly: unknown flags, missing values and stray arguments are refused by name.

import { parseArgs } from "@std/cli/parse-args";
import { COSTS, DEFAULT_COST } from "../model/cost_tables.ts";
import { ARCHS } from "../arch/archs.ts";
import { PRESETS } from "../include/kernel_config.ts";
import { parseSize } from "../lib/units.ts";
import { type Command, CommandError, type Flag, type Flags } from "./command.ts";

/** Flags every command that makes a namespace has. */
export const NAMESPACE_FLAGS: Readonly<Record<string, Flag>> = {
  align: { value: "4K|2M|1G", help: "page size of the device; default: a PMD entry's, 2M on x86-64" },
  map: { value: "mem|dev", help: "where the memmap lies", fallback: "mem" },
  kernel: { value: "PRESET", help: Object.keys(PRESETS).join(", "), fallback: "6.1" },
  arch: { value: "ARCH", help: Object.keys(ARCHS).join(", "), fallback: "x86-64" },
  "struct-page": { value: "BYTES", help: "sizeof(struct page): 56, 64, 72, 80", fallback: "64" },
};

/** The flag of commands that report model time. */
export const COST_FLAG: Readonly<Record<string, Flag>> = {
  cost: { value: "NAME", help: `machine of the model times: ${Object.keys(COSTS).join(", ")}`, fallback: DEFAULT_COST },
};

/** Parses a command's arguments. CommandError names what was given and what is allowed. */
export function parseFlags(args: readonly string[], command: Command): Flags {
  const names = Object.keys(command.flags);
  const switches = [...names.filter((n) => command.flags[n].value === ""), "json"];
  const strings = names.filter((n) => command.flags[n].value !== "");
  for (const name of switches) {
    const given = args.find((arg) => arg.startsWith(`--${name}=`));
    if (given === undefined) continue;
    throw new CommandError(`${command.name}: --${name} takes no value, got "${given.slice(name.length + 3)}"`);
  }
  const unknown = (arg: string) => {
    throw new CommandError(
      `${command.name}: unknown argument "${arg}": known are ${names.map((n) => `--${n}`).join(", ")}, --json`,
    );
  };
  const parsed = parseArgs(joinValues(args, strings), {
    boolean: switches,
    string: strings,
    collect: strings,
    unknown,
  }) as Record<string, unknown>;
  // What follows a bare "--" is not reported as unknown.
  for (const arg of parsed._ as unknown[]) unknown(String(arg));
  for (const name of strings) {
    const given = parsed[name] as string[];
    if (given.includes("")) {
      throw new CommandError(`${command.name}: --${name} needs one value: ${command.flags[name].value}`);
    }
    if (given.length > 1) {
      throw new CommandError(
        `${command.name}: --${name} was given ${given.length} times: one value: ${command.flags[name].value}`,
      );
    }
    parsed[name] = given[0];
  }
  return {
    json: parsed.json === true,
    has: (name) => parsed[name] !== undefined && parsed[name] !== false,
    text: (name) => {
      const value = parsed[name] ?? command.flags[name].fallback;
      if (value === undefined) {
        throw new CommandError(`${command.name}: --${name} ${command.flags[name].value} is required`);
      }
      return String(value);
    },
  };
}

/**
 * `--name value` as `--name=value`, so that a value may be empty or begin with a minus, and is complained about as one.
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

/** Refuses every flag but these beside a switch that asks for something else than the command's usual run. */
export function onlyWith(flags: Flags, command: Command, name: string, others: readonly string[]): void {
  const extra = Object.keys(command.flags).find((f) => flags.has(f) && f !== name && !others.includes(f));
  if (extra === undefined) return;
  const allowed = [...others, "json"].map((f) => `--${f}`).join(", ");
  throw new CommandError(`${command.name}: --${extra} means nothing with --${name}: allowed are ${allowed}`);
}

/** A flag's value as a size in bytes. */
export function sizeFlag(flags: Flags, name: string): number {
  return readSize(name, flags.text(name));
}

/** A size in bytes, from the value of a flag or a part of it. */
export function readSize(name: string, text: string): number {
  try {
    return parseSize(text);
  } catch (error) {
    if (error instanceof RangeError) throw new CommandError(`--${name}: ${error.message}`);
    throw error;
  }
}

/** A model time for people. */
export function modelText(ms: number | null, cost: string): string {
  return ms === null ? "not modelled" : `${ms.toFixed(2)} ms on the ${cost} machine`;
}

/** A flag's value as a whole number. */
export function numberFlag(flags: Flags, name: string): number {
  const text = flags.text(name);
  if (!/^\d+$/.test(text)) throw new CommandError(`--${name}: expected a whole number, got "${text}"`);
  return Number(text);
}

/** A flag's value, one of the allowed words. */
export function choiceFlag<T extends string>(flags: Flags, name: string, allowed: readonly T[]): T {
  const text = flags.text(name);
  if (!allowed.includes(text as T)) {
    throw new CommandError(`--${name}: expected ${allowed.join(" or ")}, got "${text}"`);
  }
  return text as T;
}

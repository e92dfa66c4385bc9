// SPDX-License-Identifier: GPL-2.0-only
// Derives flags from the rows that declare a report's options (src/scenario/option_row.ts), and options from flags.
// Defaults are applied by the rows: an option whose flag is missing is not passed on.

import type { OptionRow } from "../scenario/option_row.ts";
import type { Flag, Flags } from "./command.ts";
import { readFlag, SET_FLAG } from "./flags.ts";

type Rows = Readonly<Record<string, OptionRow<unknown>>>;

/** The flags of these options, with --set if the kernel is one. */
export function flagsOf(rows: Rows): Record<string, Flag> {
  const flags: Record<string, Flag> = {};
  for (const row of Object.values(rows)) {
    if (row.flag === "") continue;
    const { value, help, fallback } = row;
    flags[row.flag] = {
      value,
      help,
      ...(fallback === undefined || value === "" ? {} : { fallback: row.show(fallback) }),
    };
    if (row.flag === "kernel") flags.set = SET_FLAG;
  }
  return flags;
}

/** The options from the flags, and the host's memory. CommandError naming the flag that is invalid. */
export function optionsOf<O>(flags: Flags, rows: Rows): O {
  const options: Record<string, unknown> = {};
  for (const [name, row] of Object.entries(rows)) {
    if (row.flag === "" || !(flags.has(row.flag) || row.required)) continue;
    options[name] = readFlag(row.flag, row.value === "" ? "" : flags.text(row.flag), row.read);
  }
  if ("kernel" in rows && flags.has("set")) options.kernel = `${flags.text("kernel")},${flags.text("set")}`;
  const memory = hostMemory();
  if ("hostMemory" in rows && memory !== undefined) options.hostMemory = memory;
  return options as O;
}

/** Bytes of memory the host has available, less a margin for the program itself; undefined without --allow-sys. */
function hostMemory(): number | undefined {
  try {
    const { available } = Deno.systemMemoryInfo();
    return available > 0 ? Math.floor(available * 0.9) : undefined;
  } catch {
    return undefined;
  }
}

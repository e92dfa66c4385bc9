// SPDX-License-Identifier: GPL-2.0-only
// An option, declared once: its flag, help, default, how its text is read and which values are allowed. `lab` derives
// its flags from these rows, and reports use them to fill in and check options; a report checks what depends on several
// options. Mirrors no kernel file.

import { ARCHS } from "../arch/archs.ts";
import { DEFAULT_ARCH, DEFAULT_KERNEL, DEFAULT_STRUCT_PAGE_SIZE } from "../include/defaults.ts";
import { STRUCT_PAGE_SIZES } from "../include/mm_types.ts";
import { PRESETS } from "../include/kernel_config.ts";
import { kernelSpec } from "../kernels.ts";
import { formatSize, parseSize } from "../lib/units.ts";
import { COSTS, costTable, DEFAULT_COST } from "../model/cost_tables.ts";
import { archNamed, hostMemoryOption, oneOf, shareOf, trueOrFalse, wholeNumber } from "./options.ts";

/** One option of type T. */
export interface OptionRow<T> {
  /** Its flag without the dashes, the option's name in kebab case; empty for an option without one. */
  readonly flag: string;
  /** The program whose flag it is, if its name differs from the option's. */
  readonly flagOf?: string;
  /** Placeholder of the flag's value; empty for a switch. */
  readonly value: string;
  readonly help: string;
  /** Default value. Without one the option is required, or its default depends on other options. */
  readonly fallback?: T;
  readonly required?: boolean;
  /** Reads a flag's text; a switch reads the empty text. RangeError for invalid text. */
  readonly read: (text: string) => T;
  /** Checks a value from the library's caller. RangeError or TypeError saying what was given and what is allowed. */
  readonly check: (given: never) => T;
  /** A value as the text of its flag. */
  show(value: T): string;
}

/** A row for every option of O. */
export type OptionRows<O> = { readonly [K in keyof O]-?: OptionRow<Exclude<O[K], undefined>> };

type Valued<R> = R extends { readonly check: (given: never) => infer T } ? T : never;
/** Options with the defaults filled in: present if the row has a default or is required. */
export type Filled<R> =
  & { readonly [K in keyof R as R[K] extends { fallback: unknown } | { required: true } ? K : never]: Valued<R[K]> }
  & { readonly [K in keyof R as R[K] extends { fallback: unknown } | { required: true } ? never : K]?: Valued<R[K]> };

/** The options that have a row, checked, with defaults for those that are missing. */
export function fillIn<R extends Readonly<Record<string, OptionRow<unknown>>>>(options: object, rows: R): Filled<R> {
  const given = options as Readonly<Record<string, never>>;
  const filled: Record<string, unknown> = {};
  for (const [name, row] of Object.entries(rows)) {
    if (given[name] !== undefined || row.required) filled[name] = row.check(given[name]);
    else if (row.fallback !== undefined) filled[name] = row.fallback;
  }
  return filled as Filled<R>;
}

/** The row with a default. */
export function byDefault<T>(row: OptionRow<T>, fallback: T): OptionRow<T> & { readonly fallback: T } {
  return { ...row, fallback };
}

/** The row of an option that must be given. */
export function required<T>(row: OptionRow<T>): OptionRow<T> & { readonly required: true } {
  return { ...row, required: true };
}

/** The row of an option without a default; `help` says what its absence means. */
export function optional<T>({ flag, value, read, check, show }: OptionRow<T>, help: string): OptionRow<T> {
  return { flag, value, help, read, check, show };
}

/** A value read from its flag's text; the report checks which values are valid. */
export function valueRow<T>(
  flag: string,
  value: string,
  help: string,
  read: (text: string) => T,
  show: (value: T) => string,
): OptionRow<T> {
  return { flag, value, help, read, check: (given) => given, show };
}

/** A list of values, separated by commas. */
export function listRow<T>(
  flag: string,
  value: string,
  help: string,
  read: (part: string) => T,
  show: (item: T) => string,
): OptionRow<readonly T[]> {
  return valueRow(flag, value, help, (text) => text.split(",").map(read), (items) => items.map(show).join(","));
}

/** A size in bytes. */
export function sizeRow(flag: string, help: string, value = "SIZE"): OptionRow<number> {
  return valueRow(flag, value, help, parseSize, formatSize);
}

/** A pool of huge pages: `2M:512`. RangeError for other text. */
export function readPool(text: string): { readonly size: number; readonly count: number } {
  const [, size, count] = /^([^:]+):([1-9]\d{0,14})$/.exec(text) ?? [];
  if (size === undefined) throw new RangeError(`expected SIZE:N such as 2M:512, got "${text}"`);
  return { size: parseSize(size), count: Number(count) };
}

/** A pool in the form that readPool() reads. */
export function showPool({ size, count }: { readonly size: number; readonly count: number }): string {
  return `${formatSize(size)}:${count}`;
}

/** One of some words; `what` names it in messages. */
export function wordRow<T extends string>(
  flag: string,
  help: string,
  words: readonly T[],
  what: string = flag,
): OptionRow<T> {
  const read = (text: string) => {
    if (words.includes(text as T)) return text as T;
    throw new RangeError(`expected ${words.join(" or ")}, got "${text}"`);
  };
  return { ...valueRow(flag, words.join("|"), help, read, String), check: (given) => oneOf(what, given, words) };
}

/** A whole number between bounds; `what` names it in messages. */
export function countRow(
  flag: string,
  help: string,
  [least, most]: readonly [number, number],
  what: string = flag,
): OptionRow<number> {
  const check = (given: never) => wholeNumber(what, given, least, most);
  return { ...valueRow(flag, "N", help, readWhole, String), check };
}

/** A whole number. RangeError for other text. */
export function readWhole(text: string): number {
  if (/^\d+$/.test(text)) return Number(text);
  throw new RangeError(`expected a whole number, got "${text}"`);
}

/** A share from 0 to 1; `act` is the verb in messages. */
export function shareRow(flag: string, help: string, act: string): OptionRow<number> {
  const read = (text: string) => {
    const share = /^[\d.]+(e-?\d+)?$/i.test(text) ? Number(text) : NaN;
    if (share >= 0 && share <= 1) return share;
    throw new RangeError(`expected a share from 0 to 1, got "${text}"`);
  };
  return { ...valueRow(flag, "SHARE", help, read, String), check: (given) => shareOf(act, given) };
}

/**
 * A switch: true or false, `fallback` without the flag, which is `--name`, or `--no-name` if the switch is on by
 * default.
 */
export function switchRow(
  name: string,
  help: string,
  fallback = false,
): OptionRow<boolean> & { readonly fallback: boolean } {
  const flag = `${fallback ? "no-" : ""}${kebab(name)}`;
  return { ...valueRow(flag, "", help, () => !fallback, String), fallback, check: (given) => trueOrFalse(name, given) };
}

/** An option's name as a flag: `free-memory` for freeMemory. */
function kebab(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** The kernel; `--set` changes its switches. Filled in as a spec. */
export const KERNEL_ROW = {
  ...valueRow("kernel", "PRESET", Object.keys(PRESETS).join(", "), kernelSpec, String),
  fallback: DEFAULT_KERNEL,
  check: kernelSpec,
};

/** The architecture with its base page size. */
export const ARCH_ROW = {
  ...valueRow("arch", "ARCH", Object.keys(ARCHS).join(", "), String, String),
  fallback: DEFAULT_ARCH,
  check: (given: string) => archNamed(given).name,
};

/** sizeof(struct page). */
const STRUCT_PAGE_ROW = {
  ...valueRow("struct-page", "BYTES", `sizeof(struct page): ${STRUCT_PAGE_SIZES.join(", ")}`, readWhole, String),
  fallback: DEFAULT_STRUCT_PAGE_SIZE,
  check: (given: number) => oneOf("size of struct pages", given, STRUCT_PAGE_SIZES),
};

/** The memory and CPU of the modelled times. */
export const COST_ROW = {
  ...valueRow("cost", "NAME", `memory and CPU of the modelled times: ${Object.keys(COSTS).join(", ")}`, String, String),
  fallback: DEFAULT_COST,
  check: (given: string) => costTable(given).name,
};

/** Whether struct pages are written. */
export const CONTENTS_ROW = switchRow("contents", "count frames and tables without writing struct pages", true);

/** Whether the invariant checker runs before the report is made. */
export const CHECK_ROW = switchRow("check", "check all invariants afterwards; exit 1 if one is violated");

/** Host memory; `lab` uses what the host has. */
export const HOST_MEMORY_ROW = {
  ...valueRow("", "", "", Number, formatSize),
  fallback: hostMemoryOption(),
  check: hostMemoryOption,
};

/** The kernel, and the machine under it. */
export const MACHINE_ROWS = { kernel: KERNEL_ROW, arch: ARCH_ROW, structPageSize: STRUCT_PAGE_ROW };

/** What every run takes. */
export const RUN_ROWS = { check: CHECK_ROW, hostMemory: HOST_MEMORY_ROW };

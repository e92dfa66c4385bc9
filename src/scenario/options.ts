// SPDX-License-Identifier: GPL-2.0-only
// Checks that all reports share: bad options are refused with a message that says what was given and what is allowed.
// Mirrors no kernel file.

import type { Arch } from "../arch/arch.ts";
import { ARCHS } from "../arch/archs.ts";
import { DEFAULT_ARCH, DEFAULT_HOST_MEMORY } from "../include/defaults.ts";
import { formatSize, humanSize } from "../lib/units.ts";

/** Limit of a machine's memory of one kind: what x86-64 can address. */
export const MOST_MEMORY = 2 ** 46;

/** The architecture of that name; default x86-64. RangeError for an unknown name. */
export function archNamed(name: string = DEFAULT_ARCH): Arch {
  return ARCHS[oneOf("architecture", name, Object.keys(ARCHS))];
}

/** The given word if it is allowed. RangeError otherwise. */
export function oneOf<T extends string | number>(what: string, given: T, known: readonly T[]): T {
  if (known.includes(given)) return given;
  throw new RangeError(`Unknown ${what} "${given}": expected ${known.join(", ")}`);
}

/** TypeError unless `options` is an object; RangeError for an option that is not read. */
export function knownOptions(options: object, known: readonly string[]): void {
  if (typeof options !== "object" || options === null) {
    throw new TypeError(`Cannot read options from ${shown(options)}: expected an object`);
  }
  const unknown = Object.keys(options).find((name) => !known.includes(name));
  if (unknown !== undefined) throw new RangeError(`Unknown option "${unknown}": expected ${known.join(", ")}`);
}

/** The options that are given. */
export function definedOnly<T extends object>(options: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as never;
}

/** A count if it is whole and within the bounds. RangeError otherwise. */
export function wholeNumber(what: string, given: number, least: number, most: number): number {
  if (Number.isInteger(given) && given >= least && given <= most) return given;
  throw new RangeError(`Cannot run with ${what} ${shown(given)}: expected a whole number from ${least} to ${most}`);
}

/** Bytes if they are a positive multiple of a unit. RangeError with the verb `act` and the nearest sizes otherwise. */
export function multipleOf(act: string, given: number, unit: number): number {
  if (Number.isSafeInteger(given) && given > 0 && given % unit === 0) return given;
  const short = Number.isSafeInteger(given) ? formatSize(given) : "";
  const size = /[A-Z]$/.test(short) ? short : `${shown(given)} bytes`;
  throw new RangeError(
    `Cannot ${act} ${size}: expected a positive multiple of ${formatSize(unit)}${near(given, unit)}`,
  );
}

/** The multiples on either side. */
function near(given: number, unit: number): string {
  if (!Number.isSafeInteger(given) || given <= 0) return "";
  const below = Math.floor(given / unit) * unit;
  const sizes = [below, below + unit].filter((bytes) => bytes > 0).map(formatSize);
  return `, nearest ${sizes.length === 1 ? "is" : "are"} ${sizes.join(" and ")}`;
}

/** A boolean. TypeError for anything else, such as "false", which would count as true. */
export function trueOrFalse(name: string, given: unknown): boolean {
  if (typeof given === "boolean") return given;
  throw new TypeError(`Cannot switch ${name} to ${shown(given)}: expected true or false`);
}

/** A number from 0 to 1. TypeError for text, which would be compared as a number. */
export function shareOf(act: string, given: unknown): number {
  if (typeof given !== "number") throw new TypeError(`Cannot ${act} ${shown(given)}: expected a share from 0 to 1`);
  if (given >= 0 && given <= 1) return given;
  throw new RangeError(`Cannot ${act} ${given}: expected a share from 0 to 1`);
}

/** Bytes of host memory, as given or by default; Infinity for no limit. RangeError unless it is a number. */
export function hostMemoryOption(given: number = DEFAULT_HOST_MEMORY): number {
  if (typeof given === "number" && given >= 0) return given;
  throw new RangeError(`Cannot use ${shown(given)} bytes of host memory: expected a number from 0`);
}

/** RangeError with the figures, and a hint if there is one, unless the host has the bytes that a run needs. */
export function requireHostMemory(need: number, have: number, hint: string): void {
  // Written this way because no comparison with NaN holds.
  if (need <= have) return;
  throw new RangeError(
    `Not enough host memory: this run needs about ${humanSize(need)}, ` +
      `${humanSize(have)} is available${hint === "" ? "" : ` (${hint})`}`,
  );
}

/** A value in messages. Text is quoted: "5" is not 5. */
function shown(given: unknown): string {
  return typeof given === "string" ? `"${given}"` : String(given);
}

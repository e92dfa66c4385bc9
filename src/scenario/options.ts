// SPDX-License-Identifier: GPL-2.0-only
// What every report does with its options: fills in defaults, and complains about bad values, naming what was given and
// what is allowed. It mirrors no kernel file.

import type { Arch } from "../arch/arch.ts";
import { ARCHS } from "../arch/archs.ts";
import { DEFAULT_ARCH, DEFAULT_HOST_MEMORY } from "../include/defaults.ts";
import { formatSize, humanSize } from "../lib/units.ts";

/** Most memory a box may have of a kind: what x86-64 can address. */
export const MOST_MEMORY = 2 ** 46;

/** The architecture of that name; default x86-64. RangeError naming the known ones. */
export function archNamed(name: string = DEFAULT_ARCH): Arch {
  return ARCHS[oneOf("architecture", name, Object.keys(ARCHS))];
}

/** The given word if it is known. RangeError naming both. */
export function oneOf<T extends string | number>(what: string, given: T, known: readonly T[]): T {
  if (known.includes(given)) return given;
  throw new RangeError(`Unknown ${what} "${given}": expected ${known.join(", ")}`);
}

/** TypeError unless these are options; RangeError for one that nobody reads, naming those that are read. */
export function knownOptions(options: object, known: readonly string[]): void {
  if (typeof options !== "object" || options === null) {
    throw new TypeError(`Cannot read options from ${shown(options)}: expected an object`);
  }
  const unknown = Object.keys(options).find((name) => !known.includes(name));
  if (unknown !== undefined) throw new RangeError(`Unknown option "${unknown}": expected ${known.join(", ")}`);
}

/** A count if it is whole and within the bounds. RangeError naming all three. */
export function wholeNumber(what: string, given: number, least: number, most: number): number {
  if (Number.isInteger(given) && given >= least && given <= most) return given;
  throw new RangeError(`Cannot run with ${what} ${shown(given)}: expected a whole number from ${least} to ${most}`);
}

/** Bytes if they are a positive multiple of a unit. RangeError: cannot `act` so many, with the nearest sizes. */
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

/** A boolean. TypeError for anything else: "false" would count as true. */
export function trueOrFalse(name: string, given: unknown): boolean {
  if (typeof given === "boolean") return given;
  throw new TypeError(`Cannot switch ${name} to ${shown(given)}: expected true or false`);
}

/** A number from 0 to 1. TypeError for text, which would compare as a number. */
export function shareOf(act: string, given: unknown): number {
  if (typeof given !== "number") throw new TypeError(`Cannot ${act} ${shown(given)}: expected a share from 0 to 1`);
  if (given >= 0 && given <= 1) return given;
  throw new RangeError(`Cannot ${act} ${given}: expected a share from 0 to 1`);
}

/** Bytes of host memory, as given or by default; Infinity is no limit. RangeError unless that is a number. */
export function hostMemoryOption(given: number = DEFAULT_HOST_MEMORY): number {
  if (typeof given === "number" && given >= 0) return given;
  throw new RangeError(`Cannot use ${shown(given)} bytes of host memory: expected a number from 0`);
}

/** RangeError with the figures, and a hint if there is one, unless the host has the bytes a run needs. */
export function requireHostMemory(need: number, have: number, hint: string): void {
  // Not "more than": no comparison with NaN holds.
  if (need <= have) return;
  throw new RangeError(
    `Not enough host memory: this run needs about ${humanSize(need)}, ` +
      `${humanSize(have)} are there${hint === "" ? "" : ` (${hint})`}`,
  );
}

/** A value as complaints show it. Text is quoted: "5" is not 5. */
function shown(given: unknown): string {
  return typeof given === "string" ? `"${given}"` : String(given);
}

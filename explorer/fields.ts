// SPDX-License-Identifier: GPL-2.0-only
// The options of a view, declared once: the control of each, its default, and its flag of `lab`. Values are
// text, as in a link or on a command line; an unreadable one is a RangeError that names the option.

import { parseSize } from "../src/lib/units.ts";

/** One option. */
export interface Field {
  readonly name: string;
  readonly label: string;
  readonly kind: "choice" | "size" | "count" | "switch" | "text";
  readonly fallback: string;
  /** The choices. */
  readonly choices?: readonly string[];
  /** Choices that depend on other options. */
  readonly suggestions?: readonly string[];
  /** Part of the picture's state, without a control of its own in the form. */
  readonly hidden?: boolean;
}

/** Options as text, every one filled in. */
export type Values = Readonly<Record<string, string>>;

/** A switch that is on. */
export const ON = "on";

/** Fills in defaults. RangeError for unknown options and unknown choices. */
export function withDefaults(fields: readonly Field[], given: Values): Values {
  const unknown = Object.keys(given).find((name) => !fields.some((field) => field.name === name));
  if (unknown !== undefined) {
    throw new RangeError(`Unknown option "${unknown}": expected ${fields.map((field) => field.name).join(", ")}`);
  }
  return Object.fromEntries(fields.map((field) => [field.name, checked(field, given[field.name] ?? field.fallback)]));
}

function checked({ name, kind, choices }: Field, value: string): string {
  const allowed = kind === "switch" ? [ON, "off"] : choices;
  if (allowed === undefined || allowed.includes(value)) return value;
  throw new RangeError(`Unknown ${name} "${value}": expected ${allowed.join(", ")}`);
}

/** The values that differ from the defaults, for a link. */
export function withoutDefaults(fields: readonly Field[], values: Values): Values {
  return Object.fromEntries(
    fields.filter(({ name, fallback }) => values[name] !== undefined && values[name] !== fallback)
      .map(({ name }) => [name, values[name]]),
  );
}

/** Bytes; RangeError that names the option. */
export function bytes(values: Values, name: string): number {
  try {
    return parseSize(values[name]);
  } catch (error) {
    throw new RangeError(`${name}: ${error instanceof Error ? error.message : error}`);
  }
}

/** A whole number; RangeError that names the option. */
export function whole(values: Values, name: string): number {
  if (!/^\d{1,15}$/.test(values[name])) {
    throw new RangeError(`${name}: expected a whole number, got "${values[name]}"`);
  }
  return Number(values[name]);
}

// SPDX-License-Identifier: GPL-2.0-only
// A captured row of Linux and the emulator's answer, in the form that every scenario passes to the comparison.

/** Named values; those of a fixture's inner objects have dotted names. */
export type Fields = Readonly<Record<string, unknown>>;

/** One row of a capture. */
export interface CapturedRow {
  readonly name: string;
  readonly linux: Fields;
  /** Values of some of the fields by closed formulas. */
  readonly formula?: Fields;
  /** The same fields from the emulator, which runs when this is called. */
  readonly emulate: () => Fields;
  /** Fields that are counts of free pages, and the noise of Linux's readings of them, in pages. */
  readonly noise?: Readonly<Record<string, number>>;
}

/** An object's values by dotted names. */
export function flat(value: Fields, prefix = ""): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, v]) =>
      v !== null && typeof v === "object" && !Array.isArray(v)
        ? Object.entries(flat(v as Fields, `${prefix}${key}.`))
        : [[`${prefix}${key}`, v]]
    ),
  );
}

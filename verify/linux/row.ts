// SPDX-License-Identifier: GPL-2.0-only
// A captured row of Linux and how the emulator answers it, as every scenario gives it to the comparison.

/** Named values; those of a fixture's inner objects have dotted names. */
export type Fields = Readonly<Record<string, unknown>>;

/** One row of a capture. */
export interface CapturedRow {
  readonly name: string;
  readonly linux: Fields;
  /** What closed formulas give for some of the fields. */
  readonly formula?: Fields;
  /** The same fields from the emulator; runs it when it is called. */
  readonly emulate: () => Fields;
  /** Fields that are counts of free pages, and by how many pages Linux's readings of them differ. */
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

// The signature of @std/cli/unicode-width, for the untyped JavaScript of deno-std.

/** The number of terminal columns that the string takes. */
export declare function unicodeWidth(str: string): number;

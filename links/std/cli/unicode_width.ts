// A stand-in for jsr:@std/cli/unicode-width: the same std code, taken from the npm package deno-std.
/**
 * The width of text on a terminal.
 *
 * @module
 */

// @ts-types="./unicode_width_types.d.ts"
export * from "deno-std/cli/unicode_width.js";

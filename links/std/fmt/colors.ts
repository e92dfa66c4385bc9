// A stand-in for jsr:@std/fmt/colors: the same std code, taken from the npm package deno-std.
/**
 * Text in colour for a terminal; plain when `NO_COLOR` is set.
 *
 * @module
 */

// @ts-types="./colors_types.d.ts"
export * from "deno-std/fmt/colors.js";

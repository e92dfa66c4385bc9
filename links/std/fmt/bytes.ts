// A stand-in for jsr:@std/fmt/bytes: the same std code, taken from the npm package deno-std.
/**
 * Sizes in bytes for people.
 *
 * @module
 */

// @ts-types="./bytes_types.d.ts"
export * from "deno-std/fmt/bytes.js";

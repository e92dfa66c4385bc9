// A stand-in for jsr:@std/fmt/duration: the same std code, taken from the npm package deno-std.
/**
 * Durations for people.
 *
 * @module
 */

// @ts-types="./duration_types.d.ts"
export * from "deno-std/fmt/duration.js";

// A stand-in for jsr:@std/text/levenshtein-distance: the same std code, taken from the npm package deno-std.
/**
 * How far apart two words are.
 *
 * @module
 */

// @ts-types="./levenshtein_distance_types.d.ts"
export * from "deno-std/text/levenshtein_distance.js";

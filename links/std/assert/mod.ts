// A stand-in for jsr:@std/assert, so that everything runs where JSR cannot be reached: the same std code, taken
// from the npm package deno-std. That package has no type declarations; types.d.ts declares them.
/**
 * Assertion functions: each returns when its condition holds and throws an {@linkcode AssertionError} when not.
 *
 * @module
 */

// @ts-types="./types.d.ts"
export * from "deno-std/assert/mod.js";

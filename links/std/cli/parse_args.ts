// A stand-in for jsr:@std/cli/parse-args: the same std code, taken from the npm package deno-std.
/**
 * Command line flags, minimist fashion.
 *
 * @module
 */

// @ts-types="./parse_args_types.d.ts"
export * from "deno-std/cli/parse_args.js";

// A stand-in for jsr:@std/cli, so that everything runs where JSR cannot be reached.
/**
 * Tools of a command line.
 *
 * @module
 */

export * from "./parse_args.ts";

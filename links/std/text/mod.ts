// A stand-in for jsr:@std/text, so that everything runs where JSR cannot be reached.
/**
 * Tools for text.
 *
 * @module
 */

export * from "./levenshtein_distance.ts";

// The signature of @std/text/levenshtein-distance, for the untyped JavaScript of deno-std.

/** Least number of characters to insert, delete or replace that make one text the other. */
export declare function levenshteinDistance(str1: string, str2: string): number;

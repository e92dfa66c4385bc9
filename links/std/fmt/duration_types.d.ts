// The signature of @std/fmt/duration, for the untyped JavaScript of deno-std.

/** How a duration is written. */
export interface FormatOptions {
  /** `1m 39s` (narrow, the default), `00:00:01:39` (digital), `1 minute, 39 seconds` (full). */
  style?: "narrow" | "digital" | "full";
  /** Leaves out the parts that are zero. */
  ignoreZero?: boolean;
}

/** `99674` milliseconds are `0d 0h 1m 39s 674ms 0µs 0ns`, or `1m 39s 674ms` with `ignoreZero`. */
export declare function format(ms: number, options?: FormatOptions): string;

// The signature of @std/fmt/bytes, for the untyped JavaScript of deno-std.

/** How a size is written. */
export interface FormatOptions {
  /** Bits instead of bytes. */
  bits?: boolean;
  /** Powers of 1024 (`KiB` is written `kiB`) instead of 1000. */
  binary?: boolean;
  /** A plus sign before positive sizes. */
  signed?: boolean;
  /** The language of the number: the system's with `true`, or the BCP 47 tags given. */
  locale?: boolean | string | string[];
  /** At least so many digits after the point; without either limit, three significant digits. */
  minimumFractionDigits?: number;
  /** At most so many digits after the point. */
  maximumFractionDigits?: number;
}

/** `1337` is `1.34 kB`, or `1.31 kiB` with `binary`. */
export declare function format(num: number, options?: FormatOptions): string;

// SPDX-License-Identifier: GPL-2.0-only
// Sizes as people write them.

import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { formatSize, humanSize, parseSize, parseSizeRange } from "./units.ts";

Deno.test("parseSize() reads powers of 1024 in every spelling", () => {
  for (
    const [text, bytes] of [
      ["0", 0],
      ["4096", 4096],
      ["4K", 4096],
      ["2m", 2 ** 21],
      ["2MiB", 2 ** 21],
      ["16384M", 2 ** 34],
      [" 1.5G ", 1.5 * 2 ** 30],
      ["1 T", 2 ** 40],
      ["4P", 2 ** 52],
    ] as const
  ) {
    assertEquals(parseSize(text), bytes, text);
  }
});

Deno.test("parseSize() reads what programs print: hexadecimal bytes, decimal units, ndctl's pairs", () => {
  for (
    const [text, bytes] of [
      ["0x10", 16],
      ["0x1F80000000", 126 * 2 ** 30],
      ["126.00 GiB (135.29 GB)", 126 * 2 ** 30],
      ["2.00 MiB (2.10 MB)", 2 ** 21],
      // Rounded sizes: the only multiple of 16 MiB in their range.
      ["135.29GB", 126 * 2 ** 30],
      ["124.03G", 127008 * 2 ** 20],
      ["124.03 GiB", 127008 * 2 ** 20],
      // With several multiples, or none, the size is taken as written.
      ["1.3T", Math.round(1.3 * 2 ** 40)],
      ["0.3G", Math.round(0.3 * 2 ** 30)],
      ["2.10 MB", 2.1e6],
      ["63.00 GiB (67.64 GB)", Math.round((Math.ceil(62.995 * 2 ** 30) + 67.645e9) / 2)],
    ] as const
  ) {
    assertEquals(parseSize(text), bytes, text);
  }
});

Deno.test("parseSizeRange() gives the range of a rounded figure, and the intersection of two", () => {
  for (
    const [text, least, most] of [
      ["4096", 4096, 4096],
      ["16384 kB", 2 ** 24, 2 ** 24],
      ["128MB", 2 ** 27, 2 ** 27],
      ["126.00 GiB", 125.995 * 2 ** 30, 126.005 * 2 ** 30],
      ["0.5G", 0.45 * 2 ** 30, 0.55 * 2 ** 30],
      ["126.00 GiB (135.29 GB)", 125.995 * 2 ** 30, 135.295e9],
    ] as const
  ) {
    assertEquals(parseSizeRange(text), { least: Math.ceil(least), most: Math.floor(most) }, text);
  }
  assertThrows(() => parseSizeRange("1.00 GiB (1.10 GB)"), RangeError, "the two sizes differ");
  // The result is within the range that the text stands for.
  const digits = fc.integer({ min: 0, max: 3 });
  const units = fc.constantFrom("K", "MiB", "G", "TB", "GB");
  fc.assert(fc.property(fc.integer({ min: 1, max: 8000 }), digits, units, (n, places, unit) => {
    const text = `${(n / 10 ** places).toFixed(Math.max(1, places))} ${unit}`;
    const { least, most } = parseSizeRange(text);
    const bytes = parseSize(text);
    assert(least - 1 <= bytes && bytes <= most + 1, `${text}: ${bytes} is not in ${least}..${most}`);
  }));
});

Deno.test("parseSize() refuses ambiguous sizes, and shows both readings", () => {
  for (
    const [text, why] of [
      ["2MB", "2097152 or 2000000 bytes? expected 2M or the bytes"],
      ["128 GB", "expected 128G"],
      ["1512.000", "a fraction needs a unit"],
      ["1.5B", "a fraction needs a unit"],
      ["1 GiB (2.15 GB)", "the two sizes differ"],
      ["10000000P", "too large, expected less than 8P"],
      ["0xffffffffffffffff", "too large"],
    ] as const
  ) {
    assertThrows(() => parseSize(text), RangeError, why);
  }
});

Deno.test("parseSize() refuses text that is not a whole number of bytes", () => {
  for (const text of ["", "G", "-1", "1.3", "1e3", "2X", "0x", "0x1G", "1G2", "1G (", "NaN", "Infinity"]) {
    assertThrows(() => parseSize(text), RangeError, `Cannot read size "${text}"`);
  }
});

Deno.test("formatSize() is exact: parseSize() gives the bytes back", () => {
  fc.assert(fc.property(fc.integer({ min: 0, max: 2 ** 50 }), (n) => assertEquals(parseSize(formatSize(n)), n)));
  assertEquals([2097152, 2 ** 40, 1025].map(formatSize), ["2M", "1T", "1025"]);
});

Deno.test("humanSize() rounds to two places", () => {
  assertEquals(humanSize(1571958030336), "1.43 TiB");
  assertEquals([0, 1023, 1024, 2 ** 30].map(humanSize), ["0 B", "1023 B", "1 KiB", "1 GiB"]);
  assertEquals([2 ** 40 - 2 ** 21, 2 ** 40 - 2 ** 24, 2 ** 30 - 1].map(humanSize), [
    "1.00 TiB",
    "1023.98 GiB",
    "1.00 GiB",
  ]);
});

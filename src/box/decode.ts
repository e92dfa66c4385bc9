// SPDX-License-Identifier: GPL-2.0-only
// Decodes the bytes of a file: UTF-8, or UTF-16 (which PowerShell's ">" writes) if there is a byte order mark or every
// other byte at the beginning is zero. Invalid bytes become U+FFFD, which the reader reports.

/** The text of a file. */
export function decodeText(bytes: Uint8Array): string {
  const [a, b] = bytes;
  const utf16 = a === 0xff && b === 0xfe ? "utf-16le" : a === 0xfe && b === 0xff ? "utf-16be" : withoutMark(bytes);
  return new TextDecoder(utf16 ?? "utf-8").decode(bytes);
}

/** The byte pattern of ASCII text in UTF-16. */
function withoutMark(bytes: Uint8Array): "utf-16le" | "utf-16be" | null {
  const head = bytes.subarray(0, 64);
  if (head.length < 2 || bytes.length % 2 !== 0) return null;
  const zero = (odd: number) => head.every((byte, i) => (byte === 0) === (i % 2 === odd));
  return zero(1) ? "utf-16le" : zero(0) ? "utf-16be" : null;
}

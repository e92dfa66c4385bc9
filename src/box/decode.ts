// SPDX-License-Identifier: GPL-2.0-only
// Bytes of a file as text: UTF-8, or UTF-16 where a byte order mark says so (what PowerShell's ">" writes). What is
// neither shows as U+FFFD and is noted by the reader.

/** The text of a file. */
export function decodeText(bytes: Uint8Array): string {
  const [a, b] = bytes;
  const utf16 = a === 0xff && b === 0xfe ? "utf-16le" : a === 0xfe && b === 0xff ? "utf-16be" : null;
  return new TextDecoder(utf16 ?? "utf-8").decode(bytes);
}

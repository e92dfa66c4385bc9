// SPDX-License-Identifier: GPL-2.0-only
// Logs of outcomes, JSON by lines, so that a stopped run continues.

/** Reads a log; creates it if it does not exist. Without a file there are no lines. */
export async function openLog<Line>(file: string | undefined): Promise<Line[]> {
  if (file === undefined) return [];
  const { readable } = await Deno.open(file, { create: true, append: true, read: true });
  return parseLog(await new Response(readable).text());
}

/** Truncated lines are skipped. */
export function parseLog<Line>(text: string): Line[] {
  return text.split("\n").filter((line) => line.endsWith("}")).map((line) => JSON.parse(line));
}

/** Adds a line. It starts with a line feed, in case the last line was truncated. */
export function append(file: string | undefined, line: object): void {
  if (file !== undefined) Deno.writeTextFileSync(file, `\n${JSON.stringify(line)}`, { append: true });
}

/** A hash of texts by name, which tells logs of other sources. */
export async function digest(texts: Iterable<readonly [name: string, text: string]>): Promise<string> {
  const all = Array.from(texts, ([name, text]) => `${name}\n${text}`).join("\0");
  return new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(all))).toHex();
}

// SPDX-License-Identifier: GPL-2.0-only
// What is built: a page that is one file and refers to nothing.

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { MOST_BYTES } from "./build.ts";
import { builtExplorer } from "./explorer_testing.ts";

Deno.test("buildExplorer() makes one small file that asks for nothing", async () => {
  const html = await builtExplorer();
  assert(html.length <= MOST_BYTES, `${html.length} bytes`);
  assertStringIncludes(html, "Content-Security-Policy\" content=\"default-src 'none'; script-src 'sha256-");
  const markup = html.replace(/<(script|style)[^>]*>[^]*?<\/\1>/g, "");
  assertEquals(markup.match(/(src|href)="(?!data:)[^"]*"/g), null);
  assert(!/unsafe-|https?:/.test(/content="(default-src[^"]*)"/.exec(html)![1]));
});

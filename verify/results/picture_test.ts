// SPDX-License-Identifier: GPL-2.0-only
// The committed picture is what the emulator counts now.

import { assertEquals, assertMatch } from "@std/assert";
import { barsSvg, perTibBars } from "./picture.ts";

Deno.test("barsSvg() draws a bar as long as the logarithm of its MiB", () => {
  const svg = barsSvg("t", [{ label: "a", bytes: 2 ** 30, color: "red" }, {
    label: "b",
    bytes: 2 ** 25,
    color: "red",
  }]);
  assertMatch(svg, /width="460.0" height="14" fill="red"/);
  assertMatch(svg, /width="230.0" height="14" fill="red"/);
});

Deno.test("README's picture is what is counted today", async () => {
  const file = await Deno.readTextFile(new URL("../../results/per-tib.svg", import.meta.url));
  const title = /<text x="10" y="20">([^<]*)<\/text>/.exec(file)![1];
  assertEquals(file, barsSvg(title, perTibBars()));
});

// SPDX-License-Identifier: GPL-2.0-only
// The committed picture matches what the emulator counts now.

import { assertEquals } from "@std/assert";
import { perTibBars, perTibSvg } from "./picture.ts";

Deno.test("README's picture matches a new count", async () => {
  const file = await Deno.readTextFile(new URL("../../results/per-tib.svg", import.meta.url));
  assertEquals(file, perTibSvg(perTibBars()));
});

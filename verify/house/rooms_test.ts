// SPDX-License-Identifier: GPL-2.0-only
// The picture of the rooms matches today's imports, and leaves out only arrows that others imply.

import { assert, assertEquals } from "@std/assert";
import { reduced, roomImports, ROOMS_SVG, roomsSvg } from "./rooms.ts";

Deno.test("reduced() drops an arrow that a longer way shows, and no other", () => {
  const arrows = new Map([["c", new Set(["a", "b"])], ["b", new Set(["a"])], ["d", new Set(["a"])]]);
  assertEquals(reduced(arrows), [["c", "b"], ["b", "a"], ["d", "a"]]);
});

Deno.test("docs/rooms.svg shows today's rooms: `deno task rooms` draws it anew", async () => {
  assert(roomImports().get("mm")!.has("machine"));
  assertEquals(await Deno.readTextFile(ROOMS_SVG), await roomsSvg());
});

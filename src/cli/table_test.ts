// SPDX-License-Identifier: GPL-2.0-only
import { assertEquals } from "@std/assert";
import { table } from "./table.ts";

Deno.test("table() makes columns as wide as their widest cell, however wide, and leaves no trailing blanks", () => {
  assertEquals(table([["", "free", "spanned"], ["online", "4301401848", "4369154048"], ["off", "1", ""]], 1), [
    "              free     spanned",
    "online  4301401848  4369154048",
    "off              1",
  ]);
});

Deno.test("table() lets the last cell of a short row run on without widening a column", () => {
  assertEquals(table([["map", "lost", "left"], ["mem", "1 KiB", "7 KiB"], ["dev", "Cannot align to 1G"]], 1), [
    "map   lost   left",
    "mem  1 KiB  7 KiB",
    "dev  Cannot align to 1G",
  ]);
});

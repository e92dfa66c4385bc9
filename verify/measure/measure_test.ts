// SPDX-License-Identifier: GPL-2.0-only

import { assert, assertEquals, assertThrows } from "@std/assert";
import { KernelPanic } from "../../mod.ts";
import { panics } from "./measure.ts";

function panicking(message: string): () => never {
  return () => {
    throw new KernelPanic(message);
  };
}

Deno.test("panics() takes the panic that was meant and no other", () => {
  assert(panics(/never return/, panicking("memunmapPages: 1 references on the pgmap never return")));
  assertEquals(panics(/never return/, () => {}), false);
  assertThrows(
    () => panics(/never return/, panicking("pageWord: memmap of frame 1 is not mapped")),
    KernelPanic,
    "frame 1",
  );
  assertThrows(() => panics(/never return/, () => assert(false, "never return")), Error);
});

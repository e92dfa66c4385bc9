// SPDX-License-Identifier: GPL-2.0-only

import { assert, assertEquals, assertThrows } from "@std/assert";
import { KernelPanic } from "../../mod.ts";
import { panics } from "./measure.ts";

function panicking(message: string): () => never {
  return () => {
    throw new KernelPanic(message);
  };
}

Deno.test("panics() accepts only the expected panic", () => {
  assert(panics(/references on the pgmap remain/, panicking("memunmapPages: 1 references on the pgmap remain")));
  assertEquals(panics(/references on the pgmap remain/, () => {}), false);
  assertThrows(
    () => panics(/references on the pgmap remain/, panicking("pageWord: memmap of frame 1 is not mapped")),
    KernelPanic,
    "frame 1",
  );
  assertThrows(
    () => panics(/references on the pgmap remain/, () => assert(false, "references on the pgmap remain")),
    Error,
  );
});

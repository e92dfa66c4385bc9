// SPDX-License-Identifier: GPL-2.0-only
// bzimage.ts on a header made by the boot protocol's rules.

import { assertEquals, assertThrows } from "@std/assert";
import { kernelRelease } from "./release.ts";

Deno.test("kernelRelease() reads the first word of the version string", () => {
  const image = new Uint8Array(0x400);
  image.set(new TextEncoder().encode("HdrS"), 0x202);
  new DataView(image.buffer).setUint16(0x20e, 0x100, true);
  image.set(new TextEncoder().encode("6.1.0-54-amd64 (someone@somewhere) #1\0"), 0x300);
  assertEquals(kernelRelease(image), "6.1.0-54-amd64");
});

Deno.test("kernelRelease() refuses a file that is not a bzImage", () => {
  assertThrows(() => kernelRelease(new Uint8Array(0x400)), RangeError, "expected an x86 bzImage");
  assertThrows(() => kernelRelease(new Uint8Array(0)), RangeError, "expected an x86 bzImage");
});

// SPDX-License-Identifier: GPL-2.0-only
// initramfs.ts: which files a program needs.

import { assertEquals } from "@std/assert";
import { lddPaths } from "./initramfs.ts";

Deno.test("lddPaths() gives libraries and the loader, not the vDSO", () => {
  const text = [
    "\tlinux-vdso.so.1 (0x00007fa86a1fa000)",
    "\tlibndctl.so.6 => /lib/x86_64-linux-gnu/libndctl.so.6 (0x00007fa86a185000)",
    "\t/lib64/ld-linux-x86-64.so.2 (0x00007fa86a1fc000)",
  ].join("\n");
  assertEquals(lddPaths(text), ["/lib/x86_64-linux-gnu/libndctl.so.6", "/lib64/ld-linux-x86-64.so.2"]);
  assertEquals(lddPaths("\tnot a dynamic executable\n"), []);
});

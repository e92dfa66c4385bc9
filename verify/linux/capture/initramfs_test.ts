// SPDX-License-Identifier: GPL-2.0-only
// initramfs.ts: which files a program needs.

import { assertEquals } from "@std/assert";
import { lddPaths, readelfNames } from "./initramfs.ts";

Deno.test("lddPaths() gives libraries and the loader, not the vDSO", () => {
  const text = [
    "\tlinux-vdso.so.1 (0x00007fa86a1fa000)",
    "\tlibndctl.so.6 => /lib/x86_64-linux-gnu/libndctl.so.6 (0x00007fa86a185000)",
    "\t/lib64/ld-linux-x86-64.so.2 (0x00007fa86a1fc000)",
  ].join("\n");
  assertEquals(lddPaths(text), ["/lib/x86_64-linux-gnu/libndctl.so.6", "/lib64/ld-linux-x86-64.so.2"]);
  assertEquals(lddPaths("\tnot a dynamic executable\n"), []);
});

Deno.test("readelfNames() takes the loader and the libraries that a program of another architecture names", () => {
  const text = `
  INTERP         0x0000000000000238 0x0000000000000238 0x0000000000000238
      [Requesting program interpreter: /lib/ld-linux-aarch64.so.1]
 0x0000000000000001 (NEEDED)             Shared library: [libndctl.so.6]
 0x0000000000000001 (NEEDED)             Shared library: [libc.so.6]`;
  assertEquals(readelfNames(text), ["ld-linux-aarch64.so.1", "libndctl.so.6", "libc.so.6"]);
});

// SPDX-License-Identifier: GPL-2.0-only

import { assertEquals } from "@std/assert";
import { FAILED_ADD, kernelComplaints } from "./kernel_log.ts";

Deno.test("kernelComplaints() finds a kernel's complaints, and nothing in a good boot", () => {
  const log = [
    "[    0.000000] Linux version 6.12.117 (debian@host) #1 SMP",
    "[    0.130001] mem auto-init: stack:all(zero), heap alloc:on, heap free:off",
    "[    1.002003] ACPI: WARNING is part of no name here",
    "[   31.415926] BUG: Bad page state in process sh  pfn:10e001",
    "[   31.415927] page dumped because: corrupted mapping in tail page\r",
    "[  131.000001] WARNING: CPU: 0 PID: 1 at mm/page_alloc.c:1 x+0x1/0x2",
    "[  132.000000] dax0.0: failed to free all reserved pages",
    "[  133.5] kernel BUG at mm/memremap.c:1!",
    "@@ 0",
  ].join("\n");
  assertEquals(kernelComplaints(log), [
    "BUG: Bad page state in process sh  pfn:10e001",
    "WARNING: CPU: 0 PID: 1 at mm/page_alloc.c:1 x+0x1/0x2",
    "dax0.0: failed to free all reserved pages",
    "kernel BUG at mm/memremap.c:1!",
  ]);
  assertEquals(kernelComplaints(""), []);
});

Deno.test("FAILED_ADD matches the log of a failed map=dev, and no other warning", () => {
  const expected = (line: string) => FAILED_ADD.some((pattern) => pattern.test(line));
  assertEquals(kernelComplaints("[ 9.1] failed to free all reserved pages").filter(expected).length, 1);
  assertEquals(expected("WARNING: CPU: 0 PID: 360 at mm/memremap.c:153 memunmap_pages+0x2e4/0x2f8"), true);
  assertEquals(expected("WARNING: CPU: 0 PID: 55 at memunmap_pages+0x2c4/0x2ec"), true);
  assertEquals(expected("WARNING: CPU: 0 PID: 360 at mm/page_alloc.c:153 free_pages+0x2e4/0x2f8"), false);
});

// SPDX-License-Identifier: GPL-2.0-only
// namespace.ts and the pure parts of the scenarios.

import { assertEquals } from "@std/assert";
import { ndctlError, probeErrno, vmemmapOf } from "./namespace.ts";
import { moduleDirs } from "./requirements.ts";
import { layoutOf } from "./layouts.ts";
import { flagBits, words } from "./scenario_struct_pages.ts";

Deno.test("ndctlError() distinguishes refusals of the kernel from those of ndctl", () => {
  const failed = "libndctl: ndctl_dax_enable: dax0.1: failed to enable\n\nfailed to create namespace: ";
  assertEquals(ndctlError(`${failed}No such device or address`), "device fails to enable: ENXIO");
  assertEquals(ndctlError(`${failed}Out of luck`), "device fails to enable: Out of luck");
  const refused = "Error: create namespace: '--size=' must align to interleave-width: 1\ndid you intend --size=3G?\n";
  assertEquals(ndctlError(refused), "ndctl refuses: '--size=' must align to interleave-width: 1");
  assertEquals(ndctlError("ndctl: not found"), "ndctl refuses: ndctl: not found");
});

Deno.test("vmemmapOf() covers the complete namespace, 64 struct pages per page", () => {
  const ns = { device: "dax0.0", start: 0x200000000, bytes: 2 ** 30, dataStart: 0x200200000, usableBytes: 0 };
  assertEquals(vmemmapOf(ns, 4096), { first: 0x200000 / 64, count: 4096 });
});

Deno.test("words() reads little-endian 64-bit words", () => {
  const bytes = new Uint8Array(16);
  bytes.set([1, 2], 0);
  bytes[15] = 0xff;
  assertEquals(words(bytes), ["0x201", "0xff00000000000000"]);
});

Deno.test("flagBits() finds the zone bits of kernels with and without a CPU and pid in the flags", () => {
  assertEquals(flagBits("0x200000000011000", layoutOf("6.1.190")).includes("zone bits 55-57"), true);
  assertEquals(flagBits("0x27ffffc0011000", layoutOf("6.1.190")).includes("zone bits 51-53"), true);
});

Deno.test("moduleDirs() has the --modules directory, or those next to the image's boot and on the host", () => {
  assertEquals(moduleDirs("k/boot/vmlinuz", "6.1", undefined), ["k/boot/../lib/modules/6.1", "/lib/modules/6.1"]);
  assertEquals(moduleDirs("vmlinuz", "6.1", undefined)[0], "./../lib/modules/6.1");
  assertEquals(moduleDirs("vmlinuz", "6.1", "m"), ["m/lib/modules/6.1", "m/6.1", "m"]);
});

Deno.test("layoutOf() depends on the release: PG_head is 16, from 6.12 on 6", () => {
  const heads = ["5.14.0", "6.1.0-54-amd64", "6.12.113+deb12-amd64", "7.0.1", "7.3.4"].map((r) =>
    layoutOf(r).flags.head
  );
  assertEquals(heads, [16, 16, 6, 6, 6]);
  assertEquals(layoutOf("7.3.4").words.includes("compound_info"), true);
});

Deno.test("probeErrno() reads the first failure of a driver out of the log, as 6.1 and as later kernels have it", () => {
  assertEquals(probeErrno("[ 9.1] device_dax dax0.0: probe with driver device_dax failed with error -12\n"), -12);
  assertEquals(probeErrno("[ 9.1] device_dax: probe of dax0.0 failed with error -17\n"), -17);
  assertEquals(probeErrno("[ 9.1] random: crng init done\n"), null);
});

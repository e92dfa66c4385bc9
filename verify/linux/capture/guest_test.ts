// SPDX-License-Identifier: GPL-2.0-only
// guest.ts without a guest: the command line for qemu, and the root of the page tables.

import { assert, assertEquals, assertThrows } from "@std/assert";
import { BOARDS } from "./board.ts";
import { qemuArgs, topLevelFrame } from "./guest.ts";

const HOST = {
  board: BOARDS["x86-64"],
  qemu: "qemu",
  kernel: "bzImage",
  initramfs: "w/initramfs",
  workDir: "w",
  accel: "tcg",
  bootMs: 1,
} as const;

Deno.test("qemuArgs() adds the NVDIMM's label area to the requested size, at the requested address", () => {
  const line = qemuArgs(HOST, { dram: 4 * 2 ** 30, pmem: 2 ** 30, pmemStart: 0x208000000 }).join(" ");
  assert(line.includes("-m 4096M,slots=4,maxmem=21504M"), line);
  assert(line.includes(`mem-path=w/pmem,size=${2 ** 30 + 131072}`), line);
  assert(line.includes("label-size=131072,addr=0x208000000"), line);
});

Deno.test("qemuArgs() has no NVDIMM without pmem, and appends kernel words", () => {
  const line = qemuArgs({ ...HOST, append: "debug" }, { dram: 2 ** 30, pmem: 0 }).at(-1)!;
  assert(line.endsWith("memhp_default_state=offline debug"), line);
  const args = qemuArgs(HOST, { dram: 2 ** 30, pmem: 0, append: "hugetlb_free_vmemmap=on" });
  assert(!args.some((a) => a.startsWith("nvdimm")));
  assertEquals(
    args.at(-1),
    "console=ttyS0 panic=-1 nokaslr nopti no5lvl no_timer_check memhp_default_state=offline hugetlb_free_vmemmap=on",
  );
});

Deno.test("topLevelFrame() takes the frame out of CR3 and drops its flags", () => {
  assertEquals(topLevelFrame("CR0=80050033 CR2=0 CR3=0000000101d2a006 CR4=000006f0"), 0x101d2a);
  assertThrows(() => topLevelFrame("R0=1"), Error, "CR3");
});

Deno.test("qemuArgs() of an arm64 board: firmware, the shell on PCI", () => {
  const line = qemuArgs({ ...HOST, board: BOARDS.arm64 }, { dram: 4 * 2 ** 30, pmem: 2 ** 30 }).join(" ");
  assert(line.startsWith("-machine virt,nvdimm=on,gic-version=3 -accel tcg -cpu neoverse-n1 -smp 1 -bios "), line);
  assert(line.includes("-serial chardev:console") && line.includes("-device pci-serial,chardev=shell"), line);
  assert(line.includes("-append console=ttyAMA0 panic=-1 nokaslr kpti=off memhp_default_state=offline"), line);
});

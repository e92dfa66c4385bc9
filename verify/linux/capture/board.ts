// SPDX-License-Identifier: GPL-2.0-only
// The two boards that guests run on: qemu's q35 for x86-64, and virt with UEFI firmware for arm64, whose kernel finds the
// NVDIMM by ACPI. The console is the first serial port of the board, the shell of init.sh another one.

/** Differences between the boards. */
export interface Board {
  readonly arch: "x86-64" | "arm64";
  /** qemu's program, and the Debian package it comes in. */
  readonly qemu: readonly [program: string, debian: string];
  /** Firmware to boot with, and its package; null where qemu brings its own. */
  readonly firmware: readonly [path: string, debian: string] | null;
  readonly machine: string;
  /** The `-cpu` argument without KVM. */
  readonly cpu: string;
  /** Device of the guest's shell, and its qemu arguments. */
  readonly shellPort: string;
  readonly shellArgs: readonly string[];
  /** Parameters for the kernel's command line. */
  readonly words: readonly string[];
  /** Time limit for a guest's boot without KVM. */
  readonly bootMs: number;
}

/** A board's kernel parameters: scenarios put memory blocks online; 6.12 and later would do so by themselves. */
const COMMON = ["panic=-1", "nokaslr"];
const OFFLINE = "memhp_default_state=offline";

export const BOARDS: Readonly<Record<Board["arch"], Board>> = {
  "x86-64": {
    arch: "x86-64",
    qemu: ["qemu-system-x86_64", "qemu-system-x86"],
    firmware: null,
    machine: "q35,nvdimm=on",
    cpu: "max",
    shellPort: "ttyS1",
    shellArgs: ["-serial", "chardev:shell"],
    // Four levels without KASLR put the vmemmap where page_walk.ts looks. A loaded host is too slow for the kernel's check
    // of its timer, which then panics.
    words: ["console=ttyS0", ...COMMON, "nopti", "no5lvl", "no_timer_check", OFFLINE],
    bootMs: 180_000,
  },
  arm64: {
    arch: "arm64",
    qemu: ["qemu-system-aarch64", "qemu-system-arm"],
    firmware: ["/usr/share/qemu-efi-aarch64/QEMU_EFI.fd", "qemu-efi-aarch64"],
    machine: "virt,nvdimm=on,gic-version=3",
    cpu: "neoverse-n1",
    shellPort: "ttyS0",
    shellArgs: ["-device", "pci-serial,chardev=shell"],
    words: ["console=ttyAMA0", ...COMMON, "kpti=off", OFFLINE],
    bootMs: 1_200_000,
  },
};

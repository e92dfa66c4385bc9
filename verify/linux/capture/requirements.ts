// SPDX-License-Identifier: GPL-2.0-only
// What the harness needs from the host, looked for before anything is started: one line per thing that is missing.

import { isDirectory, isFile, which } from "./host.ts";
import type { GuestPrograms } from "./initramfs.ts";

/** Programs and the Debian packages they come in. `ndctl` and so on run in the guest, `qemu` and `ldd` here. */
const PROGRAMS = {
  qemu: ["qemu-system-x86_64", "qemu-system-x86"],
  busybox: ["busybox", "busybox-static"],
  ndctl: ["ndctl", "ndctl"],
  daxctl: ["daxctl", "daxctl"],
  perl: ["perl", "perl-base"],
  ldd: ["ldd", "libc-bin"],
} as const;

/** Everything found. */
export interface Found {
  readonly qemu: string;
  readonly kernel: string;
  readonly moduleDir: string;
  readonly programs: GuestPrograms;
}

/** Where the modules of a release may lie, given the image's path and `--modules`. */
export function moduleDirs(kernel: string, release: string, given: string | undefined): string[] {
  if (given !== undefined) return [`${given}/lib/modules/${release}`, `${given}/${release}`, given];
  const boot = kernel.includes("/") ? kernel.replace(/\/[^/]*$/, "") : ".";
  return [`${boot}/../lib/modules/${release}`, `/lib/modules/${release}`];
}

/** What is there, or the lines that say what is not. */
export function findRequirements(kernel: string, dirs: readonly string[]): Found | string[] {
  const missing: string[] = [];
  const program = (name: keyof typeof PROGRAMS): string => {
    const [file, debian] = PROGRAMS[name];
    const path = which(file);
    if (path === null) missing.push(`${file} is missing: apt-get install ${debian}`);
    return path ?? "";
  };
  const found = {
    qemu: program("qemu"),
    kernel,
    moduleDir: dirs.find(isDirectory) ?? "",
    programs: { busybox: program("busybox"), dynamic: [program("ndctl"), program("daxctl"), program("perl")] },
  };
  program("ldd");
  if (!isFile(kernel)) {
    missing.push(`kernel image ${kernel} is missing: apt-get download a linux-image package, dpkg -x it`);
  } else if (found.moduleDir === "") {
    missing.push(`modules are missing: looked in ${dirs.join(", ")}; give --modules DIR`);
  }
  return missing.length > 0 ? missing : found;
}

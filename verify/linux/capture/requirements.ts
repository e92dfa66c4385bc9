// SPDX-License-Identifier: GPL-2.0-only
// Checks the host for what the harness needs before anything is started: one line per missing item.

import type { Board } from "./board.ts";
import { isDirectory, isFile, which } from "./host.ts";
import type { GuestPrograms } from "./initramfs.ts";

/** Programs and the Debian packages that contain them. ndctl and the like run in the guest, the rest here. */
const PROGRAMS = {
  busybox: ["busybox", "busybox-static"],
  ndctl: ["ndctl", "ndctl"],
  daxctl: ["daxctl", "daxctl"],
  perl: ["perl", "perl-base"],
  ldd: ["ldd", "libc-bin"],
  readelf: ["readelf", "binutils"],
} as const;

/** Directories of the guest's programs in Debian's packages. */
const FOREIGN = { busybox: "bin/busybox", dynamic: ["usr/bin/ndctl", "usr/bin/daxctl", "usr/bin/perl"] };

/** Everything found. */
export interface Found {
  readonly qemu: string;
  readonly kernel: string;
  readonly moduleDir: string;
  readonly programs: GuestPrograms;
}

/** Directories that may have a release's modules, given the image's path and `--modules`. */
export function moduleDirs(kernel: string, release: string, given: string | undefined): string[] {
  if (given !== undefined) return [`${given}/lib/modules/${release}`, `${given}/${release}`, given];
  const boot = kernel.includes("/") ? kernel.replace(/\/[^/]*$/, "") : ".";
  return [`${boot}/../lib/modules/${release}`, `/lib/modules/${release}`];
}

/** What was found, or a line per missing item. `root` holds unpacked packages of the guest's architecture. */
export function findRequirements(
  board: Board,
  kernel: string,
  dirs: readonly string[],
  root: string | null,
): Found | string[] {
  const missing: string[] = [];
  const needed = ([file, debian]: readonly [string, string]): string => {
    const path = which(file);
    if (path === null) missing.push(`${file} is missing: apt-get install ${debian}`);
    return path ?? "";
  };
  const program = (name: keyof typeof PROGRAMS) => needed(PROGRAMS[name]);
  const { firmware } = board;
  if (firmware !== null && !isFile(firmware[0])) {
    missing.push(`${firmware[0]} is missing: apt-get install ${firmware[1]}`);
  }
  const found = {
    qemu: needed(board.qemu),
    kernel,
    moduleDir: dirs.find(isDirectory) ?? "",
    programs: root === null ? hostPrograms(program) : foreignPrograms(root, missing),
  };
  program(root === null ? "ldd" : "readelf");
  if (!isFile(kernel)) {
    missing.push(`kernel image ${kernel} is missing: apt-get download a linux-image package, dpkg -x it`);
  } else if (found.moduleDir === "") {
    missing.push(`modules are missing: looked in ${dirs.join(", ")}; give --modules DIR`);
  }
  return missing.length > 0 ? missing : found;
}

function hostPrograms(program: (name: keyof typeof PROGRAMS) => string): GuestPrograms {
  return {
    busybox: program("busybox"),
    dynamic: [program("ndctl"), program("daxctl"), program("perl")],
    root: null,
  };
}

function foreignPrograms(root: string, missing: string[]): GuestPrograms {
  const all = [FOREIGN.busybox, ...FOREIGN.dynamic].map((path) => `${root}/${path}`);
  for (const path of all) {
    if (!isFile(path)) missing.push(`${path} is missing: dpkg -x the guest's packages into ${root}`);
  }
  const [busybox, ...dynamic] = all;
  return { busybox, dynamic, root };
}

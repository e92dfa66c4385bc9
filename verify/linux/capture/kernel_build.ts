// SPDX-License-Identifier: GPL-2.0-only
// Builds an arm64 kernel from an unpacked linux-source package, where Debian does not build a suitable one:
// its arm64 6.1 has no ZONE_DEVICE. A build takes some 12 minutes of CPU time.

import { run, which } from "./host.ts";

/** What to build. */
export interface KernelBuild {
  /** The package's name, which is also that of its tarball in usr/src and of the folder in it. */
  readonly source: string;
  readonly pageKiB: 4 | 64;
}

/** Programs of the build and the Debian packages that contain them. */
const TOOLS = {
  "aarch64-linux-gnu-gcc": "gcc-aarch64-linux-gnu",
  make: "make",
  flex: "flex",
  bison: "bison",
  bc: "bc",
  xz: "xz-utils",
} as const;
const FRAGMENT = new URL("./arm64.config", import.meta.url);

/** Builds into `image`, a path under `root`, where the package is unpacked. Error naming what is missing or failed. */
export async function buildKernel({ source, pageKiB }: KernelBuild, root: string, image: string): Promise<void> {
  const missing = Object.entries(TOOLS).filter(([tool]) => which(tool) === null);
  if (missing.length > 0) {
    throw new Error(missing.map(([t, deb]) => `${t} is missing: apt-get install ${deb}`).join("; "));
  }
  await run("tar", ["-xf", `usr/src/${source}.tar.xz`], root);
  const fragment = configFragment(await Deno.readTextFile(FRAGMENT), pageKiB);
  await Deno.writeTextFile(`${root}/fragment`, fragment);
  const make = ["-s", "-C", source, "ARCH=arm64", "CROSS_COMPILE=aarch64-linux-gnu-"];
  await run("make", [...make, "KCONFIG_ALLCONFIG=../fragment", "allnoconfig"], root);
  const lost = missingOptions(fragment, await Deno.readTextFile(`${root}/${source}/.config`));
  if (lost.length > 0) throw new Error(`${source} does not take ${lost.join(", ")}`);
  await run("make", [...make, `-j${navigator.hardwareConcurrency}`, "Image"], root);
  await Deno.mkdir(`${root}/boot`, { recursive: true });
  await Deno.rename(`${root}/${source}/arch/arm64/boot/Image`, `${root}/${image}`);
}

/** The fragment with its page size. */
export function configFragment(fragment: string, pageKiB: number): string {
  return `${fragment}CONFIG_ARM64_${pageKiB}K_PAGES=y\n`;
}

/** Options of a fragment that a configuration lacks or sets otherwise: a dependency of theirs is off. */
export function missingOptions(fragment: string, config: string): string[] {
  const lines = new Set(config.split("\n"));
  return fragment.split("\n").filter((line) => line.startsWith("CONFIG_") && !lines.has(line));
}

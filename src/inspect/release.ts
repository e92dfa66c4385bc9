// SPDX-License-Identifier: GPL-2.0-only
// Which Linux a kernel prints like: a preset that is a release like itself, the series like 5.14, which they were for.

import type { Kernel } from "../mm/kernel.ts";

/** `6.12.5-amd64` as a number that sorts. */
export function versionOf(release: string): number {
  const match = /^(\d+)\.(\d+)/.exec(release);
  return match === null ? NaN : Number(match[1]) * 1000 + Number(match[2]);
}

/** The release of a kernel, as `uname -r` says it. */
export function releaseOf({ config: { name } }: Kernel): string {
  const [preset] = name.split(",");
  return Number.isNaN(versionOf(preset)) ? `5.14.0-${preset.replace(/\W/g, "-")}` : `${preset}.0`;
}

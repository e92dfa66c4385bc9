// SPDX-License-Identifier: GPL-2.0-only
// Which Linux release a kernel's output follows: a preset that is a release follows itself, the presets of the series
// follow 5.14.

import { versionOf } from "../box/kernel_of.ts";
import type { Kernel } from "../mm/kernel.ts";

/** The release of a kernel, as `uname -r` says it. */
export function releaseOf({ config: { name } }: Kernel): string {
  const [preset] = name.split(",");
  return Number.isNaN(versionOf(preset)) ? `5.14.0-${preset.replace(/\W/g, "-")}` : `${preset}.0`;
}

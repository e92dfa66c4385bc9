// SPDX-License-Identifier: GPL-2.0-only
// The Linux release whose output a kernel follows: its own for presets of releases, 5.14 for the presets of the series.

import { versionOf } from "../box/kernel_of.ts";
import type { Kernel } from "../mm/kernel.ts";

/** The release of a kernel, as `uname -r` prints it. */
export function releaseOf({ config: { name } }: Kernel): string {
  const [preset] = name.split(",");
  return Number.isNaN(versionOf(preset)) ? `5.14.0-${preset.replace(/\W/g, "-")}` : `${preset}.0`;
}

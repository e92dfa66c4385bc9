// SPDX-License-Identifier: GPL-2.0-only
// Finds the emulated kernel that is nearest to the machine's, and what its command line switched on.

import { DEFAULT_KERNEL } from "../include/defaults.ts";
import { PRESETS } from "../include/kernel_config.ts";
import type { BoxKernel } from "./box.ts";
import type { Facts } from "./facts.ts";
import { middle, sizeOf } from "./size.ts";

/** Emulated releases of Linux, oldest first. */
export const RELEASES: readonly string[] = Object.keys(PRESETS).filter((name) => /^\d+\.\d+$/.test(name)).sort(
  (a, b) => versionOf(a) - versionOf(b),
);

/** `6.12.5-amd64` as a number to compare. */
export function versionOf(release: string): number {
  const match = /^(\d+)\.(\d+)/.exec(release);
  return match === null ? NaN : Number(match[1]) * 1000 + Number(match[2]);
}

/** The newest preset that is not newer than a release; the oldest preset for older releases. */
function presetFor(release: string): string {
  return RELEASES.findLast((name) => versionOf(name) <= versionOf(release)) ?? RELEASES[0];
}

/** The oldest release after a kernel's that gains as much as the newest; null if none does. */
export function releaseGiving(preset: string, gives: (release: string) => number): string | null {
  const newer = RELEASES.filter((release) => versionOf(release) > versionOf(preset));
  const newest = newer.at(-1);
  if (newest === undefined) return null;
  const most = gives(newest);
  return newer.find((release) => gives(release) >= most) ?? newest;
}

/** One parameter of a command line; the last occurrence counts. Null when it is absent. */
export function parameter(line: string, name: string): string | null {
  const found = line.split(/\s+/).findLast((word) => word.replaceAll("-", "_").startsWith(`${name}=`));
  return found?.slice(name.length + 1) ?? null;
}

/** Whether a value of a parameter switches it on. */
const isOn = (value: string) => /^(on|y|yes|1|true)$/i.test(value);

/** A value of memory_hotplug.memmap_on_memory. */
export function mhpParameter(value: string): boolean | "force" {
  return /^force$/i.test(value) ? "force" : isOn(value);
}

/** The kernel of a machine. */
export function kernelOf(facts: Facts): BoxKernel {
  const release = facts.kernels.at(-1)?.word ?? null;
  const arm = release !== null && /arm64|aarch64/.test(release);
  const line = facts.commandLines.at(-1)?.word ?? "";
  const freeing = parameter(line, "hugetlb_free_vmemmap");
  const onMemory = parameter(line, "memory_hotplug.memmap_on_memory");
  // Kernels up to 5.17 log that they can free only if they will.
  const says = facts.freed.some((fact) => fact.wording === "free") ? true : null;
  return {
    release,
    preset: release === null || Number.isNaN(versionOf(release)) ? DEFAULT_KERNEL : presetFor(release),
    arch: arm ? (/64k/.test(release) ? "arm64-64k" : "arm64-4k") : "x86-64",
    hugetlbFreeVmemmap: freeing !== null ? isOn(freeing) : says,
    memmapOnMemory: onMemory !== null ? mhpParameter(onMemory) : facts.mhpParameter.at(-1)?.on ?? null,
    blockBytes: facts.blockBytes[0]?.value ?? 2 ** 27,
  };
}

/** `hugepagesz=1G hugepages=40 hugepagesz=2M hugepages=0:512,1:512`: pages by size. */
export function poolsOfCommandLine(line: string, fallback: number): { size: number; count: number }[] {
  const pools: { size: number; count: number }[] = [];
  let size = middle(sizeOf(parameter(line, "default_hugepagesz") ?? "") ?? { least: fallback, most: fallback });
  for (const word of line.split(/\s+/)) {
    const [key, value = ""] = word.split("=");
    if (key === "hugepagesz") size = middle(sizeOf(value) ?? { least: size, most: size });
    if (key !== "hugepages") continue;
    const count = value.split(",").reduce((sum, part) => sum + Number(part.split(":").at(-1)), 0);
    if (Number.isSafeInteger(count) && count > 0) pools.push({ size, count });
  }
  return pools;
}

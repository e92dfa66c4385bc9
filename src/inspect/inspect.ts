// SPDX-License-Identifier: GPL-2.0-only
// Every view of the machine's memory, named after the file or program that shows it on Linux.

import { versionOf } from "../box/kernel_of.ts";
import { meminfo, nodeHugepages } from "./meminfo.ts";
import { lsmem, sysfsMemory } from "./blocks.ts";
import { type Inspected } from "./machine.ts";
import { pageTypes } from "./page_types.ts";
import { daxctlList, iomem, kmemLines, ndctlList } from "./pmem.ts";
import { releaseOf } from "./release.ts";
import { buddyinfo, vmstat, zoneinfo } from "./zones.ts";

/** One view: what is typed on Linux, and what it prints. */
export interface View {
  readonly command: string;
  readonly print: (machine: Inspected) => string;
}

/** All views, by their name in `lab inspect`. */
export const VIEWS: Readonly<Record<string, View>> = {
  "dmesg": { command: "dmesg", print: dmesg },
  "zoneinfo": { command: "cat /proc/zoneinfo", print: ({ k }) => zoneinfo(k) },
  "buddyinfo": { command: "cat /proc/buddyinfo", print: ({ k }) => buddyinfo(k) },
  "iomem": { command: "cat /proc/iomem", print: iomem },
  "meminfo": { command: "cat /proc/meminfo", print: ({ k }) => meminfo(k) },
  "hugepages": { command: "grep . /sys/.../hugepages/*/nr_hugepages", print: ({ k }) => nodeHugepages(k) },
  "vmstat": { command: "cat /proc/vmstat", print: ({ k }) => vmstat(k) },
  "memory": { command: "grep -r . /sys/devices/system/memory", print: ({ k }) => sysfsMemory(k) },
  "lsmem": { command: "lsmem -o+NODE,ZONES", print: ({ k }) => lsmem(k) },
  "ndctl": { command: "ndctl list -RNDv", print: ndctlList },
  "daxctl": { command: "daxctl list -DRM", print: daxctlList },
  "page-types": { command: "page-types -r", print: ({ k }) => pageTypes(k) },
};

/** The log of boot: kernel, command line, HugeTLB, kmem. */
function dmesg(machine: Inspected): string {
  const { k, config } = machine;
  const release = releaseOf(k);
  const line = [
    `BOOT_IMAGE=/vmlinuz-${release}`,
    `hugetlb_free_vmemmap=${config.hugetlbFreeVmemmap ? "on" : "off"}`,
    `memory_hotplug.memmap_on_memory=${config.memmapOnMemory ? 1 : 0}`,
  ].join(" ");
  return [
    `Linux version ${release} (lab@emulator) #1 SMP`,
    `Command line: ${line}`,
    ...hugetlbLines(machine, release),
    ...kmemLines(machine),
    "",
  ].join("\n");
}

/** Up to 5.17 only a kernel that frees vmemmap logs how much; since 5.19 every kernel does. */
function hugetlbLines({ k, config }: Inspected, release: string): string[] {
  const sizes = k.hugetlb.hstates.filter(({ freeVmemmapPages }) => freeVmemmapPages > 0);
  if (versionOf(release) >= versionOf("5.19")) {
    return sizes.map(({ bytes, freeVmemmapPages }) => {
      const size = bytes >= 2 ** 30 ? `${(bytes / 2 ** 30).toFixed(2)} GiB` : `${(bytes / 2 ** 20).toFixed(2)} MiB`;
      return `HugeTLB: ${freeVmemmapPages * k.pageBytes / 1024} KiB vmemmap can be freed for a ${size} page`;
    });
  }
  return config.hugetlbFreeVmemmap
    ? sizes.map(({ name, freeVmemmapPages }) => `HugeTLB: can free ${freeVmemmapPages} vmemmap pages for ${name}`)
    : [];
}

// SPDX-License-Identifier: GPL-2.0-only
// A fixed set of scenarios and the work of each, as counters. The numbers are the same on every host and in every run,
// so they show a change that makes a path do more work per operation. The snapshot test beside this file and the
// published results record them.

import type { CounterName, CounterValues } from "../mm/vmstat.ts";
import { gupReport } from "./gup.ts";
import { hotplugReport } from "./hotplug.ts";
import { hugetlbReport } from "./hugetlb.ts";
import { namespaceReport } from "./namespace.ts";

/** Work of one scenario: the counters that changed. */
export type Work = Partial<Record<CounterName, number>>;

const SIZE = 2 ** 30;
const SIZE_2M = 2 ** 21;

/** Every scenario by name. */
export const WORK_SCENARIOS: Readonly<Record<string, () => CounterValues>> = {
  ...namespaces(["5.14", "v4", "v7", "v7+head", "6.1"], [SIZE_2M], "mem"),
  ...namespaces(["5.14", "v4", "v7", "6.1"], [SIZE], "mem"),
  ...namespaces(["5.14", "v7"], [SIZE_2M], "dev"),
  ...namespaces(["6.1"], [4096], "mem"),
  ...gups(["5.14", "v4", "6.1"]),
  ...hugetlbs(["5.14", "6.1"]),
  "hotplug 1G, 6.1": () => hotplugReport({ size: SIZE }).counters,
  "hotplug 1G on memory, 6.1": () => hotplugReport({ size: SIZE, dimm: 2 ** 27, memmapOnMemory: true }).counters,
};

/** Runs every scenario. */
export function workCounters(): Record<string, Work> {
  return Object.fromEntries(Object.entries(WORK_SCENARIOS).map(([name, run]) => [name, moved(run())]));
}

/** The counters that are not zero. */
export function moved(counters: CounterValues): Work {
  return Object.fromEntries(Object.entries(counters).filter(([, n]) => n !== 0));
}

function namespaces(kernels: readonly string[], aligns: readonly number[], map: "mem" | "dev") {
  return Object.fromEntries(kernels.flatMap((kernel) =>
    aligns.map((align) => {
      // A 1G page needs a namespace with room for the info block before it.
      const size = align === SIZE ? 3 * SIZE : SIZE;
      const run = () => namespaceReport({ size, align, map, kernel }).counters;
      return [`namespace ${size / SIZE}G, align ${align / 1024}K, map=${map}, ${kernel}`, run];
    })
  ));
}

/** Allocates 64 huge pages of 2 MiB, which frees their vmemmap, and frees them. */
function hugetlbs(kernels: readonly string[]) {
  return Object.fromEntries(kernels.flatMap((kernel) => {
    const report = () => hugetlbReport({ size: SIZE_2M, count: 64, kernel });
    return [
      [`hugetlb 64 x 2M, ${kernel}`, () => report().allocCounters] as const,
      [`hugetlb 64 x 2M, ${kernel}, back`, () => report().freeCounters!] as const,
    ];
  }));
}

/** Holds 64 MiB of a 2M device, and returns them. */
function gups(kernels: readonly string[]) {
  const modes = ["get", "pin"] as const;
  return Object.fromEntries(kernels.flatMap((kernel) =>
    modes.flatMap((mode) => {
      const report = () => gupReport({ size: 32 * SIZE_2M, mode, kernel, repeats: 1 });
      return [
        [`gup ${mode} 64M, ${kernel}`, () => report().getCounters] as const,
        [`gup ${mode} 64M, ${kernel}, back`, () => report().putCounters] as const,
      ];
    })
  ));
}

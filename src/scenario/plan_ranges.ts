// SPDX-License-Identifier: GPL-2.0-only
// `lab plan --hotplug`: memory plugged under each kernel, and the totals of all regions, pools and ranges. Part of
// plan.ts.

import { pageBytes } from "../arch/arch.ts";
import { formatSize } from "../lib/units.ts";
import type { MhpRefusal } from "../mm/hotplug/memmap_on_memory.ts";
import { hotplugReportOn, type HotplugRun } from "./hotplug.ts";
import { archNamed } from "./options.ts";
import {
  machineOptions,
  type PlanOptions,
  type PlanPool,
  type PlanRange,
  type PlanRow,
  type PlanTotal,
  type Policies,
} from "./plan_types.ts";

/** A row for each range and kernel, memmap in DRAM and on the memory. */
export function planRanges(
  options: PlanOptions,
  sizes: readonly number[],
  { kernels }: Policies,
  progress: (what: string) => void,
): PlanRange[] {
  const page = pageBytes(archNamed(options.arch));
  return sizes.flatMap((size) => {
    // Equal under every kernel.
    let tables: number | null = null;
    return kernels.flatMap((kernel) => {
      progress(`${formatSize(size)} plugged, kernel ${kernel}`);
      const machine = { ...machineOptions(options), size, kernel, memmapOnMemory: true, contents: false };
      const on = hotplugReportOn(machine, tables === null);
      // Tables that this run did not build.
      const more: number = tables ?? 0;
      const directMapBytes = (tables ??= on.pages.directMap) * page;
      const row = (memmapOnMemory: boolean, { pages, mapping }: HotplugRun, refusedBy: readonly MhpRefusal[]) => ({
        kernel,
        sizeBytes: size,
        memmapOnMemory,
        refusedBy,
        dramBytes: (pages.dramTotal + more) * page,
        directMapBytes,
        onMemoryBytes: mapping.selfHostedPages * page,
      });
      return [row(false, on.baseline!, []), row(true, on, on.refusedBy)];
    });
  });
}

/** Totals for each policy. */
export function planTotals(
  namespaces: readonly PlanRow[],
  pools: readonly PlanPool[],
  ranges: readonly PlanRange[],
  { kernels, places }: Policies,
): PlanTotal[] {
  const sum = (bytes: readonly number[]) => bytes.reduce((a, b) => a + b, 0);
  return kernels.flatMap((kernel): PlanTotal[] => {
    const rest = sum(pools.filter((p) => p.kernel === kernel && p.hugetlbFreeVmemmap).map((p) => p.lostBytes)) +
      sum(ranges.filter((r) => r.kernel === kernel && !r.memmapOnMemory).map((r) => r.dramBytes));
    if (namespaces.length === 0) {
      return [{ kernel, map: null, alignBytes: null, why: null, dramBytes: rest, pmemBytes: 0 }];
    }
    return places.map(({ map, align }) => {
      const rows = namespaces.filter((row) => row.kernel === kernel && row.map === map && row.alignBytes === align);
      const why = rows.find((row) => row.why !== null)?.why ?? null;
      return {
        kernel,
        map,
        alignBytes: align,
        why,
        dramBytes: why === null ? rest + sum(rows.map((row) => row.dramBytes!)) : null,
        pmemBytes: why === null ? sum(rows.map((row) => row.pmemBytes!)) : null,
      };
    });
  });
}

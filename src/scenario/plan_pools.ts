// SPDX-License-Identifier: GPL-2.0-only
// `lab plan --hugetlb`: a pool of huge pages allocated under each kernel, its struct pages not written. Part of
// plan.ts.

import { kernelConfig } from "../kernels.ts";
import { formatSize } from "../lib/units.ts";
import { makePool } from "./hugetlb.ts";
import { type HugetlbConfig, hugetlbConfig } from "./hugetlb_box.ts";
import { machineOptions, type PlanOptions, type PlanPool, type Policies, type PoolSize } from "./plan_types.ts";

type PoolPolicy = Pick<PlanPool, "sizeBytes" | "count" | "kernel" | "hugetlbFreeVmemmap">;

/** The pool with defaults filled in. RangeError for an impossible one. */
export function poolConfig(options: PlanOptions, { sizeBytes: size, ...rest }: PoolPolicy): HugetlbConfig {
  return hugetlbConfig({ ...machineOptions(options), ...rest, size, giveBack: false });
}

/** A row for each pool and kernel, and one without optimisation; kernels that keep the same are run once. */
export function planPools(
  options: PlanOptions,
  pools: readonly PoolSize[],
  { kernels }: Policies,
  progress: (what: string) => void,
): PlanPool[] {
  const done = new Map<string, PlanPool>();
  const rows = [...kernels.map((kernel) => ({ kernel, hugetlbFreeVmemmap: true })), {
    kernel: kernels[0],
    hugetlbFreeVmemmap: false,
  }];
  return pools.flatMap((pool) =>
    rows.map(({ kernel, hugetlbFreeVmemmap }) => {
      const { hugetlbKeep, hugetlbHead, hugetlbTail, hugetlbLiveRemap } = kernelConfig(kernel);
      const how = hugetlbFreeVmemmap ? [hugetlbKeep, hugetlbHead, hugetlbTail, hugetlbLiveRemap] : "off";
      const key = JSON.stringify([pool.size, how]);
      const same = done.get(key);
      if (same !== undefined) return { ...same, kernel };
      progress(`${pool.count} huge pages of ${formatSize(pool.size)}, kernel ${kernel}`);
      const row = planPool(options, { sizeBytes: pool.size, count: pool.count, kernel, hugetlbFreeVmemmap });
      done.set(key, row);
      return row;
    })
  );
}

/** Pools up to this size are allocated; for larger ones, two parts of this size show what each further part adds. */
const PART_BYTES = 2 ** 33;

/**
 * Allocates the pool, writing no struct pages but the heads', and counts the memmap it frees. Further parts add leaves
 * of memmap like the ones before.
 */
function planPool(options: PlanOptions, pool: PoolPolicy): PlanPool {
  const saved = (count: number) => {
    const { made, hstate, kernel } = makePool(poolConfig(options, { ...pool, count }), null, { contents: false });
    return { bytes: made.netSavedBytes, memmapEach: hstate.vmemmapPages * kernel.pageBytes };
  };
  const part = Math.max(1, Math.floor(PART_BYTES / pool.sizeBytes));
  const further = Math.max(0, Math.floor(pool.count / part) - 1);
  const first = saved(pool.count - further * part);
  const each = further === 0 ? 0 : saved(2 * part).bytes - saved(part).bytes;
  const memmapBytes = pool.count * first.memmapEach;
  const savedBytes = first.bytes + further * each;
  const lostBytes = memmapBytes - savedBytes;
  return { ...pool, memmapBytes, savedBytes, lostBytes, lostPercent: 100 * lostBytes / (pool.count * pool.sizeBytes) };
}

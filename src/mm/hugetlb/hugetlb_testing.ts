// SPDX-License-Identifier: GPL-2.0-only
// Shared by the HugeTLB tests: a small machine with the optimisation on, and a wrapper that empties the pools after the
// case and checks that every frame came back, except for split tables. Only tests import this file.

import { TOY_HUGETLB } from "../../arch/toy/toy.ts";
import { boot, type BootOptions } from "../../boot.ts";
import type { Hstate } from "../../include/hugetlb.ts";
import { type KernelConfig, PRESETS } from "../../include/kernel_config.ts";
import { checkInvariants } from "../../debug_vm/debug_vm.ts";
import { conserved } from "../../debug_vm/hugetlb.ts";
import { flushFreeHpageWork } from "./make_and_free.ts";
import { setNrHugepages } from "./hugetlb.ts";
import type { Kernel } from "../kernel.ts";

/** Kernels and memmap mappings that share differently, for tests that must hold for all of them. */
export const VARIANTS: readonly { readonly kernel: KernelConfig; readonly vmemmapMap: "pmd" | "base" }[] = [1, 2]
  .flatMap((hugetlbKeep) =>
    (["page", "batch"] as const).flatMap((hugetlbFlush) =>
      (["sync", "deferred"] as const).flatMap((hugetlbFree) =>
        (["pmd", "base"] as const).map((vmemmapMap) => ({
          kernel: { ...PRESETS["6.1"], hugetlbKeep: hugetlbKeep as 1 | 2, hugetlbFlush, hugetlbFree },
          vmemmapMap,
        }))
      )
    )
  );

/** A variant's name in messages. */
export function variantName({ kernel, vmemmapMap }: (typeof VARIANTS)[number]): string {
  return `keep ${kernel.hugetlbKeep}, flush per ${kernel.hugetlbFlush}, ${kernel.hugetlbFree}, ${vmemmapMap} map`;
}

/** A kernel with 32 KiB and 2 MiB huge pages over 8 MiB of DRAM (memmap at its top), optimisation on. */
export function bootHugetlb(options: BootOptions = {}): Kernel {
  return boot({
    arch: TOY_HUGETLB,
    dram: [2 ** 23],
    hugetlbFreeVmemmap: true,
    debug: true,
    cpus: 2,
    // Just enough for the memmap and the tables: boot time grows with host memory.
    hostMemoryBytes: 2 ** 21,
    ...options,
  });
}

/** Runs a case on a fresh machine, empties the pools, and checks the invariants and that no frame is lost. */
export function withHugetlb(options: BootOptions, run: (k: Kernel, h: Hstate) => void): void {
  const k = bootHugetlb(options);
  const before = conserved(k);
  run(k, k.hugetlb.hstates[0]);
  checkInvariants(k);
  emptyPools(k);
  checkInvariants(k);
  const lost = before - conserved(k);
  if (lost !== 0) throw new Error(`Leak: ${lost} frames did not come back`);
}

/** Empties every pool through nr_hugepages: surplus pages become persistent, then are freed. */
export function emptyPools(k: Kernel): void {
  k.fault.disarm();
  flushFreeHpageWork(k);
  for (const h of k.hugetlb.hstates) {
    if (h.surplusHugePages > 0) setNrHugepages(k, h, h.nrHugePages);
    setNrHugepages(k, h, 0);
    flushFreeHpageWork(k);
    if (h.nrHugePages !== 0) throw new Error(`Leak: ${h.nrHugePages} pages stay in ${h.name}`);
  }
}

// SPDX-License-Identifier: GPL-2.0-only
// boot() for callers of the library: a machine with a kernel of the caller's choice, which creates namespaces and
// counts their work. A wrapper of src/boot.ts.

import { boot as bootKernel } from "../boot.ts";
import { levelBytes } from "../arch/arch.ts";
import { createNamespace, destroyNamespace, type NamespaceMode, usableBytes } from "../drivers/nvdimm/namespace.ts";
import type { MapMode } from "../drivers/nvdimm/pfn_devs.ts";
import { ndRegions } from "../drivers/nvdimm/region.ts";
import type { KernelConfig } from "../include/kernel_config.ts";
import { kernelSpec } from "../kernels.ts";
import { totalFreePages } from "../mm/page_alloc.ts";
import { type CounterValues, readCounters } from "../mm/vmstat.ts";
import { checkedIf, type InvariantCheck } from "./checked.ts";
import { NamespaceError, type NamespacePages, pagesTaken } from "./namespace.ts";
import { knownOptions } from "./options.ts";

const MACHINE_KEYS: readonly (keyof MachineOptions)[] = [
  "arch",
  "kernel",
  "dram",
  "pmem",
  "structPageSize",
  "contents",
];
const NAMESPACE_KEYS: readonly (keyof NamespaceOnMachine)[] = ["size", "align", "map", "mode", "region"];

/** The machine to boot. Bytes; everything has a default. */
export interface MachineOptions {
  /** Architecture and base page size; default `x86-64`. */
  readonly arch?: string;
  /** Kernel: a preset, one with switches, or an object; default `6.1`. */
  readonly kernel?: string | KernelConfig;
  /** DRAM of each node; default one node of 1 GiB. */
  readonly dram?: readonly number[];
  /** Pmem regions; default none. */
  readonly pmem?: readonly number[];
  /** sizeof(struct page): 56, 64 (default), 72, 80. */
  readonly structPageSize?: number;
  /** Write struct pages (default); if false, only count frames and tables. */
  readonly contents?: boolean;
}

/** A namespace to create on a booted machine. Bytes. */
export interface NamespaceOnMachine {
  /** Its size; a multiple of 16 MiB. */
  readonly size: number;
  /** Page size; default a PMD entry's. */
  readonly align?: number;
  /** Where its memmap lies; default `mem`. */
  readonly map?: MapMode;
  /** How it is used; default `devdax`. */
  readonly mode?: NamespaceMode;
  /** Index of the region; default 0. */
  readonly region?: number;
}

/** An enabled namespace. */
export interface MadeNamespace {
  /** Frames it took. */
  readonly pages: NamespacePages;
  /** Bytes of data. */
  readonly usableBytes: number;
  /** Destroys it. NamespaceError if the modelled kernel refuses. */
  destroy(): void;
}

/** A booted machine. */
export interface BootedMachine {
  /** Its kernel: a preset and the switches that differ from it. */
  readonly kernel: string;
  /** Free frames. */
  freePages(): number;
  /** All work since boot. */
  counters(): CounterValues;
  /** Creates a namespace. NamespaceError if the modelled kernel refuses. */
  createNamespace(request: NamespaceOnMachine): MadeNamespace;
  /** Checks every invariant. */
  check(): InvariantCheck;
}

/**
 * Boots a machine. RangeError or TypeError for invalid options.
 *
 * @example Two namespaces on a kernel of one's own
 * ```ts
 * import { boot, PRESETS } from "@vmemmap/lab";
 * import { assertEquals } from "@std/assert";
 *
 * const machine = boot({ kernel: { ...PRESETS["6.1"], dedup: "pte+head" }, pmem: [2 ** 31] });
 * const first = machine.createNamespace({ size: 2 ** 30 });
 * const second = machine.createNamespace({ size: 2 ** 29 });
 * assertEquals([first.pages.vmemmap, second.pages.vmemmap], [512, 256]); // 1 of 8 pages per 2 MiB
 * assertEquals([machine.kernel, machine.check()], ["6.1,dedup=pte+head", { objection: null }]);
 * ```
 */
export function boot(options: MachineOptions = {}): BootedMachine {
  knownOptions(options, MACHINE_KEYS);
  const { pmem = [], ...rest } = options;
  const k = bootKernel({ ...rest, pmem: pmem.map((bytes) => ({ bytes })) });
  const regions = ndRegions(k);
  return {
    kernel: kernelSpec(k.config),
    freePages: () => totalFreePages(k),
    counters: () => readCounters(k.stat),
    check: () => checkedIf(true, k)!,
    createNamespace: (request) => {
      knownOptions(request, NAMESPACE_KEYS);
      const { size, align = levelBytes(k.arch, 1), map = "mem", mode = "devdax", region = 0 } = request;
      if (regions[region] === undefined) {
        throw new RangeError(`Cannot make a namespace on region ${region}: the machine has ${regions.length}`);
      }
      const [uses, free] = [Float64Array.from(k.uses), totalFreePages(k)];
      const namespace = createNamespace(k, regions[region], { size, align, map, mode });
      if (typeof namespace === "number") throw new NamespaceError(namespace);
      return {
        pages: pagesTaken(k, uses, free),
        usableBytes: usableBytes(k, namespace),
        destroy: () => {
          const err = destroyNamespace(k, namespace);
          if (err < 0) throw new NamespaceError(err);
        },
      };
    },
  };
}

// SPDX-License-Identifier: GPL-2.0-only
// boot() for callers of the library: a machine with a kernel of the caller's choice, which creates namespaces and
// counts their work. A wrapper of src/boot.ts.

import { boot as bootKernel } from "../boot.ts";
import { levelBytes } from "../arch/arch.ts";
import { createNamespace, destroyNamespace, usableBytes } from "../drivers/nvdimm/namespace.ts";
import { ndRegions } from "../drivers/nvdimm/region.ts";
import { kernelSpec } from "../kernels.ts";
import { totalFreePages } from "../mm/page_alloc.ts";
import { type CounterValues, readCounters } from "../mm/vmstat.ts";
import { checkedIf, type InvariantCheck } from "./checked.ts";
import type { NamespaceOptions } from "./box.ts";
import { NamespaceError, type NamespacePages, pagesTaken } from "./namespace.ts";
import type { NamespaceShare } from "./namespaces.ts";
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
export interface MachineOptions extends Pick<NamespaceOptions, "kernel" | "arch" | "structPageSize" | "contents"> {
  /** DRAM of each node; default one node of 1 GiB. */
  readonly dram?: readonly number[];
  /** Pmem regions; default none. */
  readonly pmem?: readonly number[];
}

/** A namespace to create on a booted machine: `devdax`, PMD-sized pages, memmap in DRAM by default. Bytes. */
export interface NamespaceOnMachine extends NamespaceShare {
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

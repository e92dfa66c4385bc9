// SPDX-License-Identifier: GPL-2.0-only
// Creating a namespace, as timed in the cover letters of the series ("NVDIMM namespace bootstrap"): 128 GiB with 4K, 2M
// and 1G pages against kernel 5.14, memmap in DRAM and in the namespace, and how the cost grows with the size. Creating
// is timed, destroying is not; every round takes its frames from the allocator and writes its tables and struct pages
// anew.

import { createNamespace, destroyNamespace } from "../src/drivers/nvdimm/namespace.ts";
import { type NdRegion, ndRegions } from "../src/drivers/nvdimm/region.ts";
import { SZ_1G } from "../src/include/sizes.ts";
import { panic } from "../src/lib/bug.ts";
import { formatSize, parseSize } from "../src/lib/units.ts";
import type { Kernel } from "../src/mm/kernel.ts";
import { totalFreePages } from "../src/mm/page_alloc.ts";
import { bootBox, namespaceConfig, type NamespaceOptions } from "../src/scenario/box.ts";
import { NamespaceError } from "../src/scenario/namespace.ts";
import { countersSince, readCounters } from "../src/mm/vmstat.ts";
import { printModel } from "./_model.ts";
import { box, hostHas } from "./boxes.ts";

interface Machine {
  readonly kernel: Kernel;
  readonly region: NdRegion;
}

function machine(name: string, options: NamespaceOptions): Machine {
  return box(name, name, () => {
    const kernel = bootBox(namespaceConfig(options));
    return { kernel, region: ndRegions(kernel)[0] };
  });
}

/** One bench: `createNamespace` timed, `destroyNamespace` not; the number of free frames must be restored. */
function register(group: string, name: string, options: NamespaceOptions, n: number, baseline = false): void {
  const config = namespaceConfig(options);
  Deno.bench({
    name,
    group,
    baseline,
    ignore: !hostHas(6 * SZ_1G),
    n,
    warmup: 1,
    fn: (b) => {
      const { kernel, region } = machine(`${group} ${name}`, options);
      const free = totalFreePages(kernel);
      const before = readCounters(kernel.stat);
      b.start();
      const namespace = createNamespace(kernel, region, config);
      b.end();
      if (typeof namespace === "number") throw new NamespaceError(namespace);
      printModel(`${group}, ${name}`, countersSince(before, readCounters(kernel.stat)));
      const err = destroyNamespace(kernel, namespace);
      if (err < 0) throw new NamespaceError(err);
      const lost = free - totalFreePages(kernel);
      if (lost !== 0) panic(`namespace_bootstrap_bench: ${lost} frames did not come back`);
    },
  });
}

for (const map of ["mem", "dev"] as const) {
  const group = `128G map=${map}`;
  const size = 128 * SZ_1G;
  register(group, "before (5.14), 2M", { size, align: parseSize("2M"), map, kernel: "5.14" }, 3, true);
  for (const align of ["4K", "2M"]) {
    register(group, `6.1, ${align}`, { size, align: parseSize(align), map, kernel: "6.1" }, 3);
  }
  register(group, "6.1, 1G", { size, align: SZ_1G, map, kernel: "6.1" }, map === "mem" ? 20 : 3);
  if (map === "mem") register(group, "v4, 1G (PTE tables shared)", { size, align: SZ_1G, map, kernel: "v4" }, 20);
}

/** Sizes a factor of four apart: with linear cost, the time per GiB stays the same. */
function sweep(group: string, sizes: readonly string[], options: Omit<NamespaceOptions, "size">, n: number): void {
  for (const [i, text] of sizes.entries()) {
    const size = parseSize(text);
    register(group, formatSize(size), { ...options, size }, Math.max(2, Math.ceil(n / 4 ** i)), i === 0);
  }
}

sweep("sweep, v7, 2M", ["16G", "64G", "256G", "1T"], { align: parseSize("2M"), kernel: "v7" }, 40);
sweep("sweep, v7, 1G", ["64G", "256G", "1T", "4T", "16T"], { align: SZ_1G, kernel: "v7" }, 80);
sweep("sweep, 5.14, tables and frames only", ["64G", "256G", "1T"], {
  align: parseSize("2M"),
  kernel: "5.14",
  contents: false,
}, 20);

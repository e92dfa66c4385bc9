// SPDX-License-Identifier: GPL-2.0-only
// `lab plan --pmem`: a namespace created under each policy. Kernels that must take the same frames are run once: the
// key of a run is what the kernel decides on a small machine. Part of plan.ts.

import { ARCHS } from "../arch/archs.ts";
import { boot } from "../boot.ts";
import { ndPfnInit, nvdimmSetupPfn } from "../drivers/nvdimm/pfn_devs.ts";
import { usableBytes } from "../drivers/nvdimm/namespace.ts";
import { DEFAULT_ARCH } from "../include/defaults.ts";
import { formatSize } from "../lib/units.ts";
import type { Kernel } from "../mm/kernel.ts";
import { newPgmap } from "../mm/memremap.ts";
import { vmemmapCanOptimize } from "../mm/vmemmap/sparse_vmemmap.ts";
import { namespaceConfig } from "./box.ts";
import { createCounted, NamespaceError } from "./namespace.ts";
import { machineOptions, type Place, type PlanOptions, type PlanRow, type Policies } from "./plan_types.ts";

/** A row for each region, kernel and place, in this order; `progress` is told which are run. */
export function planNamespaces(
  options: PlanOptions,
  regions: readonly number[],
  { kernels, places }: Policies,
  progress: (what: string) => void,
): PlanRow[] {
  const small = new Map(kernels.map((kernel) => [kernel, smallMachine(options, kernel)]));
  const done = new Map<string, PlanRow>();
  const tables = new Map<string, number>();
  return regions.flatMap((pmem) =>
    kernels.flatMap((kernel) =>
      places.map((place) => {
        const key = JSON.stringify([pmem, place, policyKey(small.get(kernel)!, pmem, place)]);
        const same = done.get(key);
        if (same !== undefined) return { ...same, kernel };
        progress(`kernel ${kernel}, map=${place.map}, align ${formatSize(place.align)}`);
        const row = planRow(options, pmem, kernel, place, tables);
        done.set(key, row);
        return row;
      })
    )
  );
}

function smallMachine({ arch = DEFAULT_ARCH }: PlanOptions, kernel: string): Kernel {
  const { regionAlignBytes } = ARCHS[arch];
  return boot({ arch, kernel, dram: [regionAlignBytes], pmem: [{ bytes: regionAlignBytes }], contents: false });
}

/** What determines the frames of a namespace: its info block, how tails are shared, what is refused. */
function policyKey(k: Kernel, pmem: number, { map, align }: Place): unknown {
  const start = k.machine.topology.pmemStart * k.pageBytes;
  const info = ndPfnInit(k, start, pmem, align, map);
  if (typeof info === "number") return info;
  const setup = nvdimmSetupPfn(k, start, pmem, info);
  const { compoundDevmap, dedup, errata } = k.config;
  const pgmap = newPgmap(k, "generic", [setup.range], setup.altmap, 0, compoundDevmap ? align / k.pageBytes : 1);
  const insideSection = compoundDevmap && align > 2 ** k.arch.sectionShift ? errata.compoundStartUnchecked : null;
  return [info, vmemmapCanOptimize(k, pgmap) ? dedup : "whole", insideSection, errata.addPagesNoUnwind];
}

/** The figures of an impossible row. */
const LOST = {
  dramBytes: null,
  dramPercent: null,
  directMapBytes: null,
  pmemBytes: null,
  pmemPercent: null,
  usableBytes: null,
};

function planRow(
  options: PlanOptions,
  pmem: number,
  kernel: string,
  place: Place,
  tables: Map<string, number>,
): PlanRow {
  const { map, align } = place;
  const asked = { regionBytes: pmem, kernel, map, alignBytes: align };
  const unit = ARCHS[options.arch ?? DEFAULT_ARCH].namespaceUnitBytes;
  if (options.align === undefined && pmem % unit === 0 && pmem % align !== 0) {
    const why = `Cannot align to ${formatSize(align)}: ${formatSize(pmem)} is not a multiple of it`;
    return { ...asked, why, ...LOST };
  }
  const config = namespaceConfig({ ...machineOptions(options), size: pmem, align, map, kernel, contents: false });
  try {
    const { kernel: k, namespace, pages } = createCounted(config, tables);
    const usable = usableBytes(k, namespace);
    const dramBytes = pages.dramTotal * k.pageBytes;
    return {
      ...asked,
      why: null,
      dramBytes,
      dramPercent: 100 * dramBytes / pmem,
      directMapBytes: pages.directMap * k.pageBytes,
      pmemBytes: pmem - usable,
      pmemPercent: 100 * (pmem - usable) / pmem,
      usableBytes: usable,
    };
  } catch (error) {
    if (!(error instanceof NamespaceError)) throw error;
    return { ...asked, why: error.message, ...LOST };
  }
}

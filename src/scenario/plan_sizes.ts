// SPDX-License-Identifier: GPL-2.0-only
// `lab plan --usable`: the smallest namespace with this much usable data, by nd_pfn_init(). Part of plan.ts.

import { pageBytes } from "../arch/arch.ts";
import { ARCHS } from "../arch/archs.ts";
import { boot } from "../boot.ts";
import { ndPfnInit } from "../drivers/nvdimm/pfn_devs.ts";
import { DEFAULT_ARCH } from "../include/defaults.ts";
import { formatSize } from "../lib/units.ts";
import { namespaceConfig, type NamespaceOptions } from "./box.ts";
import { createOnBox, NamespaceError } from "./namespace.ts";
import { MOST_MEMORY } from "./options.ts";
import { machineOptions, type Place, type PlanOptions, type PlanSize } from "./plan_types.ts";

/**
 * Sizes to request, by `nd_pfn_init`: from the wanted data upwards, one page of the device or unit of the region at a
 * time.
 */
export function planSizes(options: PlanOptions, usable: number, places: readonly Place[]): PlanSize[] {
  const { arch = DEFAULT_ARCH } = options;
  const given = { ...machineOptions(options), contents: false };
  const step = (align: number) => Math.max(align, ARCHS[arch].namespaceUnitBytes);
  // On arm64 the reserve holds leaves of memmap, for whole sections.
  const section = ARCHS[arch].altmapBasePages ? 2 ** ARCHS[arch].sectionShift : 0;
  const largest = Math.max(section, ...places.map(({ align }) => step(align)));
  // Upper bound: 64 bytes of each base page are memmap, and alignment takes a few pages or sections at most.
  const page = pageBytes(ARCHS[arch]);
  const most = Math.min(Math.ceil(usable * page / (page - 64) / largest + 4) * largest, MOST_MEMORY);
  const k = boot({ arch, dram: [ARCHS[arch].regionAlignBytes], pmem: [{ bytes: most }], contents: false });
  const start = k.machine.topology.pmemStart * k.pageBytes;
  return places.map(({ map, align }) => {
    const unit = step(align);
    for (let size = Math.ceil(usable / unit) * unit; size <= most; size += unit) {
      const info = ndPfnInit(k, start, size, align, map);
      if (typeof info === "number" || info.npfns * k.pageBytes < usable) continue;
      if (!ARCHS[arch].altmapBasePages || reserveHolds({ ...given, map, align, size })) {
        return { map, alignBytes: align, sizeBytes: size, usableBytes: info.npfns * k.pageBytes };
      }
    }
    throw new RangeError(`Cannot plan for ${usable} bytes of data: no size up to ${formatSize(most)} has them`);
  });
}

/** Whether all of a namespace's memmap fits in what its info block reserves: on arm64 not every size does. */
function reserveHolds(options: NamespaceOptions): boolean {
  if (options.map !== "dev") return true;
  try {
    createOnBox(namespaceConfig(options));
    return true;
  } catch (error) {
    if (!(error instanceof NamespaceError)) throw error;
    return false;
  }
}

// SPDX-License-Identifier: GPL-2.0-only
// Why the modelled kernel refuses a namespace, and what would work, in words. Mirrors no kernel file.

import { ARCHS } from "../arch/archs.ts";
import { EBUSY, EINVAL, ENOMEM, ENOSPC, ENXIO } from "../include/errno.ts";
import { formatSize } from "../lib/units.ts";
import { availableSize, maxAvailableExtent, type NdRegion } from "../drivers/nvdimm/region.ts";
import type { NamespaceConfig } from "./box.ts";

/** Why this region cannot have this namespace; empty if the errno says enough. */
export function refusal(region: NdRegion, config: NamespaceConfig, errno: number): string {
  const { arch, map, size, align } = config;
  if (errno === -ENOSPC) {
    const [all, most] = [availableSize(region), maxAvailableExtent(region)].map(formatSize);
    return `available_size is ${all}, max_available_extent ${most}`;
  }
  if (errno === -ENXIO) {
    return `align ${formatSize(align)} leaves no room for data in ${formatSize(size)}; ${
      formatSize(size + 2 * align)
    } or a smaller align works`;
  }
  if (errno === -EINVAL) return invalid(region, config);
  if (errno === -EBUSY) return "somebody has the memory already";
  if (errno !== -ENOMEM || map !== "dev" || !ARCHS[arch].altmapBasePages) return "";
  return `what the info block of ${formatSize(size)} reserves does not hold its memmap`;
}

/** ndctl checks first: a size must be a multiple of the region's align, and of the page size on every DIMM. */
export function ndctlRefusal({ align: unit, ways, labels }: NdRegion, size: number, align: number): string | null {
  const multiple = (of: number, what: string) =>
    size % of === 0 ? null : `${formatSize(size)} is not a multiple of ${formatSize(of)}, ${what}`;
  const perDimm = ways === 1 ? "the page size" : `the page size on each of ${ways} DIMMs`;
  return (labels ? multiple(unit, "the region's align") : null) ?? multiple(align * ways, perDimm);
}

function invalid({ start }: NdRegion, { arch, map, structPageSize }: NamespaceConfig): string {
  const { compatAlignBytes } = ARCHS[arch];
  if (start % compatAlignBytes !== 0) {
    return `the region does not begin at a multiple of ${formatSize(compatAlignBytes)}, so it cannot have struct pages`;
  }
  if (map === "dev" && structPageSize > 64) {
    return `map=dev reserves 64 bytes for a struct page of ${structPageSize}; map=mem or --set pageStructOverride=true works`;
  }
  return "compounds larger than a section would begin inside one; an aligned start works";
}

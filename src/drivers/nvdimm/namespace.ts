// SPDX-License-Identifier: GPL-2.0-only
// Namespaces as created by `ndctl create-namespace -m devdax|fsdax -s SIZE -a ALIGN -M mem|dev`
// (drivers/nvdimm/namespace_devs.c, drivers/dax/pmem.c, drivers/nvdimm/pmem.c): an extent of a region, the pfn info
// block on it, and either a device-dax device or a pmem disk whose pages stay base pages.
// Left out: labels, BTT, modes raw and sector, the file system on an fsdax namespace.

import { EBUSY, EINVAL, ENOMEM, ENXIO } from "../../include/errno.ts";
import type { DevPagemap } from "../../include/memremap.ts";
import { pfnDown } from "../../lib/align.ts";
import type { Kernel } from "../../mm/kernel.ts";
import { memremapPages, memunmapPages, newPgmap, pagesInUse } from "../../mm/memremap.ts";
import { allocDaxRegion, createDevDax, daxAligns, deleteDevDax, type DevDax } from "../dax/bus.ts";
import { rangeTaken } from "../base/memory_hotplug.ts";
import { devDaxProbe, devDaxRemove } from "../dax/device.ts";
import { devDaxKmemRemove } from "../dax/kmem.ts";
import { type MapMode, ndPfnInit, nvdimmSetupPfn, type PfnInfoBlock } from "./pfn_devs.ts";
import { claimExtent, type Extent, type NdRegion, releaseExtent } from "./region.ts";
import { traced } from "../../mm/trace.ts";

/** How a namespace is used. */
export type NamespaceMode = "devdax" | "fsdax";

/** An enabled namespace. Bytes. */
export interface NdNamespace {
  readonly region: NdRegion;
  readonly extent: Extent;
  readonly mode: NamespaceMode;
  readonly info: PfnInfoBlock;
  readonly pgmap: DevPagemap;
  /** The device of a devdax namespace; null for fsdax. */
  readonly dev: DevDax | null;
}

/** What to create. Bytes. */
export interface NamespaceRequest {
  readonly size: number;
  readonly align: number;
  readonly map: MapMode;
  readonly mode?: NamespaceMode;
}

/**
 * Creates a namespace and enables it. On failure, a negative errno with nothing changed: -EINVAL for a size that is not
 * a multiple of the region's align, a region that begins inside a subsection, struct pages too large for map=dev, or
 * compounds larger than a section that would begin inside one; -ENOSPC if the region is full; -ENXIO for a page size
 * that no entry maps, or if the alignment leaves no room; -ENOMEM without memory, or with map=dev if the room that the
 * info block reserves is too small: on arm64, where leaves must be aligned and base pages come from it too, or if the
 * label takes a large page.
 */
export function createNamespace(k: Kernel, region: NdRegion, request: NamespaceRequest): NdNamespace | number {
  const extent = claimExtent(region, request.size);
  if (typeof extent === "number") return extent;
  const ns = enable(k, region, extent, request);
  if (typeof ns === "number") releaseExtent(region, extent);
  return ns;
}

/**
 * Disables and destroys a namespace. -EBUSY while its pages are held or hold a neighbour's memmap; -EINVAL if it is
 * already gone. The part that is online System RAM leaks: its addresses cannot be used again.
 */
export function destroyNamespace(k: Kernel, ns: NdNamespace): number {
  if (!ns.region.used.includes(ns.extent)) return -EINVAL;
  if (ns.dev !== null) {
    if (ns.dev.kmem !== null) devDaxKmemRemove(k, ns.dev);
    // No driver may be bound, as after devDaxRemove().
    let err = ns.dev.bound ? devDaxRemove(k, ns.dev) : 0;
    if (err === 0) err = deleteDevDax(ns.dev);
    if (err < 0) return err;
  } else {
    if (pagesInUse(k, ns.pgmap)) return -EBUSY;
    memunmapPages(k, ns.pgmap);
  }
  releaseExtent(ns.region, ns.extent);
  return 0;
}

/** Bytes of data that the namespace offers. */
export function usableBytes(k: Kernel, ns: NdNamespace): number {
  return ns.info.npfns * k.pageBytes;
}

function enable(k: Kernel, region: NdRegion, extent: Extent, request: NamespaceRequest): NdNamespace | number {
  const mode = request.mode ?? "devdax";
  // ndctl checks it against the supported ones and fails with ENXIO.
  if (!daxAligns(k.arch).includes(request.align)) return -ENXIO;
  if (rangeTaken(k, pfnDown(extent.start, k.pageBytes), pfnDown(extent.end, k.pageBytes))) return -EBUSY;
  const size = extent.end - extent.start;
  const info = ndPfnInit(k, extent.start, size, request.align, request.map);
  if (typeof info === "number") return info;
  const setup = nvdimmSetupPfn(k, extent.start, size, info);
  const type = mode === "devdax" ? "generic" : "fsdax";
  const pgmap = newPgmap(k, type, [setup.range], setup.altmap, region.nid, 1);
  const common = { region, extent, mode, info, pgmap };
  if (mode === "fsdax") {
    const err = memremapPages(k, pgmap);
    return err < 0 ? err : { ...common, dev: null };
  }
  const dev = attachDax(k, region, extent, info, pgmap);
  return typeof dev === "number" ? dev : { ...common, dev };
}

/** `__dax_pmem_probe`: makes the data part a static dax region with one device. */
const attachDax = traced("__dax_pmem_probe()", (
  k: Kernel,
  region: NdRegion,
  extent: Extent,
  info: PfnInfoBlock,
  pgmap: DevPagemap,
): DevDax | number => {
  const start = pfnDown(extent.start + info.dataoff, k.pageBytes);
  const range = { start, end: start + info.npfns };
  const daxRegion = allocDaxRegion(k, region.nid, range, info.align, true, region.targetNid);
  if (daxRegion === null) return -ENOMEM;
  const dev = createDevDax(k, daxRegion, range.end - range.start, info.align, pgmap);
  if (typeof dev === "number") return dev;
  const err = devDaxProbe(k, dev);
  return err < 0 ? err : dev;
});

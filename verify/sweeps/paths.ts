// SPDX-License-Identifier: GPL-2.0-only
// A sweep for each path that allocates. Sizes are multiples of a section, so that the same sweeps serve the toy and the
// real geometries.

import { levelBytes } from "../../src/arch/arch.ts";
import { memoryBlockOffline, memoryBlockOnline } from "../../src/drivers/base/memory.ts";
import { addMemory, removeMemory } from "../../src/drivers/base/memory_hotplug.ts";
import { allocDaxRegion, createDevDax, deleteDevDax, type DevDax } from "../../src/drivers/dax/bus.ts";
import { daxMmap, devDaxProbe, devDaxRemove } from "../../src/drivers/dax/device.ts";
import { createNamespace, destroyNamespace, type NamespaceRequest } from "../../src/drivers/nvdimm/namespace.ts";
import { ndRegions } from "../../src/drivers/nvdimm/region.ts";
import { ENOMEM } from "../../src/include/errno.ts";
import { panic } from "../../src/lib/bug.ts";
import { gupFast } from "../../src/mm/gup/gup.ts";
import { putPages } from "../../src/mm/gup/put.ts";
import type { Kernel, Mm, VmArea } from "../../src/mm/kernel.ts";
import { findMemoryBlock } from "../../src/mm/hotplug/memory_block.ts";
import { memremapPages, memunmapPages, newPgmap } from "../../src/mm/memremap.ts";
import { mmAlloc, mmPut, munmap, populateArea } from "../../src/mm/memory.ts";
import type { Sweep } from "./sweep.ts";

/** Creates and destroys a namespace. */
export function namespaceSweep(k: Kernel, request: NamespaceRequest): Sweep {
  const region = ndRegions(k)[0];
  return holder((k) => createNamespace(k, region, request), (k, ns) => expectDone(destroyNamespace(k, ns)));
}

/** Probes and removes a dynamic device of `pages`, split into `ranges` parts by other devices between them. */
export function deviceSweep(k: Kernel, align: number, pages: number, ranges: number): Sweep {
  const dev = dynamicDevice(k, align, pages, ranges);
  return { run: (k) => devDaxProbe(k, dev), undo: (k) => expectDone(devDaxRemove(k, dev)), errno: -ENOMEM };
}

/** memremap_pages() of two ranges with a hole between them, in compounds of `geometry` frames. */
export function rangesSweep(k: Kernel, geometry: number): Sweep {
  const { nid, start, end } = k.machine.topology.pmem[0];
  const unit = Math.max(geometry, k.pagesPerSection);
  const third = Math.floor((end - start) / 3 / unit) * unit;
  const ranges = [{ start, end: start + third }, { start: start + 2 * third, end: start + 3 * third }];
  const pgmap = newPgmap(k, "generic", ranges, null, nid, geometry);
  return { run: (k) => memremapPages(k, pgmap), undo: (k) => memunmapPages(k, pgmap), errno: -ENOMEM };
}

/** Creates and ends a process. */
export function processSweep(): Sweep {
  return holder((k) => mmAlloc(k), (k, mm) => mmPut(k, mm));
}

/** A process maps a device, touches all of it, and ends. */
export function faultSweep(k: Kernel, align: number, pages: number): Sweep {
  const dev = boundDevice(k, align, pages);
  return holder((k) => {
    const area = mapAll(k, dev, pages);
    if (typeof area === "number" || populateArea(k, area, align / k.pageBytes) === "nopage") return area;
    mmPut(k, area.mm);
    return -ENOMEM;
  }, (k, area) => mmPut(k, area.mm));
}

/** gup over untouched pages faults them in; if memory runs out, pages already held are put. */
export function gupSweep(k: Kernel, align: number, pages: number): Sweep {
  const dev = boundDevice(k, align, pages);
  return holder((k) => {
    const area = mapAll(k, dev, pages);
    if (typeof area === "number") return area;
    const held = new Float64Array(pages);
    const got = gupFast(k, area.mm, area.start, pages, "get", held, 0);
    putPages(k, held, 0, got);
    if (got === pages) return area;
    mmPut(k, area.mm);
    return -ENOMEM;
  }, (k, area) => {
    const { mm }: { mm: Mm } = area;
    munmap(k, area);
    mmPut(k, mm);
  });
}

/** Hot-adds and removes one memory block. */
export function plugSweep(k: Kernel, memmapOnMemory: boolean): Sweep {
  const at = k.machine.topology.hotplug[0].start * k.pageBytes;
  const bytes = k.hotplug.blockPages * k.pageBytes;
  return {
    run: (k) => addMemory(k, 0, at, bytes, { memmapOnMemory }),
    undo: (k) => expectDone(removeMemory(k, at, bytes)),
    errno: -ENOMEM,
  };
}

/** Onlines and offlines a memory block. */
export function onlineSweep(k: Kernel, memmapOnMemory: boolean): Sweep {
  expectDone(plugSweep(k, memmapOnMemory).run(k));
  const block = findMemoryBlock(k, k.machine.topology.hotplug[0].start) ?? panic("onlineSweep: no block");
  return {
    run: (k) => memoryBlockOnline(k, block, "online_movable"),
    undo: (k) => expectDone(memoryBlockOffline(k, block)),
    errno: -ENOMEM,
  };
}

/** A sweep whose run returns an object or an errno. */
function holder<T extends object>(make: (k: Kernel) => T | number, drop: (k: Kernel, made: T) => void): Sweep {
  let made: T | null = null;
  return {
    run: (k) => {
      const result = make(k);
      made = typeof result === "number" ? null : result;
      return typeof result === "number" ? result : 0;
    },
    undo: (k) => drop(k, made ?? panic("holder: nothing to undo")),
    errno: -ENOMEM,
  };
}

function mapAll(k: Kernel, dev: DevDax, pages: number): VmArea | number {
  const mm = mmAlloc(k);
  if (typeof mm === "number") return mm;
  const vpn = levelBytes(k.arch, 2) / k.pageBytes;
  const area = daxMmap(k, dev, mm, vpn, pages, 0);
  return typeof area === "number" ? panic(`mapAll: errno ${area}`) : area;
}

function boundDevice(k: Kernel, align: number, pages: number): DevDax {
  const dev = dynamicDevice(k, align, pages, 1);
  expectDone(devDaxProbe(k, dev));
  return dev;
}

/** Devices fill the region, every second one is removed, and the next device gets a part in each gap. */
function dynamicDevice(k: Kernel, align: number, pages: number, ranges: number): DevDax {
  const { nid, start, end } = k.machine.topology.pmem[0];
  const region = allocDaxRegion(k, nid, { start, end }, align, false) ?? panic("dynamicDevice: region is not aligned");
  const part = pages / ranges;
  const parts = Array.from({ length: 2 * ranges - 1 }, () => device(createDevDax(k, region, part, align, null)));
  for (const [i, other] of parts.entries()) if (i % 2 === 0) expectDone(deleteDevDax(other));
  const dev = device(createDevDax(k, region, pages, align, null));
  if (dev.ranges.length !== ranges) panic(`dynamicDevice: ${dev.ranges.length} ranges, expected ${ranges}`);
  return dev;
}

function device(result: DevDax | number): DevDax {
  return typeof result === "number" ? panic(`device: errno ${result}`) : result;
}

function expectDone(errno: number): void {
  if (errno !== 0) panic(`sweep: undoing says ${errno}`);
}

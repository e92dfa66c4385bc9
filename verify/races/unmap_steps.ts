// SPDX-License-Identifier: GPL-2.0-only
// Taking a device down and bringing it up again with another geometry, cut into the steps between which another CPU can
// run: unmap from processes, memunmap_pages() (mm/memremap.c), then memremap_pages() and a fresh
// mapping.

import type { DevPagemap } from "../../src/include/memremap.ts";
import { addPages, moveRangeToDeviceZone } from "../../src/mm/hotplug/memory_hotplug.ts";
import { munmap, unmapMapping } from "../../src/mm/memory.ts";
import { devPagemapKill, newPgmap, PAGEUNMAP_PARTS, pageunmapDone, pfnLen } from "../../src/mm/memremap.ts";
import { memmapInitZoneDevice } from "../../src/mm/mm_init.ts";
import { pageRefcount } from "../../src/mm/page.ts";
import type { Step, Thread } from "./explore.ts";
import { onCpu, setUpFailed, takeFlushes, waitForSection } from "./stage.ts";
import { type Geometry, mapDevice, putDevicePage, type RaceWorld } from "./world.ts";

/** Places written by the parts of pageunmap_range(). */
const TOUCHED: Readonly<Record<(typeof PAGEUNMAP_PARTS)[number]["name"], readonly string[]>> = {
  "remove the memmap": ["memmap", "count"],
  "take the pgmap out of the tree": ["tree"],
};

/** The thread on CPU 1. */
export function* unmapThread(w: RaceWorld): Thread {
  const { k, dev, setting } = w;
  const pgmap = dev.pgmap ?? setUpFailed("the device is down");
  yield { name: "clear the entry", writes: ["entry"] };
  unmapMapping(k, dev, 0, Infinity);
  if (setting.waits === "ipi") yield* waitForSection(w, "flush of the process's TLB");
  if (setting.memunmap === "bulk, idle first") yield idle(w, pgmap);
  yield { name: "percpu_ref_kill", writes: ["tree", "refs"] };
  devPagemapKill(pgmap);
  if (setting.waits === "rcu") yield* waitForSection(w, "grace period");
  yield { name: "drop the pages' references", reads: ["memmap"], writes: ["count", "refs"] };
  putBirthReferences(w, pgmap);
  yield { name: "wait for the pgmap's references", reads: ["refs"], enabled: () => pgmap.refs <= 0 };
  if (pgmap.refs < 0) w.hazards.add("takes a reference too many away");
  for (const part of setting.pgmapFirst === true ? PAGEUNMAP_PARTS.toReversed() : PAGEUNMAP_PARTS) {
    yield { name: part.name, writes: TOUCHED[part.name] };
    part.run(k, pgmap, 0);
  }
  pageunmapDone(k, pgmap);
  if (setting.waits === "ipi") yield* waitForSection(w, "flush of the kernel's TLB");
  yield { name: "TLB flush arrives", writes: ["tlb"] };
  takeFlushes(w);
  dev.pgmap = null;
  if (setting.after !== null) yield* bringUp(w, setting.after);
}

/** Before removal: only gup, while it runs, may hold a page. */
function idle(w: RaceWorld, pgmap: DevPagemap): Step {
  const { start, end } = pgmap.ranges[0];
  const busy = () => {
    onCpu(w, 1);
    for (let pfn = start; pfn < end; pfn += pgmap.geometry) if (pageRefcount(w.k, pfn) > 1) return true;
    return false;
  };
  return { name: "wait until no page is in use", reads: ["count", "memmap"], enabled: () => !busy() };
}

/** for_each_device_pfn() put_page(), or percpu_ref_put_many(). */
function putBirthReferences(w: RaceWorld, pgmap: DevPagemap): void {
  if (w.setting.memunmap !== "per-page") {
    pgmap.refs -= pfnLen(w.k, pgmap, 0);
    return;
  }
  const { start, end } = pgmap.ranges[0];
  for (let pfn = start; pfn < end; pfn += pgmap.geometry) putDevicePage(w, pfn, 1);
}

/** memremap_pages() of the same frames in another geometry, in the order of pagemap_range(), and a new mapping. */
function* bringUp(w: RaceWorld, { align, compound }: Geometry): Generator<Step, void, void> {
  const { k, dev } = w;
  const range = dev.ranges[0];
  const pgmap = newPgmap(k, "generic", [range], null, dev.region.nid, compound);
  pgmap.refs = 1;
  yield { name: "add the new pgmap", writes: ["tree"] };
  k.pgmaps.store(range, pgmap);
  dev.pgmap = pgmap;
  yield { name: "populate the new memmap", writes: ["memmap", "count"] };
  const pages = range.end - range.start;
  const err = addPages(k, pgmap.nid, range.start, pages, { altmap: null, pgmap });
  if (err < 0) setUpFailed(`errno ${err}`);
  moveRangeToDeviceZone(k, pgmap.nid, range.start, range.end);
  yield { name: "initialise the new struct pages", writes: ["memmap", "count", "refs"] };
  memmapInitZoneDevice(k, range.start, range.end, pgmap);
  pgmap.refs += pfnLen(k, pgmap, 0);
  pgmap.nrRange = 1;
  yield { name: "map the device again", writes: ["entry", "memmap"] };
  dev.align = align * k.pageBytes;
  // A new mapping: the old one's tables may be too small for the new page size.
  munmap(k, w.mm.areas[0]);
  mapDevice(w.k, dev, w.mm, w.vpn);
}

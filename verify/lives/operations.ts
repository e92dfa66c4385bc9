// SPDX-License-Identifier: GPL-2.0-only
// The operations of a life, as a table. Each takes three small numbers and derives its arguments from them, so that a
// counterexample shrinks by itself; it predicts the outcome by the model, runs, and panics when the kernel answers
// otherwise. An operation that is impossible at present returns false and does not count.

import { createDevDax, deleteDevDax, type DevDax, devDaxPages, reconfigureDevDax } from "../../src/drivers/dax/bus.ts";
import { daxMmap, devDaxProbe, devDaxRemove } from "../../src/drivers/dax/device.ts";
import { createNamespace, destroyNamespace } from "../../src/drivers/nvdimm/namespace.ts";
import { EBUSY, EINVAL, ENOMEM, ENOSPC, ENXIO } from "../../src/include/errno.ts";
import { GUP_PIN_COUNTING_BIAS } from "../../src/include/mm_types.ts";
import { panic } from "../../src/lib/bug.ts";
import { gupFast } from "../../src/mm/gup/gup.ts";
import { handleFault, mmAlloc, mmPut, munmap } from "../../src/mm/memory.ts";
import { memoryFailure } from "../../src/mm/memory_failure.ts";
import { totalFreePages } from "../../src/mm/page_alloc.ts";
import type { VmArea } from "../../src/mm/kernel.ts";
import { drop, expectErrno, failing, onOne, oom, type Operation, pick, wholeLeaves } from "./expect.ts";
import { type Holding, type Life, WINDOW_PAGES, WINDOWS } from "./life.ts";
import { PLUG_OPERATIONS } from "./plug_operations.ts";
import { POOL_OPERATIONS } from "./pool_operations.ts";

/** Page sizes a toy device may have, bytes. */
const ALIGNS = [256, 4096, 65536];
/** Bytes that the size of a toy namespace may be a multiple of. */
const UNIT = 4096;

/** Every operation by name. */
export const OPERATIONS: Readonly<Record<string, Operation>> = {
  ...PLUG_OPERATIONS,
  ...POOL_OPERATIONS,

  createNamespace(life, a, b, c) {
    const { k, region } = life;
    const size = (1 + a % 32) * UNIT;
    const fits = largestGap(life) >= size;
    const request = {
      size,
      align: ALIGNS[b % 3],
      map: c % 2 === 0 || !wholeLeaves(life) ? "mem" : "dev",
      mode: c % 8 === 7 ? "fsdax" : "devdax",
    } as const;
    const free = totalFreePages(k);
    const ns = createNamespace(k, region, request);
    if (typeof ns !== "number") return life.namespaces.push(ns) > 0;
    // A namespace without room for its alignment or a compound is refused with either errno; no other is allowed, but
    // the room that the info block reserves must hold all memmap.
    const tight = request.map === "dev" && k.arch.altmapBasePages ? [-ENOMEM] : [];
    expectErrno("createNamespace", ns, fits ? [-ENXIO, -EINVAL, ...tight, ...oom(life)] : [-ENOSPC]);
    if (totalFreePages(k) !== free) panic("createNamespace: frames are missing after a failure");
    return true;
  },

  destroyNamespace: onOne((life) => life.namespaces, (life, ns) => {
    const busy = life.holds(ns.dev);
    const err = destroyNamespace(life.k, ns);
    expectErrno("destroyNamespace", err, [busy ? -EBUSY : 0]);
    if (!busy) drop(life.namespaces, ns);
  }),

  createDevice(life, a, b) {
    const align = ALIGNS[b % 3];
    const dev = createDevDax(life.k, life.daxRegion, (1 + a % 16) * align / 256, align, null);
    if (typeof dev === "number") expectErrno("createDevDax", dev, [-ENOSPC]);
    else life.devices.push(dev);
    return true;
  },

  probeDevice: onOne((life) => life.devices, (life, dev) => {
    const { k } = life;
    const before = totalFreePages(k);
    const { bound } = dev;
    const err = devDaxProbe(k, dev);
    // Compounds that do not begin at the start of a populated part are refused.
    expectErrno("devDaxProbe", err, bound ? [-EBUSY] : [0, -EINVAL, ...oom(life)]);
    if (dev.bound !== (bound || err === 0)) panic(`devDaxProbe: errno ${err}, and bound is ${dev.bound}`);
    if (err < 0 && totalFreePages(k) !== before) panic("devDaxProbe: frames are missing after a failure");
  }),

  removeDevice(life, a) {
    const dev = pick(life.devices, a);
    if (dev === undefined || !dev.bound) return false;
    expectErrno("devDaxRemove", devDaxRemove(life.k, dev), [life.holds(dev) ? -EBUSY : 0]);
    return true;
  },

  reconfigureDevice: onOne((life) => life.devices, (life, dev, b, c) => {
    const align = ALIGNS[b % 3];
    const err = reconfigureDevDax(life.k, dev, (1 + c % 16) * align / 256, align);
    expectErrno("reconfigureDevDax", err, dev.bound ? [-EBUSY] : [0, -ENOSPC]);
  }),

  deleteDevice: onOne((life) => life.devices, (life, dev) => {
    expectErrno("deleteDevDax", deleteDevDax(dev), [dev.bound ? -EBUSY : 0]);
    if (!dev.bound) drop(life.devices, dev);
  }),

  startProcess(life) {
    if (life.mms.length === 3) return false;
    const mm = mmAlloc(life.k);
    if (typeof mm === "number") expectErrno("mmAlloc", mm, oom(life));
    else life.mms.push(mm);
    return true;
  },

  endProcess: onOne((life) => life.mms, (life, mm) => {
    mmPut(life.k, mm);
    drop(life.mms, mm);
    life.dropAreas((area) => area.mm === mm);
  }),

  map(life, a, b, c) {
    const mm = pick(life.mms, a);
    const dev = pick(boundDevices(life), b);
    if (mm === undefined || dev === undefined) return false;
    const slot = c % WINDOWS;
    const unit = dev.align / life.k.pageBytes;
    const pgoff = Math.floor(c / WINDOWS) % Math.max(1, devDaxPages(dev) / unit) * unit;
    const vpn = (1 + slot) * WINDOW_PAGES;
    const area = daxMmap(life.k, dev, mm, vpn, devDaxPages(dev) - pgoff, pgoff);
    const taken = mm.areas.some((other) => other !== area && other.start < vpn + WINDOW_PAGES && vpn < other.end);
    if (typeof area === "number") expectErrno("daxMmap", area, taken ? [-EINVAL] : []);
    else life.areas.push(area);
    return true;
  },

  unmap: onOne((life) => life.areas, (life, area) => {
    munmap(life.k, area);
    drop(life.areas, area);
  }),

  touch: onOne((life) => life.areas, (life, area, b) => {
    const result = handleFault(life.k, area.mm, area.start + b % (area.end - area.start));
    const allowed = ["nopage", "sigbus", ...failing(life) ? ["oom"] : []];
    if (!allowed.includes(result)) panic(`handleFault: ${result}, expected ${allowed.join(" or ")}`);
    if (result === "sigbus" && mappable(area)) panic("handleFault: sigbus in a device that is up");
  }),

  hold: onOne((life) => life.areas, (life, area, b, c) => {
    const mode = c % 2 === 0 ? "get" : "pin";
    const first = b % (area.end - area.start);
    const wanted = Math.min(1 + c % 48, area.end - area.start - first);
    const pages = new Float64Array(wanted);
    const got = gupFast(life.k, area.mm, area.start + first, wanted, mode, pages, 0);
    const dev = area.mapping as DevDax;
    if (got < wanted && mappable(area) && !failing(life)) {
      panic(`gupFast: ${got} of ${wanted} pages of a device that is up`);
    }
    if (got > 0) life.held.push(holding(life, dev, area.pgoff + first, pages.slice(0, got), mode));
  }),

  release: onOne((life) => life.held, (life, holding, b, c) => {
    const { pages, heads } = holding;
    const from = b % pages.length;
    const end = Math.min(pages.length, from + 1 + c % pages.length);
    const part = (i: number, j: number) => ({ ...holding, pages: pages.slice(i, j), heads: heads.slice(i, j) });
    life.put(part(from, end));
    const rest = [part(0, from), part(end, pages.length)].filter((h) => h.pages.length > 0);
    life.held.splice(life.held.indexOf(holding), 1, ...rest);
  }),

  poison: onOne(boundDevices, (life, dev, b) => {
    const pfn = dev.ranges[0].start + b % (dev.ranges[0].end - dev.ranges[0].start);
    const killed = memoryFailure(life.k, pfn);
    // An untouched page has no mapping.
    if (typeof killed === "number") expectErrno("memoryFailure", killed, [-EBUSY]);
  }),

  otherCpu(life) {
    const { cpus } = life.k.machine;
    life.k.cpu = cpus[(cpus.indexOf(life.k.cpu) + 1) % cpus.length];
    return true;
  },
};

/**
 * The model's requirements on pages held from device page `pgoff` on: consecutive frames, each on the head of its
 * compound.
 */
function holding(life: Life, dev: DevDax, pgoff: number, pages: Float64Array, mode: "get" | "pin"): Holding {
  const geometry = life.k.config.compoundDevmap ? dev.align / 256 : 1;
  const heads: number[] = [];
  for (let i = 0; i < pages.length; i++) {
    let rest = pgoff + i;
    const range = dev.ranges.find(({ start, end }) => rest < end - start || (rest -= end - start, false));
    if (range === undefined) panic("gupFast: held more pages than the device has");
    const pfn = range.start + rest;
    if (pages[i] !== pfn) panic(`gupFast: page ${i} is frame ${pages[i]}, expected ${pfn}`);
    const first = firstCompound(life, dev, range.start);
    heads.push(first + Math.floor((pfn - first) / geometry) * geometry);
  }
  return { mode, pages, heads, perPage: mode === "pin" && geometry === 1 ? GUP_PIN_COUNTING_BIAS : 1 };
}

/**
 * Where the compounds of a range of a device begin: with map=mem at the start of its namespace, which precedes its
 * data and need not be aligned to their size, so that a mapping may span two of them.
 */
function firstCompound(life: Life, dev: DevDax, start: number): number {
  const ns = life.namespaces.find((n) => n.dev === dev);
  return ns !== undefined && ns.info.mode === "mem" ? ns.extent.start / 256 : start;
}

function boundDevices(life: Life): DevDax[] {
  const devices = [...life.namespaces.flatMap(({ dev }) => dev ?? []), ...life.devices];
  // Some kernels make devices without data.
  return devices.filter((dev) => dev.bound && dev.ranges.length > 0);
}

/** The device is up with the page size it had when mapped, and every mapping of that size is in one range. */
function mappable({ start, end, pgoff, mapping }: VmArea): boolean {
  const { bound, align, ranges } = mapping as DevDax;
  const unit = align / 256;
  const pages = devDaxPages(mapping as DevDax);
  return bound && start % unit === 0 && end % unit === 0 && pgoff % unit === 0 && pgoff + end - start <= pages &&
    ranges.every((r) => (r.end - r.start) % unit === 0);
}

/** Bytes of the largest free run of the region. */
function largestGap(life: Life): number {
  const { start, end } = life.region;
  const taken = life.namespaces.map(({ extent }) => extent).sort((x, y) => x.start - y.start);
  let [at, largest] = [start, 0];
  for (const extent of [...taken, { start: end, end }]) {
    largest = Math.max(largest, extent.start - at);
    at = extent.end;
  }
  return largest;
}

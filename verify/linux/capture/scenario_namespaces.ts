// SPDX-License-Identifier: GPL-2.0-only
// `namespaces`: for every namespace the DRAM it takes, by free pages (two clean binds) and by kind (from the page
// tables before and after), its usable bytes and the device zone.

import { freePages } from "./zoneinfo.ts";
import { idleSpread, memmapCounters, settledZones } from "./free_pages.ts";
import type { Guest } from "./guest.ts";
import {
  bind,
  createNamespace,
  destroyNamespaces,
  type GuestNamespace,
  initLabels,
  isKernelsFailure,
  mustCreate,
  unbind,
  vmemmapOf,
} from "./namespace.ts";
import { crossSpecs, type NamespaceSpec } from "./namespace_spec.ts";
import { type Capture, machineOf, measureInGuests, type Scenario } from "./scenario.ts";
import { type PmemFrames, tallyNamespace } from "./tally.ts";

const DRAM_MIB = 6144;
const SIZES = ["1G", "4G", "16G"];
const BINDS = 2;
/** Discarded binds: the first one after ndctl ran still sees frames that ndctl is freeing. */
const WARM_BINDS = 1;

/** Measures every namespace of the list. */
export const namespaces: Scenario = async (capture) => {
  const { options } = capture;
  const { machine, dramMiB } = machineOf(capture, DRAM_MIB);
  const specs = options.namespaces ?? crossSpecs(SIZES);
  const spreads: number[] = [];
  let pageBytes = 0;
  const rows = await measureInGuests(capture, machine, specs, async (guest) => {
    await initLabels(guest);
    pageBytes = await guest.pageBytes();
    spreads.push(await idleSpread(guest));
    const pmem = await pmemFrames(guest);
    return (spec) => {
      capture.note(spec.name);
      return measure(capture, guest, spec, pmem);
    };
  });
  return {
    dramMiB,
    pageBytes,
    note:
      "freePagesConsumed: two clean binds; idleSpread: how far readings of free pages lay apart with nothing going on; " +
      "walk: counted in the real page tables, exact; guest: number of the guest, a new one after a device that failed",
    idleSpread: Math.max(...spreads),
    ...(options.beside === undefined ? {} : { beside: options.beside.name }),
    rows,
  };
};

/** Where the guest reports its region. */
export async function pmemFrames(guest: Guest): Promise<PmemFrames> {
  const text = await guest.shell.text("cat /sys/bus/nd/devices/region0/resource /sys/bus/nd/devices/region0/size");
  const [start, bytes] = text.split("\n").map(Number);
  const pageBytes = await guest.pageBytes();
  return { start: start / pageBytes, end: (start + bytes) / pageBytes };
}

/** The neighbour of the command line, if there is one. */
export async function createBeside({ options: { beside } }: Capture, guest: Guest): Promise<void> {
  if (beside !== undefined) await mustCreate(guest, beside);
}

async function measure(capture: Capture, guest: Guest, spec: NamespaceSpec, pmem: PmemFrames) {
  const { size, align, map } = spec;
  await createBeside(capture, guest);
  const ns = await createNamespace(guest, spec);
  const row = typeof ns === "string"
    ? { size, align, map, error: ns }
    : { size, align, map, ...await measureBinds(guest, ns, pmem) };
  const failed = typeof ns === "string" && isKernelsFailure(ns);
  if (!failed || capture.options.sameGuest) await destroyNamespaces(guest);
  return { row, failed };
}

async function measureBinds(guest: Guest, ns: GuestNamespace, pmem: PmemFrames) {
  const { first, count } = vmemmapOf(ns, await guest.pageBytes());
  await unbind(guest, ns);
  const before = await guest.walk(first, count);
  const memmap = await memmapCounters(guest);
  const freePagesConsumed: number[] = [];
  for (let i = 0; i < WARM_BINDS + BINDS; i++) {
    if (i > 0) await unbind(guest, ns);
    const free = freePages(await settledZones(guest));
    await bind(guest, ns);
    freePagesConsumed.push(free - freePages(await settledZones(guest)));
  }
  const device = (await settledZones(guest)).find((z) => z.name === "Device");
  const counted = await memmapCounters(guest);
  return {
    namespaceBytes: ns.bytes,
    usableBytes: ns.usableBytes,
    reserveBytes: ns.bytes - ns.usableBytes,
    namespaceStart: `0x${ns.start.toString(16)}`,
    dataStart: `0x${ns.dataStart.toString(16)}`,
    freePagesConsumed: freePagesConsumed.slice(WARM_BINDS),
    ...tallyNamespace(before, await guest.walk(first, count), pmem),
    ...(memmap === null || counted === null ? {} : { memmapPages: counted.pages - memmap.pages }),
    deviceZone: { present: device?.present, spanned: device?.spanned, managed: device?.managed },
  };
}

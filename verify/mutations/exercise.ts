// SPDX-License-Identifier: GPL-2.0-only
// The exercise for mutations of device memory: namespaces of several kinds, processes, faults, gup in both modes, a
// poisoned page and a failing add, then all of it torn down; on two CPUs in turn, with invariants checked after every
// step. A kernel without a defect passes. Beyond the invariants it checks what a single state cannot show: recorded
// pages, yields, errnos, and that nothing is left at the end.

import { checkInfoBlock } from "../../src/drivers/nvdimm/debug_pfn.ts";
import {
  createNamespace,
  destroyNamespace,
  type NamespaceRequest,
  type NdNamespace,
} from "../../src/drivers/nvdimm/namespace.ts";
import { daxMmap, devDaxProbe, devDaxRemove } from "../../src/drivers/dax/device.ts";
import { daxPgoffToPfn, type DevDax, devDaxPages } from "../../src/drivers/dax/bus.ts";
import { type NdRegion, ndRegions } from "../../src/drivers/nvdimm/region.ts";
import { ENOMEM } from "../../src/include/errno.ts";
import { panic } from "../../src/lib/bug.ts";
import { checkInvariants } from "../../src/debug_vm/debug_vm.ts";
import { gupFast } from "../../src/mm/gup/gup.ts";
import { putPages, unpinPages } from "../../src/mm/gup/put.ts";
import type { GupMode } from "../../src/include/gup.ts";
import type { Kernel, Mm, VmArea } from "../../src/mm/kernel.ts";
import { memoryFailure } from "../../src/mm/memory_failure.ts";
import { mmAlloc, mmPut, populateArea } from "../../src/mm/memory.ts";
import { totalFreePages } from "../../src/mm/page_alloc.ts";
import { C } from "../../src/mm/vmstat.ts";

/** Runs the exercise with these namespaces; panics when something is wrong. */
export function exercise(k: Kernel, requests: readonly NamespaceRequest[]): void {
  const region = ndRegions(k)[0];
  const mm = step(k, () => done(mmAlloc(k)));
  const first = create(k, region, requests[0]);
  const free = totalFreePages(k);
  const others = requests.slice(1).map((request) => create(k, region, request));
  const namespaces = [first, ...others];
  const areas = namespaces.map(({ dev }, i) => mapAll(k, mm, dev ?? panic("exercise: no device"), i));
  for (const area of areas) for (const mode of ["get", "pin"] as const) holdAndPut(k, area, mode);
  poison(k, first);
  step(k, () => mmPut(k, mm));
  for (const { dev } of namespaces) if (dev !== null) rebind(k, dev);
  for (const ns of others) destroy(k, ns);
  if (totalFreePages(k) < free) panic(`exercise: ${free - totalFreePages(k)} frames are lost`);
  failAdds(k, region, requests[requests.length - 1]);
  destroy(k, first);
}

/** Runs a step on the other CPU, then checks the invariants. */
function step<T>(k: Kernel, run: () => T): T {
  const { cpus } = k.machine;
  k.cpu = cpus[(cpus.indexOf(k.cpu) + 1) % cpus.length];
  const result = run();
  checkInvariants(k);
  return result;
}

function create(k: Kernel, region: NdRegion, request: NamespaceRequest): NdNamespace {
  const ns = step(k, () => done(createNamespace(k, region, request)));
  checkInfoBlock(k, ns);
  return ns;
}

function mapAll(k: Kernel, mm: Mm, dev: DevDax, i: number): VmArea {
  return step(k, () => {
    const area = done(daxMmap(k, dev, mm, 1024 * (i + 1), devDaxPages(dev), 0));
    // Touches the second page of every mapping, to reveal wrong rounding.
    const result = populateArea(k, { ...area, start: area.start + 1 }, dev.align / k.pageBytes);
    return result === "nopage" ? area : panic(`exercise: fault says ${result}`);
  });
}

/** Holds runs of pages that begin and end inside compounds. */
function holdAndPut(k: Kernel, area: VmArea, mode: GupMode): void {
  for (const [first, n] of [[0, 1], [5, 2], [3, 40]]) {
    const pages = new Float64Array(n);
    step(k, () => {
      const got = gupFast(k, area.mm, area.start + first, n, mode, pages, 0);
      if (got !== n) panic(`exercise: gup holds ${got} of ${n} pages`);
    });
    const wanted = daxPgoffToPfn(area.mapping as DevDax, first, n);
    for (let i = 0; i < n; i++) {
      if (pages[i] !== wanted + i) panic(`exercise: I21 page ${i} recorded as frame ${pages[i]}, not ${wanted + i}`);
    }
    step(k, () => mode === "pin" ? unpinPages(k, pages, 0, n) : putPages(k, pages, 0, n));
  }
}

/** A machine check in a tail: every mapping of the page is removed, and its user gets the address. */
function poison(k: Kernel, { dev }: NdNamespace): void {
  step(k, () => {
    const killed = memoryFailure(k, daxPgoffToPfn(dev ?? panic("exercise: no device"), 7, 1));
    if (typeof killed === "number" || killed.length !== 1) panic("exercise: I22 the poisoned page's user is not found");
  });
}

function rebind(k: Kernel, dev: DevDax): void {
  yieldsSeldom(k, dev, () => step(k, () => zero(devDaxRemove(k, dev))));
  step(k, () => zero(devDaxProbe(k, dev)));
}

/** I30: taking a device down yields once per section, plus at most once per 1024 pages or compounds. */
function yieldsSeldom(k: Kernel, { pgmap }: DevDax, run: () => void): void {
  const { ranges, geometry } = pgmap ?? panic("exercise: the device is down");
  const pages = ranges[0].end - ranges[0].start;
  const before = k.stat[C.condResched];
  run();
  const yields = k.stat[C.condResched] - before;
  const most = pages / k.pagesPerSection + 2 + pages / geometry / 1024 + 1;
  if (yields < Math.floor(pages / k.pagesPerSection) || yields > most) {
    panic(`exercise: I30 ${yields} yields to take ${pages} pages down`);
  }
}

/** Creates the same namespace again, with each of its allocations failing in turn. */
function failAdds(k: Kernel, region: NdRegion, request: NamespaceRequest): void {
  for (let nth = 1, failed = true; failed; nth++) {
    const free = totalFreePages(k);
    k.fault.arm(nth);
    const ns = step(k, () => createNamespace(k, region, request));
    failed = k.fault.seen >= nth;
    k.fault.disarm();
    if (typeof ns !== "number") destroy(k, ns);
    else if (ns !== -ENOMEM) panic(`exercise: errno ${ns}`);
    if (totalFreePages(k) !== free) panic(`exercise: I12 ${free - totalFreePages(k)} frames are lost by a failed add`);
  }
}

function destroy(k: Kernel, ns: NdNamespace): void {
  step(k, () => zero(destroyNamespace(k, ns)));
}

function done<T>(result: T | number): T {
  return typeof result === "number" ? panic(`exercise: errno ${result}`) : result;
}

function zero(errno: number): void {
  if (errno !== 0) panic(`exercise: errno ${errno}`);
}

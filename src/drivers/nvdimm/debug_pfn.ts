// SPDX-License-Identifier: GPL-2.0-only
// Checks a namespace's info block (I17) against the conditions it must satisfy, without repeating nd_pfn_init(). Data
// begins at the first aligned byte after the label, the info block and (map=dev) a struct page, of 64 bytes or its real
// size, for every frame after those, and ends at the last aligned byte; the altmap lies before it. debug_vm.ts knows no
// drivers, so the code that creates namespaces calls this check. Bytes.

import { panic } from "../../lib/bug.ts";
import type { Kernel } from "../../mm/kernel.ts";
import type { NdNamespace } from "./namespace.ts";

/** Bytes reserved for a struct page of any size; a kernel built for larger ones reserves their size. */
function structPageReserve(k: Kernel): number {
  return k.config.pageStructOverride && k.structPageSize > 64 ? k.structPageSize : 64;
}

/** I17: panics unless the info block of an enabled namespace has the right place of its data, and its pgmap agrees. */
export function checkInfoBlock(k: Kernel, ns: NdNamespace): void {
  const { start, end } = ns.extent;
  const { mode, align, dataoff, endTrunc, npfns } = ns.info;
  const unit = align > k.arch.compatAlignBytes ? align : k.arch.compatAlignBytes;
  let front = k.arch.infoBlockBytes;
  if (mode === "dev") front += structPageReserve(k) * Math.trunc((end - start - front) / k.pageBytes);
  const slack = dataoff - front;
  expect((start + dataoff) % unit === 0 && slack >= 0 && slack < unit, ns, `data at ${dataoff}, ${front} are taken`);
  expect((end - endTrunc) % unit === 0 && endTrunc >= 0 && endTrunc < unit, ns, `${endTrunc} cut off at the end`);
  // In some kernels the cut may reach back to the beginning of the data, which leaves none.
  const data = end - endTrunc - start - dataoff;
  expect(npfns * k.pageBytes === (data > 0 ? data : 0), ns, `${npfns} frames of data`);
  checkRange(k, ns, (start + dataoff) / k.pageBytes, (end - endTrunc) / k.pageBytes);
}

/**
 * The memmap covers the namespace and its info block, the device the data, the altmap all before it but the info block.
 */
function checkRange(k: Kernel, ns: NdNamespace, data: number, end: number): void {
  const [range] = ns.pgmap.ranges;
  expect(range.start * k.pageBytes === ns.extent.start && range.end === end, ns, "memmap of another range");
  if (ns.dev !== null) {
    const { ranges } = ns.dev;
    const there = ns.info.npfns === 0 ? ranges.length === 0 : ranges[0].start === data && ranges[0].end === end;
    expect(there, ns, "a device elsewhere");
  }
  const { altmap } = ns.pgmap;
  expect((altmap !== null) === (ns.info.mode === "dev"), ns, "an altmap that was not asked for, or none that was");
  if (altmap === null) return;
  const kept = (altmap.basePfn + altmap.reserve) * k.pageBytes - ns.extent.start;
  const spare = kept - k.arch.infoBlockBytes;
  const whole = spare >= 0 && spare < k.pageBytes && kept % k.pageBytes === 0;
  expect(whole, ns, `${kept} kept in front of the altmap`);
  expect(altmap.basePfn + altmap.reserve + altmap.free === data, ns, `an altmap of ${altmap.free} frames`);
}

function expect(holds: boolean, ns: NdNamespace, what: string): void {
  if (!holds) panic(`checkInfoBlock: I17 namespace at ${ns.extent.start} has ${what}`);
}

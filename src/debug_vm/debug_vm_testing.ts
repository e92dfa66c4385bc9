// SPDX-License-Identifier: GPL-2.0-only
// Shared by the checker's tests: a working machine, one thing damaged by hand, and the invariant that must be named.
// Only tests import this file.

import { assert, assertThrows } from "@std/assert";
import { boot } from "../boot.ts";
import { daxMmap } from "../drivers/dax/device.ts";
import type { NdNamespace } from "../drivers/nvdimm/namespace.ts";
import { KernelPanic } from "../lib/bug.ts";
import { machine, mustCreate } from "../testing.ts";
import { checkInvariants } from "./debug_vm.ts";
import type { Kernel, Mm } from "../mm/kernel.ts";
import { mmAlloc, populateArea } from "../mm/memory.ts";
import { vmemmapPage } from "../mm/page.ts";
import { flushVmemmap, vmemmapVpn, walkTo } from "../mm/pgtable.ts";

/** A machine with a namespace, by default of 16-frame compounds, whose device is mapped and touched. */
interface Victim {
  readonly k: Kernel;
  readonly ns: NdNamespace;
  readonly mm: Mm;
  /** First frame of the range, and of the device. */
  readonly start: number;
  readonly data: number;
}

/** One thing to damage, and the invariant that it breaks. */
export interface Damage {
  /** The invariant that must be named; empty for poison, which reading panics on. */
  readonly names: string;
  readonly what: string;
  readonly text?: string;
  readonly align?: number;
  readonly map?: "mem" | "dev";
  readonly size?: number;
  readonly damage: (v: Victim) => void;
}

function victim({ text, align, map, size }: Damage): Victim {
  const k = boot(machine(`kernel=v7 ${text ?? ""}`));
  const ns = mustCreate(k, { align: align ?? 4096, map: map ?? "mem", ...(size === undefined ? {} : { size }) });
  const mm = mmAlloc(k);
  assert(typeof mm !== "number");
  const unit = (align ?? 4096) / 256;
  const area = daxMmap(k, ns.dev!, mm, 1024, 2 * unit, unit);
  assert(typeof area !== "number");
  populateArea(k, area, unit);
  checkInvariants(k);
  return { k, ns, mm, start: ns.pgmap.ranges[0].start, data: ns.dev!.ranges[0].start };
}

/** Word of the PTE (or, level 1, the PMD entry) that maps a frame's struct page. */
export function memmapEntry(k: Kernel, pfn: number, level = 0): number {
  return walkTo(k, k.rootPfn, vmemmapVpn(k, vmemmapPage(k, pfn)), level);
}

/** Swaps two entries. */
export function swapEntries(k: Kernel, a: number, b: number): void {
  const { words } = k.phys;
  for (const i of [0, 1]) [words[a + i], words[b + i]] = [words[b + i], words[a + i]];
}

/** Drops every cached translation. */
export function flushAll(k: Kernel): void {
  flushVmemmap(k, 0, 10_000);
}

/** DRAM ends in the middle of a section, and the device begins there. */
export const SHARED_SECTION = "dram=1032K pmem=248K@1032K";

/** Name of the test for one damage. */
export function nameOf({ names, what }: Damage): string {
  return `checkInvariants() notices (${names || "poison"}): ${what}`;
}

/** Damages a machine and asserts that the checker names the invariant. */
export function assertNoticed(damage: Damage): void {
  const v = victim(damage);
  damage.damage(v);
  assertThrows(
    () => checkInvariants(v.k),
    KernelPanic,
    damage.names === "" ? "is poisoned" : `checkInvariants: ${damage.names} `,
  );
}

// SPDX-License-Identifier: GPL-2.0-only
// The DIMMs that were plugged into the real Linux 6.1 (fixtures/linux-6.1/hotplug.json) against the emulator's: present
// and managed pages and the span of the Normal zone after every step, as changes since the start, equal. Free pages
// carry a few pages of slab of the real machine.

import hotplug from "../../fixtures/linux-6.1/hotplug.json" with { type: "json" };
import { boot } from "../../src/boot.ts";
import { acpiMemoryEnableDevice } from "../../src/drivers/acpi/acpi_memhotplug.ts";
import { memoryBlockOffline, memoryBlockOnline } from "../../src/drivers/base/memory.ts";
import { removeMemory } from "../../src/drivers/base/memory_hotplug.ts";
import { ZONE_NORMAL } from "../../src/include/mmzone.ts";
import { checkInvariants } from "../../src/debug_vm/debug_vm.ts";
import type { Kernel } from "../../src/mm/kernel.ts";
import { totalFreePages } from "../../src/mm/page_alloc.ts";
import type { Claim } from "../claims/claim.ts";
import { onlineDelta, vmemmapPagesOf } from "../formulas/hotplug.ts";
import { latest, yes } from "../measure/measure.ts";

/** What was counted after a step: of the whole machine, and the span of its zone Normal. Pages. */
export interface Counts {
  readonly free: number;
  readonly managed: number;
  readonly present: number;
  readonly normalSpanned: number;
}

const MIB = 2 ** 20;
const BLOCK = hotplug.memoryBlockMiB * MIB;
/** Slab and per-CPU pages of the real machine. */
const NOISE = 8;

/** Claims about every run of the file. */
export function hotplugClaims(): Claim[] {
  return Object.entries(hotplug.runs).flatMap(([name, states]) => runClaims(name, states));
}

function runClaims(name: string, states: readonly (Counts & { readonly state: string })[]): Claim[] {
  const [, size, parameter] = name.split("_");
  const bytes = Number(size) * MIB;
  const on = parameter === "on";
  // A DIMM of several blocks does not qualify.
  const selfHosted = on && bytes === BLOCK;
  const steps = states.map((s) => s.state);
  const counts = () => latest(name, () => plugSteps(hotplug.dramMiB * MIB, bytes, on, steps));
  const since = (s: Counts, base: Counts, what: keyof Counts) => s[what] - base[what];
  return states.slice(1).flatMap((linux, i) => {
    const row = (what: keyof Counts, formula: number): Claim => ({
      id: `hotplug ${size} ${on ? "on" : "off"}`,
      what: `${linux.state}: ${what} since base`,
      unit: "",
      printed: String(since(linux, states[0], what)),
      formula,
      measure: () => since(counts()[i + 1], counts()[0], what),
      expected: "confirmed",
    });
    const online = steps.slice(1, i + 2).reduce(
      (n, s) => n + (s.startsWith("online") ? 1 : s === "offline48" ? -1 : 0),
      0,
    );
    const { present, managed } = onlineDelta(BLOCK, selfHosted);
    const memmap = selfHosted || linux.state === "removed" ? 0 : vmemmapPagesOf(bytes);
    const free = since(linux, states[0], "free");
    return [
      row("present", online * present),
      row("managed", online * managed),
      row("normalSpanned", online * present),
      {
        id: `hotplug ${size} ${on ? "on" : "off"}`,
        what: `${linux.state}: free since base, exactly`,
        unit: "",
        formula: online * managed - memmap,
        measure: () => since(counts()[i + 1], counts()[0], "free"),
        expected: "equal",
      },
      {
        ...row("free", online * managed - memmap),
        what: `${linux.state}: free within ${NOISE} (1 yes)`,
        printed: "1",
        formula: yes(Math.abs(free - (online * managed - memmap)) <= NOISE),
        measure: () => yes(Math.abs(free - since(counts()[i + 1], counts()[0], "free")) <= NOISE),
      },
    ];
  });
}

/** Does on the emulator what a run of hotplug.json does, and counts after every step. Bytes. */
export function plugSteps(dram: number, bytes: number, on: boolean, steps: readonly string[]): Counts[] {
  const k = boot({ dram: [dram], hotplug: [{ bytes }], memmapOnMemory: on });
  const start = k.machine.topology.hotplug[0].start * k.pageBytes;
  return steps.map((step) => {
    const block = k.hotplug.blocks.get(Number(step.replace(/\D+/, "")));
    const err = step === "added"
      ? acpiMemoryEnableDevice(k, 0, start, bytes)
      : step === "removed"
      ? removeMemory(k, start, bytes)
      : block === undefined
      ? 0
      : step.startsWith("online")
      ? memoryBlockOnline(k, block, "online")
      : memoryBlockOffline(k, block);
    if (err < 0 || (block === undefined && /\d/.test(step))) throw new Error(`verify: ${step} fails with ${err}`);
    checkInvariants(k);
    return countsOf(k);
  });
}

function countsOf(k: Kernel): Counts {
  const { zones } = k.nodes[0];
  return {
    free: totalFreePages(k),
    managed: zones.reduce((sum, z) => sum + z.managed, 0),
    present: zones.reduce((sum, z) => sum + z.present, 0),
    normalSpanned: zones[ZONE_NORMAL].spanned,
  };
}

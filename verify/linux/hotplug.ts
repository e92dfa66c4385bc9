// SPDX-License-Identifier: GPL-2.0-only
// DIMMs plugged into real machines (hotplug.json): present and managed pages, the span of the Normal zone and free
// pages after every step, as changes since the start. Slab counts as free, since the emulator has none.

import { acpiMemoryEnableDevice } from "../../src/drivers/acpi/acpi_memhotplug.ts";
import { memoryBlockOffline, memoryBlockOnline } from "../../src/drivers/base/memory.ts";
import { removeMemory } from "../../src/drivers/base/memory_hotplug.ts";
import { SZ_1M } from "../../src/include/sizes.ts";
import { meminfo } from "../../src/inspect/meminfo.ts";
import { checkInvariants } from "../../src/debug_vm/debug_vm.ts";
import { onlineDelta, vmemmapPagesOf } from "../formulas/hotplug.ts";
import { latest } from "../measure/measure.ts";
import type { Capture, CapturedMachine } from "./captures.ts";
import { isSince } from "./capture/release.ts";
import { counterOf } from "./capture/zoneinfo.ts";
import type { CapturedRow, Fields } from "./row.ts";
import { bootCaptured, countsOf, since } from "./emulated.ts";

/** Counts after a step: of the whole machine, and the span of its zone Normal. Pages. */
interface Counts {
  readonly free: number;
  readonly managed: number;
  readonly present: number;
  readonly normalSpanned: number;
}

/** The same from the emulator, with MemTotal in kB. */
interface Emulated extends Counts {
  readonly memTotal: number;
}

interface Step extends Counts {
  readonly state: string;
  /** Changes since the previous step; absent if the harness did not record them. */
  readonly delta?: Delta;
}

/** MemTotal of /proc/meminfo in kB, slab in pages. */
interface Delta {
  readonly free: number;
  readonly managed: number;
  readonly present: number;
  readonly normal_spanned: number;
  readonly MemTotal_kB: number;
  readonly slab: number;
}

/** Noise of free pages, the largest seen: with slab accounted for, and where slab was not read. */
const NOISE = 16;
const NOISE_WITH_SLAB = 24;
const FIELDS = ["free", "managed", "present", "normalSpanned"] as const;

/** Rows of a capture: every step since the start, and each step alone if the harness recorded its changes. */
export function hotplugRows(capture: Capture): CapturedRow[] {
  const { runs, memoryBlockMiB } = capture.data as {
    readonly runs: Readonly<Record<string, readonly Step[]>>;
    readonly memoryBlockMiB: number;
  };
  return Object.entries(runs).flatMap(([name, states]) => runRows(capture, memoryBlockMiB * SZ_1M, name, states));
}

function runRows(
  { machine, folder, release }: Capture,
  block: number,
  name: string,
  states: readonly Step[],
): CapturedRow[] {
  const [, size, parameter] = name.split("_");
  const bytes = Number(size) * SZ_1M;
  const on = parameter !== "off";
  const steps = states.map((s) => s.state);
  const counts = () => latest(`${folder} ${name}`, () => plugSteps(machine, bytes, on, steps));
  // Since 6.8 every block of a DIMM holds its own memmap; before, a DIMM of several holds none.
  const selfHosted = on && (isSince(release, "6.8") || bytes === block);
  const sinceStart = states.slice(1).map((linux, i) => {
    const blocks = onlineBlocks(steps.slice(1, i + 2));
    const online = blocks.length;
    const { present, managed } = onlineDelta(block, selfHosted);
    const memmap = selfHosted || linux.state === "removed" ? 0 : vmemmapPagesOf(bytes);
    return {
      name: `${size}M ${parameter} ${linux.state}`,
      linux: since(FIELDS, withSlab(states.slice(0, i + 2)), states[0]),
      formula: {
        free: online * managed - memmap,
        managed: online * managed,
        present: online * present,
        // The zone ends with the last online block, even after holes.
        normalSpanned: online === 0 ? 0 : (Math.max(...blocks) - firstBlock(steps) + 1) * present,
      },
      emulate: () => since(FIELDS, counts()[i + 1], counts()[0]),
      noise: { free: linux.delta === undefined ? NOISE_WITH_SLAB : NOISE },
    };
  });
  const alone = states.slice(1).flatMap(({ state, delta }, i) =>
    delta === undefined ? [] : [{
      name: `${size}M ${parameter} ${state}, by itself`,
      linux: changeOf(delta),
      emulate: () => stepChange(counts()[i + 1], counts()[i]),
      noise: { free: NOISE },
    }]
  );
  return [...sinceStart, ...alone];
}

/** Changes by a step, slab as free. */
function changeOf({ slab, free, managed, present, normal_spanned, MemTotal_kB }: Delta): Fields {
  return { managed, present, normal_spanned, MemTotal_kB, free: free + slab };
}

/** Numbers of the blocks that are online after these steps. */
function onlineBlocks(steps: readonly string[]): number[] {
  const online = new Set<number>();
  for (const step of steps) {
    const number = blockOf(step);
    if (step.startsWith("online")) online.add(number);
    else if (step.startsWith("offline")) online.delete(number);
  }
  return [...online];
}

/** The number of the DIMM's first block, which the steps put online first. */
function firstBlock(steps: readonly string[]): number {
  return blockOf(steps.find((step) => step.startsWith("online"))!);
}

function blockOf(step: string): number {
  return Number(step.replace(/\D+/, ""));
}

/**
 * The last of some steps, with changes in slab since the first counted as free: memory block devices come from slab,
 * and a block that goes offline shrinks it.
 */
function withSlab(steps: readonly Step[]): Counts {
  const last = steps[steps.length - 1];
  const slab = steps.slice(1).reduce((sum, { delta }) => sum + (delta?.slab ?? 0), 0);
  return { ...last, free: last.free + slab };
}

/** The same fields from the emulator, which has no slab. */
function stepChange(now: Emulated, before: Emulated): Fields {
  const { free, managed, present, normalSpanned } = since(FIELDS, now, before);
  const MemTotal_kB = now.memTotal - before.memTotal;
  return { managed, present, normal_spanned: normalSpanned, MemTotal_kB, free };
}

/** Repeats a run of hotplug.json on the emulator, with counts after every step. Bytes. */
function plugSteps(machine: CapturedMachine, bytes: number, on: boolean, steps: readonly string[]): Emulated[] {
  const k = bootCaptured(machine, { pmem: [], hotplug: [{ bytes }], memmapOnMemory: on, contents: true });
  const start = k.machine.topology.hotplug[0].start * k.pageBytes;
  return steps.map((step) => {
    const block = k.hotplug.blocks.get(blockOf(step));
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
    return { ...countsOf(k), memTotal: counterOf(meminfo(k), "MemTotal") };
  });
}

// SPDX-License-Identifier: GPL-2.0-only
// A dax device turned into System RAM on a captured machine (kmem.json), with and without memmap on memory by the
// device attribute: zones and free pages after it was added and after each block that went online.

import { devDaxRemove } from "../../src/drivers/dax/device.ts";
import { devDaxKmemProbe, memmapOnMemoryStore } from "../../src/drivers/dax/kmem.ts";
import { memoryBlockOnline } from "../../src/drivers/base/memory.ts";
import { ENOENT, errnoName } from "../../src/include/errno.ts";
import { ndRegions } from "../../src/drivers/nvdimm/region.ts";
import { checkInvariants } from "../../src/debug_vm/debug_vm.ts";
import type { Kernel } from "../../src/mm/kernel.ts";
import { totalFreePages } from "../../src/mm/page_alloc.ts";
import { C } from "../../src/mm/vmstat.ts";
import { onlineDelta } from "../formulas/hotplug.ts";
import { latest } from "../measure/measure.ts";
import { parseNamespaceSpec } from "./capture/namespace_spec.ts";
import type { Capture, CapturedMachine } from "./captures.ts";
import { bootCaptured, mustCreate } from "./emulated.ts";
import { nrMemmapPages } from "./namespaces.ts";
import type { CapturedRow, Fields } from "./row.ts";

interface State {
  readonly state: string;
  readonly free: number;
  readonly managed: number;
  readonly present: number;
  /** nr_memmap_pages and nr_memmap_boot_pages; null if the kernel does not count them. */
  readonly memmap: { readonly pages: number; readonly bootPages: number } | null;
}

interface Run {
  /** The device attribute memmap_on_memory; null if there is none. */
  readonly attribute: string | null;
  /** Why it was not set; absent if it was. */
  readonly error?: string;
  readonly blocks: readonly number[];
  readonly idleSpread: number;
  readonly states: readonly State[];
}

const BLOCK = 2 ** 27;
/** Slab of memory blocks and device objects, in addition to an idle guest's fluctuation. */
const NOISE = 64;

/** Rows of a capture: one per state, against the state before the driver changed. */
export function kmemRows({ data, machine, folder }: Capture): CapturedRow[] {
  const { namespace, runs } = data as { readonly namespace: string; readonly runs: Readonly<Record<string, Run>> };
  return Object.entries(runs).flatMap(([asked, run]) => {
    const steps = run.states.map(({ state }) => state);
    const emulated = () => latest(`kmem ${folder} ${asked}`, () => emulate(machine, namespace, asked, steps));
    const selfHosted = run.attribute === "1";
    const { present, managed } = onlineDelta(BLOCK, selfHosted);
    return run.states.slice(1).map((state, i) => ({
      name: `memmap_on_memory ${asked}, ${state.state}`,
      linux: { ...since(state, run.states[0]), blocks: run.blocks, attribute: run.attribute, error: run.error ?? null },
      formula: { managed: i * managed, present: i * present },
      emulate: () => {
        const { states, ...rest } = emulated();
        return { ...since(states[i + 1], states[0]), ...rest };
      },
      noise: { free: NOISE + run.idleSpread },
    }));
  });
}

function since(now: State, base: State): Fields {
  const { free, managed, present } = now;
  const counts = { free: free - base.free, managed: managed - base.managed, present: present - base.present };
  return now.memmap === null || base.memmap === null ? counts : {
    ...counts,
    memmapPages: now.memmap.pages - base.memmap.pages,
    bootPages: now.memmap.bootPages - base.memmap.bootPages,
  };
}

/** `asked` is the value of the attribute; "1 with N" has the module parameter off. */
function emulate(machine: CapturedMachine, namespace: string, asked: string, steps: readonly string[]) {
  const k = bootCaptured(machine, { memmapOnMemory: !asked.endsWith(" with N"), contents: true });
  const { dev } = mustCreate(k, ndRegions(k)[0], parseNamespaceSpec(namespace));
  const states = [countsOf(k, steps[0])];
  const old = new Set(k.hotplug.blocks.keys());
  let err = devDaxRemove(k, dev!);
  const stored = memmapOnMemoryStore(k, dev!, asked.startsWith("1"));
  const attribute = stored === -ENOENT ? null : dev!.memmapOnMemory ? "1" : "0";
  if (err === 0) err = devDaxKmemProbe(k, dev!);
  const added = [...k.hotplug.blocks.keys()].filter((block) => !old.has(block)).sort((a, b) => a - b);
  states.push(countsOf(k, steps[1]));
  for (const [i, step] of steps.slice(2).entries()) {
    if (err === 0) err = memoryBlockOnline(k, k.hotplug.blocks.get(added[i])!, "online_movable");
    states.push(countsOf(k, step));
  }
  if (err < 0) throw new Error(`Cannot make System RAM of ${namespace}: ${err}`);
  checkInvariants(k);
  const error = stored === 0 || attribute === null ? null : errnoName(stored);
  return { states, blocks: added, attribute, error };
}

function countsOf(k: Kernel, state: string): State {
  const sum = (key: "managed" | "present") => k.nodes[0].zones.reduce((total, zone) => total + zone[key], 0);
  const memmap = { pages: nrMemmapPages(k), bootPages: k.stat[C.nrMemmapBootPages] };
  return { state, free: totalFreePages(k), managed: sum("managed"), present: sum("present"), memmap };
}

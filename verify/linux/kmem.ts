// SPDX-License-Identifier: GPL-2.0-only
// A dax device turned into System RAM on a captured machine (kmem.json), with and without memmap on memory by the
// device attribute: zones and free pages after it was added and after each block that went online.

import { devDaxRemove } from "../../src/drivers/dax/device.ts";
import { devDaxKmemProbe, memmapOnMemoryStore } from "../../src/drivers/dax/kmem.ts";
import { memoryBlockOnline } from "../../src/drivers/base/memory.ts";
import { ENOENT, errnoName } from "../../src/include/errno.ts";
import { ndRegions } from "../../src/drivers/nvdimm/region.ts";
import { checkInvariants } from "../../src/debug_vm/debug_vm.ts";
import { onlineDelta } from "../formulas/hotplug.ts";
import { latest } from "../measure/measure.ts";
import { parseNamespaceSpec } from "./capture/namespace_spec.ts";
import type { Capture, CapturedMachine } from "./captures.ts";
import { bootCaptured, countsOf, type MemmapCounters, mustCreate, since } from "./emulated.ts";
import type { CapturedRow } from "./row.ts";

interface Counts {
  readonly free: number;
  readonly managed: number;
  readonly present: number;
  readonly memmap: MemmapCounters;
}

interface Run {
  /** The device attribute memmap_on_memory; null if there is none. */
  readonly attribute: string | null;
  /** Why it was not set; absent if it was. */
  readonly error?: string;
  readonly blocks: readonly number[];
  readonly idleSpread: number;
  readonly states: readonly (Counts & { readonly state: string })[];
}

const BLOCK = 2 ** 27;
/** Slab of memory blocks and device objects, in addition to an idle guest's fluctuation. */
const NOISE = 64;
const FIELDS = ["free", "managed", "present"] as const;

/** Rows of a capture: one per state, against the state before the driver changed. */
export function kmemRows({ data, machine, folder }: Capture): CapturedRow[] {
  const { namespace, runs } = data as { readonly namespace: string; readonly runs: Readonly<Record<string, Run>> };
  return Object.entries(runs).flatMap(([asked, run]) => {
    const emulated = () =>
      latest(`kmem ${folder} ${asked}`, () => emulate(machine, namespace, asked, run.states.length - 2));
    const selfHosted = run.attribute === "1";
    const { present, managed } = onlineDelta(BLOCK, selfHosted);
    return run.states.slice(1).map((state, i) => ({
      name: `memmap_on_memory ${asked}, ${state.state}`,
      linux: {
        ...since(FIELDS, state, run.states[0]),
        blocks: run.blocks,
        attribute: run.attribute,
        error: run.error ?? null,
      },
      formula: { managed: i * managed, present: i * present },
      emulate: () => {
        const { states, ...rest } = emulated();
        return { ...since(FIELDS, states[i + 1], states[0]), ...rest };
      },
      noise: { free: NOISE + run.idleSpread },
    }));
  });
}

/** `asked` is the value of the attribute; "1 with N" has the module parameter off. */
function emulate(machine: CapturedMachine, namespace: string, asked: string, online: number) {
  const k = bootCaptured(machine, { memmapOnMemory: !asked.endsWith(" with N"), contents: true });
  const { dev } = mustCreate(k, ndRegions(k)[0], parseNamespaceSpec(namespace));
  const states = [countsOf(k)];
  const old = new Set(k.hotplug.blocks.keys());
  let err = devDaxRemove(k, dev!);
  const stored = memmapOnMemoryStore(k, dev!, asked.startsWith("1"));
  const attribute = stored === -ENOENT ? null : dev!.memmapOnMemory ? "1" : "0";
  if (err === 0) err = devDaxKmemProbe(k, dev!);
  const added = [...k.hotplug.blocks.keys()].filter((block) => !old.has(block)).sort((a, b) => a - b);
  states.push(countsOf(k));
  for (const block of added.slice(0, online)) {
    if (err === 0) err = memoryBlockOnline(k, k.hotplug.blocks.get(block)!, "online_movable");
    states.push(countsOf(k));
  }
  if (err < 0) throw new Error(`Cannot make System RAM of ${namespace}: ${err}`);
  checkInvariants(k);
  const error = stored === 0 || attribute === null ? null : errnoName(stored);
  return { states, blocks: added, attribute, error };
}

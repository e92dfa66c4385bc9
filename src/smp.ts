// SPDX-License-Identifier: GPL-2.0-only
// Bringing up another CPU in a worker of its own (kernel/smp.c, start_secondary): the memory of the machine is shared,
// so struct pages, page tables and counts are the same bytes; the CPU has its own TLB and its own per-CPU counters.
// What Linux keeps in shared kernel objects is kept in JS objects here and copied when the CPU joins:
//
//   shared     bytes of all frames, which slot each frame has
//   per CPU    TLB, work counters, references gup gave out, its part of each pgmap's reference count (percpu_ref)
//   frozen     pgmaps and their ranges, the slot map: nothing may come up or go down, nor be faulted in, meanwhile
//
// So a CPU that has joined can run gup on what is mapped, but cannot allocate (its zones are empty).

import { ARCHS } from "./arch/archs.ts";
import { startKernel, useKernelTable } from "./boot.ts";
import type { DevPagemap, PfnRange } from "./include/memremap.ts";
import type { KernelConfig } from "./include/kernel_config.ts";
import type { MachineSpec } from "./machine/machine.ts";
import type { SharedBytes } from "./machine/phys_mem.ts";
import type { Kernel, Mm } from "./mm/kernel.ts";

/** Everything a worker needs to join; can be sent by postMessage(). */
export interface SmpTicket {
  readonly spec: MachineSpec;
  readonly bytes: SharedBytes;
  readonly arch: string;
  readonly config: KernelConfig;
  readonly contents: boolean;
  readonly rootPfn: number;
  readonly pgmaps: readonly { readonly range: PfnRange; readonly pgmap: DevPagemap }[];
}

/** Counts of a CPU since it joined, to be added up. */
export interface CpuBooks {
  readonly stat: Float64Array;
  readonly gupRefs: number;
  readonly gupPins: number;
  /** References on pgmaps taken and not returned. */
  readonly pgmapRefs: number;
}

/** A ticket for a running machine. RangeError unless it has shared memory and an architecture known by name. */
export function smpTicket(k: Kernel): SmpTicket {
  if (ARCHS[k.arch.name] !== k.arch) {
    throw new RangeError(`Cannot share the machine: architecture "${k.arch.name}", expected one of ARCHS`);
  }
  return {
    spec: k.machine.spec,
    bytes: k.phys.share(),
    arch: k.arch.name,
    config: k.config,
    contents: k.contents,
    rootPfn: k.rootPfn,
    pgmaps: k.pgmaps.entries.map(({ range, pgmap }) => ({ range, pgmap: { ...pgmap, refs: 0 } })),
  };
}

/** `start_secondary`: the machine as CPU `id` sees it. */
export function joinMachine(ticket: SmpTicket, id: number): Kernel {
  const options = { contents: ticket.contents };
  const k = startKernel(ticket.spec, ARCHS[ticket.arch], ticket.config, options, ticket.bytes);
  k.cpu = k.machine.cpus[id];
  k.memblock = null;
  useKernelTable(k, ticket.rootPfn);
  for (const { range, pgmap } of ticket.pgmaps) k.pgmaps.store(range, pgmap);
  return k;
}

/** A process of the machine, by its root table; it has no areas here, so it cannot serve faults. */
export function joinMm(rootPfn: number): Mm {
  return { rootPfn, areas: [] };
}

/** The counts of a CPU that joined. */
export function cpuBooks(k: Kernel): CpuBooks {
  const pgmaps = new Set(k.pgmaps.entries.map(({ pgmap }) => pgmap));
  const pgmapRefs = [...pgmaps].reduce((sum, pgmap) => sum + pgmap.refs, 0);
  return { stat: k.stat, gupRefs: k.gupRefs, gupPins: k.gupPins, pgmapRefs };
}

// SPDX-License-Identifier: GPL-2.0-only
// The machine: memory map, memory, CPUs. Machine holds what all CPUs share, Cpu what belongs to one (its MMU and its
// number). Kernel state is in mm/kernel.ts.

import type { PgtableFormat } from "../include/pgtable_format.ts";
import { alignUp } from "../lib/align.ts";
import { Mmu } from "./mmu.ts";
import { PhysMem, type SharedBytes } from "./phys_mem.ts";
import { layoutTopology, type Topology, type TopologySpec } from "./topology.ts";

/** One CPU. */
export interface Cpu {
  readonly id: number;
  readonly mmu: Mmu;
  /** Head whose struct page this CPU updated last; -1 for none. */
  nearHead: number;
  /** Word range of memory where it last read tails. */
  nearTails: number;
  nearTailsEnd: number;
}

/** Everything needed to build a machine. */
export interface MachineSpec extends TopologySpec {
  readonly format: PgtableFormat;
  /** sizeof(struct page) of the kernel that will run. */
  readonly structPageSize: number;
  /** Bytes of a memory section, all of which has memmap. */
  readonly sectionBytes: number;
  readonly cpus: number;
  /** Memory is in a SharedArrayBuffer and refcounts use Atomics (SMP with workers). */
  readonly shared: boolean;
  /** Poison freed memory, to expose stale references. */
  readonly debug: boolean;
  /** Limit of host memory for the metadata, in bytes. */
  readonly hostMemoryBytes: number;
}

/** A built machine, not booted yet. */
export interface Machine {
  readonly spec: MachineSpec;
  readonly topology: Topology;
  readonly phys: PhysMem;
  readonly cpus: readonly Cpu[];
}

/**
 * Builds the machine: lays out memory, reserves the backing store, starts the CPUs with empty TLBs. With `from` it is
 * the same machine seen from another worker: the spec must be equal, the memory is shared.
 */
export function buildMachine(spec: MachineSpec, from?: SharedBytes): Machine {
  const topology = layoutTopology(spec);
  const phys = new PhysMem(
    topology.maxPfn,
    spec.format.tableShift,
    spec.pageBytes,
    Math.min(spec.hostMemoryBytes, mostMetadataBytes(spec, topology)),
    spec.shared,
    spec.debug,
    from,
  );
  const memmapBytes = alignUp(topology.maxPfn, spec.sectionBytes / spec.pageBytes) * spec.structPageSize;
  const vmemmapPages = Math.ceil(memmapBytes / spec.pageBytes);
  const cpus = Array.from({ length: spec.cpus }, (_, id) => ({
    id,
    mmu: new Mmu(phys, spec.format, vmemmapPages, topology.pmem),
    nearHead: -1,
    nearTails: -1,
    nearTailsEnd: -1,
  }));
  return { spec, topology, phys, cpus };
}

/**
 * The most metadata this machine can hold: memmap of every frame, its tables, and user tables that map all pmem by base
 * pages. Doubled, because freed slots may be fragmented; it is reserved address space, not memory.
 */
function mostMetadataBytes(spec: MachineSpec, topology: Topology): number {
  const pmem = [...topology.hotplug, ...topology.pmem].reduce((sum, r) => sum + r.end - r.start, 0);
  const dram = topology.dram.reduce((sum, r) => sum + r.end - r.start, 0);
  const entry = 8;
  return 2 * (dram + pmem) * (spec.structPageSize + entry) + 64 * spec.pageBytes * 2 ** spec.format.tableShift;
}

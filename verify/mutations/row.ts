// SPDX-License-Identifier: GPL-2.0-only
// A row of the table of mutations: the machine that shows the defect, how the defect gets in, and what must notice it.

import type { Arch } from "../../src/arch/arch.ts";
import type { BootOptions } from "../../src/boot.ts";
import type { NamespaceRequest } from "../../src/drivers/nvdimm/namespace.ts";
import { type Errata, type KernelConfig, NO_ERRATA, PRESETS } from "../../src/include/kernel_config.ts";
import type { Kernel } from "../../src/mm/kernel.ts";
import { type Edit, MUTATIONS } from "./edits.ts";
import type { World } from "./mutant.ts";

/** An exercise of a kernel. */
export type Live = (world: World, k: Kernel) => void;

export interface MutationRow {
  /** Name, number of the historical bug if it was one, and effect. */
  readonly name: string;
  readonly bug: string;
  readonly what: string;
  readonly machine: BootOptions;
  /** The exercise it is tried with. */
  readonly live: Live;
  /** How the defect gets in: by an edit, the architecture, the configuration, or a patch of the booted machine. */
  readonly edits?: readonly Edit[];
  readonly arch?: Arch;
  readonly config?: Partial<KernelConfig>;
  readonly patch?: (k: Kernel) => void;
  /** The exercise with the defect, if the defect is an order of its steps. */
  readonly mutant?: Live;
  /** The invariant it breaks, and a pattern of the message that notices it; default its number. */
  readonly invariant: string;
  readonly notices?: RegExp;
}

export const MEM: NamespaceRequest = { size: 2 ** 15 + 2 ** 12, align: 4096, map: "mem" };
export const DEV: NamespaceRequest = { size: 2 ** 16, align: 4096, map: "dev" };
export const PUD: NamespaceRequest = { size: 2 ** 17, align: 2 ** 16, map: "mem" };
/** Whole sections: with struct pages of 80 bytes, the memmaps of two of them share a leaf. */
export const SECTIONS: NamespaceRequest = { size: 2 ** 15, align: 4096, map: "mem" };
export const SMALL: NamespaceRequest = { size: 2 ** 14, align: 256, map: "mem" };
/** The default namespaces. */
const ALL: readonly NamespaceRequest[] = [PUD, MEM, DEV];

export function devices(...requests: NamespaceRequest[]): Live {
  return ({ exercise }, k) => exercise(k, requests);
}

export const plugged: Live = ({ plugExercise }, k) => plugExercise(k);
export const fullNode: Live = ({ fullNodeExercise }, k) => fullNodeExercise(k);
export const pooled: Live = ({ poolExercise }, k) => poolExercise(k);

/** A toy kernel without errata. */
export function toy(preset: string, more: Partial<KernelConfig> = {}, options: BootOptions = {}): BootOptions {
  const kernel = { ...PRESETS[preset], errata: NO_ERRATA, ...more };
  return { arch: "toy", dram: [2 ** 16], pmem: [{ bytes: 2 ** 18 }], cpus: 2, debug: true, kernel, ...options };
}

/** pmem that begins in the last section of DRAM. */
export const IN_BOOT_SECTION: BootOptions = {
  dram: [2 ** 16 - 2 ** 13],
  pmem: [{ bytes: 2 ** 18, startBytes: 2 ** 16 - 2 ** 13 }],
};
/** Room for memory blocks that can hold their own memmap. */
export const PLUG: BootOptions = { hotplug: [{ bytes: 2 ** 16 }], memmapOnMemory: true };
export const PLUGGED = { machine: toy("6.1", {}, PLUG), live: plugged };
export const POOLED = { machine: toy("v7", {}, { hugetlbFreeVmemmap: true }), live: pooled };
/** pmem whose memmap, with struct pages of 80 bytes, begins inside a leaf. */
export const IN_LEAF: BootOptions = { pmem: [{ bytes: 2 ** 18, startBytes: 2 ** 16 + 2 ** 14 }] };
/** pmem whose memmap begins a top-level entry of its own. */
export const FAR: BootOptions = { pmem: [{ bytes: 2 ** 18, startBytes: 2 ** 22 }] };

/** Differences from the defaults: the sound kernel is v7, or v4 for an erratum, and runs all namespaces. */
type Row = Pick<MutationRow, "invariant"> & Partial<MutationRow>;

export function erratum(name: keyof Errata, bug: string, what: string, row: Row): MutationRow {
  return object(name, bug, what, { machine: toy("v4"), config: { errata: { ...NO_ERRATA, [name]: true } }, ...row });
}

export function mutation(name: keyof typeof MUTATIONS, bug: string, row: Row): MutationRow {
  const { what, edits } = MUTATIONS[name];
  return object(name, bug, what, { edits, ...row });
}

export function object(name: string, bug: string, what: string, row: Row): MutationRow {
  return { name, bug, what, machine: toy("v7"), live: devices(...ALL), ...row };
}

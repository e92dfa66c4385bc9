// SPDX-License-Identifier: GPL-2.0-only
// One machine as its own files describe it, joined from everything that was read. Bytes and physical addresses; `end`
// is exclusive. Mirrors no kernel file.

import type { AddressRange } from "../scenario/address_range.ts";
import type { Note, Place } from "./facts.ts";

/** Memory present at boot. */
export interface BoxDram extends AddressRange {
  /** Node it belongs to. */
  readonly node: number;
}

/** A namespace of a region. */
export interface BoxNamespace extends Place {
  /** Its name, `namespace0.0`. */
  readonly dev: string;
  /** Its region's name. */
  readonly region: string;
  /** `fsdax`, `devdax`, `sector`, `raw`. */
  readonly mode: string;
  /** Where its memmap lies; null if it has none. */
  readonly map: "mem" | "dev" | null;
  /** Page size it was made for. */
  readonly alignBytes: number;
  /** First byte. If the region's address is unknown, it is assumed to follow the DRAM. */
  readonly start: number;
  /** All of its bytes, info block and reserve included. */
  readonly sizeBytes: number;
  /** Usable bytes according to ndctl; null if that was rounded, or without an info block. */
  readonly usableBytes: number | null;
  /** Whether `sizeBytes` is known, not derived from the usable bytes. */
  readonly sizeKnown: boolean;
  /** Node of its memmap. */
  readonly node: number;
  /** Its character device, `dax0.0`; null if there is none. */
  readonly chardev: string | null;
  /** Whether it is disabled now, so that it has no struct pages. */
  readonly disabled: boolean;
}

/** A region and what is in it. */
export interface BoxRegion {
  /** Its name, `region0`. */
  readonly dev: string;
  /** First byte; null if unknown. */
  readonly start: number | null;
  /** All of its bytes. */
  readonly sizeBytes: number;
  /** What namespaces must be multiples of. */
  readonly alignBytes: number;
  /** Node it is near. */
  readonly node: number;
  /** Namespaces by name. */
  readonly namespaces: readonly BoxNamespace[];
}

/** Memory that was added after boot: a DAX device that is System RAM, DIMMs, or what virtio_mem plugged. */
export interface BoxRam {
  /** The device, `dax0.0`; without one the memory blocks, `memory32-63`. */
  readonly dev: string;
  /** Who added it. */
  readonly by: "kmem" | "DIMM" | "virtio_mem";
  /** Its bytes, range by range. */
  readonly ranges: readonly AddressRange[];
  /** Node its memory belongs to. */
  readonly node: number;
  /** Its namespace; null if it has none (CXL, soft-reserved memory, DIMMs). */
  readonly namespace: string | null;
  /** Zone its blocks are in; null if unknown. */
  readonly zone: string | null;
  /** Whether its blocks hold their own memmap, according to lsmem; null if unknown. */
  readonly selfHosted: boolean | null;
}

/** A pool of huge pages. */
export interface BoxPool extends Place {
  /** Bytes of one page. */
  readonly sizeBytes: number;
  /** How many, on all nodes. */
  readonly count: number;
  /** How many by node; empty if unknown. */
  readonly byNode: readonly { readonly node: number; readonly count: number }[];
}

/** Statements that cannot all be true. */
export interface Contradiction {
  /** What they say. */
  readonly text: string;
  /** Where. */
  readonly places: readonly Place[];
}

/** The kernel's release and parameters. */
export interface BoxKernel {
  /** `6.1.0-99-amd64`; null if unknown. */
  readonly release: string | null;
  /** The nearest emulated kernel. */
  readonly preset: string;
  /** The emulated architecture. */
  readonly arch: string;
  /** hugetlb_free_vmemmap=on; null if unknown. */
  readonly hugetlbFreeVmemmap: boolean | null;
  /** memory_hotplug.memmap_on_memory; null if unknown. */
  readonly memmapOnMemory: boolean | "force" | null;
  /** Size of a memory block. */
  readonly blockBytes: number;
}

/** One machine. */
export interface Box {
  /** Its kernel. */
  readonly runningKernel: BoxKernel;
  /** Memory at boot, in ascending order. */
  readonly dram: readonly BoxDram[];
  /** Regions of persistent memory. */
  readonly regions: readonly BoxRegion[];
  /** Memory that was added after boot. */
  readonly ram: readonly BoxRam[];
  /** Pools of huge pages. */
  readonly pools: readonly BoxPool[];
  /** Figures that the machine printed about its memmap, to be compared with the emulator's. */
  readonly statements: readonly BoxFigure[];
  /** Statements that contradict each other. */
  readonly contradictions: readonly Contradiction[];
  /** What is damaged, could not be read, or was assumed. */
  readonly notes: readonly Note[];
}

/** A figure that the emulator can count as well. */
export interface BoxFigure extends Place {
  /** What it counts. */
  readonly what:
    | "usable"
    | "dax-start"
    | "blocks"
    | "block-range"
    | "truncated"
    | "too-small"
    | "spanned"
    | "initialised"
    | "memmap"
    | "freed";
  /** The namespace, device, zone or page size. */
  readonly of: string;
  /** The figure. */
  readonly value: number;
  /** How far a rounded figure may be off. */
  readonly slack: number;
}

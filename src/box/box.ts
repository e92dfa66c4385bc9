// SPDX-License-Identifier: GPL-2.0-only
// One machine as its own files describe it, joined from everything that was read. Bytes and physical addresses; `end`
// is exclusive. Mirrors no kernel file.

import type { AddressRange } from "../scenario/address_range.ts";
import type { Note, Place } from "./facts.ts";

/** Memory that was there at boot. */
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
  /** Where its memmap lies; null when it has none. */
  readonly map: "mem" | "dev" | null;
  /** Page size it was made for. */
  readonly alignBytes: number;
  /** First byte; where nothing says where the region lies, as if that were the next free place behind the DRAM. */
  readonly start: number;
  /** All of its bytes, info block and reserve included. */
  readonly sizeBytes: number;
  /** What ndctl says its users get; null where that was rounded, or there is no info block. */
  readonly usableBytes: number | null;
  /** Whether the whole size is known from elsewhere, not worked out from what its users get. */
  readonly sizeKnown: boolean;
  /** Node of its memmap. */
  readonly node: number;
  /** Its character device, `dax0.0`; null when there is none. */
  readonly chardev: string | null;
  /** Nobody uses it now, so it has no struct pages. */
  readonly disabled: boolean;
}

/** A region and what is in it. */
export interface BoxRegion {
  /** Its name, `region0`. */
  readonly dev: string;
  /** First byte; null when nothing says where. */
  readonly start: number | null;
  /** All of its bytes. */
  readonly sizeBytes: number;
  /** What namespaces must be multiples of. */
  readonly alignBytes: number;
  /** Node it is near to. */
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
  /** Its namespace; null when it has none (CXL, soft-reserved memory, DIMMs). */
  readonly namespace: string | null;
  /** Zone its blocks are in; null when nothing says. */
  readonly zone: string | null;
  /** Whether its blocks hold their own memmap, as lsmem says; null when nothing says. */
  readonly selfHosted: boolean | null;
}

/** A pool of huge pages. */
export interface BoxPool extends Place {
  /** Bytes of one page. */
  readonly sizeBytes: number;
  /** How many, on all nodes. */
  readonly count: number;
  /** How many by node; empty when nothing says. */
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
  /** `6.1.0-99-amd64`; null when nothing says. */
  readonly release: string | null;
  /** The emulated kernel that is nearest. */
  readonly preset: string;
  /** The emulated architecture. */
  readonly arch: string;
  /** hugetlb_free_vmemmap=on; null when nothing says. */
  readonly hugetlbFreeVmemmap: boolean | null;
  /** memory_hotplug.memmap_on_memory; null when nothing says. */
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
  /** What does not fit together. */
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
  /** Of which namespace, device, zone or page size. */
  readonly of: string;
  /** The figure. */
  readonly value: number;
  /** How far a rounded figure may be off. */
  readonly slack: number;
}

// SPDX-License-Identifier: GPL-2.0-only
// The checker checked: each case damages one thing by hand, and the checker must name the invariant it breaks. An
// invariant that no damage trips is not known to work.

import { assert, assertThrows } from "@std/assert";
import { boot } from "../boot.ts";
import { daxMmap } from "../drivers/dax/device.ts";
import type { NdNamespace } from "../drivers/nvdimm/namespace.ts";
import { USE_PINNED, USE_PTE_TABLE, USE_USER_TABLE, USE_VMEMMAP } from "../include/frame_use.ts";
import {
  PAGE_COMPOUND_HEAD,
  PAGE_FLAGS,
  PAGE_FLAGS_HI,
  PAGE_INDEX,
  PAGE_MAPPING,
  PAGE_PGMAP,
  PAGE_REFCOUNT,
  TAIL1_DTOR_ORDER,
} from "../include/mm_types.ts";
import {
  MIGRATE_NONE,
  SECTION_IS_ONLINE,
  SECTION_MARKED_PRESENT,
  ZONE_DEVICE,
  ZONE_NORMAL,
} from "../include/mmzone.ts";
import { PG_BOOTMEM, PG_HEAD, PG_RESERVED } from "../include/page_flags.ts";
import { KernelPanic } from "../lib/bug.ts";
import { machine, mustCreate } from "../testing.ts";
import { checkInvariants } from "./debug_vm.ts";
import type { Kernel } from "./kernel.ts";
import { mmAlloc, populateArea } from "./memory.ts";
import type { Mm } from "./mm.ts";
import { allocPages } from "./page_alloc.ts";
import {
  addPageCount,
  clearPageFlags,
  pincountPlace,
  readPage,
  setCompoundHead,
  setPageFlags,
  vmemmapPage,
  writePage,
} from "./page.ts";
import { clearEntry, entryFrame, flushVmemmap, setEntry, vmemmapVpn, walkTo } from "./pgtable.ts";
import { C } from "./vmstat.ts";

/** A machine with a namespace of 16-frame compounds (or what the text and request say), its device mapped and touched. */
interface Victim {
  readonly k: Kernel;
  readonly ns: NdNamespace;
  readonly mm: Mm;
  /** First frame of the range, and of the device. */
  readonly start: number;
  readonly data: number;
}

interface Damage {
  /** The invariant that must be named; empty for poison, which the read itself notices. */
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

/** Word of the PTE (or, level 1, the PMD entry) that maps a frame's struct page, with no TLB entry left for it. */
function memmapEntry(k: Kernel, pfn: number, level = 0): number {
  return walkTo(k, k.rootPfn, vmemmapVpn(k, vmemmapPage(k, pfn)), level);
}

/** Lets two entries change places. */
function swapEntries(k: Kernel, a: number, b: number): void {
  const { words } = k.phys;
  for (const i of [0, 1]) [words[a + i], words[b + i]] = [words[b + i], words[a + i]];
}

function flushAll(k: Kernel): void {
  flushVmemmap(k, 0, 10_000);
}

const SHARED_SECTION = "dram=1032K pmem=248K@1032K";

const CASES: readonly Damage[] = [
  {
    names: "I1",
    what: "a memmap page loses its entry",
    damage: ({ k, start }) => {
      flushAll(k);
      clearEntry(k, memmapEntry(k, start + 8), 0);
    },
  },
  {
    names: "I1",
    what: "a section loses its PMD leaf (I4: somebody else still used it)",
    text: "kernel=5.14",
    damage: ({ k, start }) => {
      flushAll(k);
      clearEntry(k, memmapEntry(k, start + 64, 1), 1);
    },
  },
  {
    names: "I1",
    what: "memmap stays mapped after its section is gone",
    damage: ({ k, start }) => {
      k.sections.clear(start + 960, 64);
      k.sections.state[k.sections.nr(start + 960)] = 0;
    },
  },
  {
    names: "I3",
    what: "a top-level entry is not copied to a process",
    damage: ({ k, mm }) => {
      const at = k.phys.wordBase(mm.rootPfn) + 2 * k.arch.vmemmapPgdIndex;
      k.phys.words[at] = 0;
    },
  },
  {
    names: "I5",
    what: "head and tail page of a compound change places",
    damage: ({ k, start }) => {
      flushAll(k);
      swapEntries(k, memmapEntry(k, start), memmapEntry(k, start + 12));
    },
  },
  {
    names: "I5",
    what: "two compounds swap a tail page",
    damage: ({ k, start }) => {
      flushAll(k);
      swapEntries(k, memmapEntry(k, start + 12), memmapEntry(k, start + 16 + 12));
    },
  },
  {
    names: "I5",
    what: "a shared head page is not shared",
    text: "kernel=v7+head",
    damage: ({ k, start }) => {
      flushAll(k);
      swapEntries(k, memmapEntry(k, start + 12), memmapEntry(k, start + 16 + 12));
    },
  },
  {
    names: "I6",
    what: "a struct page is not marked Reserved, as one nobody initialised",
    damage: ({ k, data }) => clearPageFlags(k, data + 16, PG_RESERVED),
  },
  {
    names: "I6",
    what: "a struct page belongs to another zone",
    damage: ({ k, data }) => writePage(k, data, PAGE_FLAGS_HI, 0),
  },
  {
    names: "I6",
    what: "a head names another pgmap",
    damage: ({ k, data }) => writePage(k, data, PAGE_PGMAP, 12345 * 64),
  },
  {
    names: "",
    what: "a struct page is never written",
    text: "kernel=5.14",
    damage: ({ k, data }) => writePage(k, data + 5, PAGE_FLAGS, -1),
  },
  {
    names: "I7",
    what: "a tail leads to another head",
    damage: ({ k, data }) => setCompoundHead(k, data + 3, data + 16),
  },
  {
    names: "I7",
    what: "a tail forgets its head",
    damage: ({ k, data }) => writePage(k, data + 7, PAGE_COMPOUND_HEAD, 0),
  },
  { names: "I7", what: "a head is not marked", damage: ({ k, data }) => clearPageFlags(k, data, PG_HEAD) },
  {
    names: "I7",
    what: "a base page looks like a head",
    text: "kernel=5.14",
    damage: ({ k, data }) => setPageFlags(k, data + 3, PG_HEAD),
  },
  {
    names: "I7",
    what: "a tail that reads the head's bytes is taken for a head",
    text: "kernel=v7+head",
    damage: ({ k }) => void (k.fakeHeads = false),
  },
  {
    names: "I8",
    what: "a head has another order",
    damage: ({ k, data }) => writePage(k, data + 1, TAIL1_DTOR_ORDER, 1 | (5 << 8)),
  },
  {
    names: "I10",
    what: "an entry changes and nobody flushes",
    damage: ({ k, start }) => {
      readPage(k, start + 12, 0);
      swapEntries(k, memmapEntry(k, start + 12), memmapEntry(k, start));
    },
  },
  {
    names: "I10",
    what: "another CPU is not told",
    text: "cpus=2",
    damage: ({ k, start }) => {
      k.cpu = k.machine.cpus[1];
      readPage(k, start + 12, 0);
      k.cpu = k.machine.cpus[0];
      swapEntries(k, memmapEntry(k, start + 12), memmapEntry(k, start));
      k.cpu.mmu.flushAll();
    },
  },
  {
    names: "I10",
    what: "memmap goes without a flush",
    text: "kernel=5.14",
    damage: ({ k, start }) => {
      readPage(k, start + 64, 0);
      clearEntry(k, memmapEntry(k, start + 64, 1), 1);
    },
  },
  {
    names: "I12",
    what: "a frame leaves the allocator uncounted",
    damage: ({ k }) => void k.nodes[0].zones[ZONE_NORMAL].areas[0].alloc(0),
  },
  { names: "I12", what: "a frame is counted that nobody took", damage: ({ k }) => void k.uses[USE_PINNED]++ },
  { names: "I12", what: "managed pages are wrong", damage: ({ k }) => void k.nodes[0].zones[ZONE_NORMAL].managed-- },
  {
    names: "I12",
    what: "a user table is counted for something else",
    damage: ({ k }) => {
      k.uses[USE_USER_TABLE]--;
      k.uses[USE_PINNED]++;
    },
  },
  {
    names: "I13",
    what: "a tail frame has a reference too many",
    damage: ({ k, start }) => {
      addPageCount(k, entryFrame(k, memmapEntry(k, start + 4)), PAGE_REFCOUNT, 1);
    },
  },
  {
    names: "I13",
    what: "a head's frame has one too few",
    damage: ({ k, start }) => {
      addPageCount(k, entryFrame(k, memmapEntry(k, start)), PAGE_REFCOUNT, -1);
    },
  },
  {
    names: "I13",
    what: "a shared PTE table has one too few (patch 14)",
    text: "kernel=v4",
    align: 65536,
    damage: ({ k, start }) => {
      addPageCount(k, entryFrame(k, memmapEntry(k, start + 128, 1)), PAGE_REFCOUNT, -1);
    },
  },
  {
    names: "I13",
    what: "a leaf's block has two references",
    text: "kernel=5.14",
    damage: ({ k, start }) => {
      addPageCount(k, entryFrame(k, memmapEntry(k, start, 1)), PAGE_REFCOUNT, 1);
    },
  },
  {
    names: "I14",
    what: "a section is present and empty",
    text: "pmem=512K",
    size: 2 ** 18,
    damage: ({ k }) => void (k.sections.state[k.sections.nr(k.machine.topology.maxPfn - 1)] = SECTION_MARKED_PRESENT),
  },
  {
    names: "I14",
    what: "a device's subsection in a boot section is not marked",
    text: SHARED_SECTION,
    damage: ({ k, start }) => void k.sections.clear(start, 16),
  },
  {
    names: "I15",
    what: "an altmap gave out more than it has",
    map: "dev",
    damage: ({ ns }) => void (ns.pgmap.altmap!.align = ns.pgmap.altmap!.free),
  },
  {
    names: "I15",
    what: "an altmap counts a frame that holds no memmap",
    map: "dev",
    damage: ({ ns }) => void ns.pgmap.altmap!.alloc++,
  },
  {
    names: "I15",
    what: "an altmap's block for a leaf is not aligned",
    map: "dev",
    damage: ({ k, start }) => {
      const at = memmapEntry(k, start, 1);
      flushAll(k);
      setEntry(k, at, 1, entryFrame(k, at) + 1, k.arch.format.kernelHuge);
    },
  },
  {
    names: "I16",
    what: "memmap lies in data frames of pmem",
    map: "dev",
    damage: ({ k, start, data }) => {
      flushAll(k);
      const at = memmapEntry(k, start, 1);
      k.phys.release(entryFrame(k, at), 4);
      setEntry(k, at, 1, Math.ceil(data / 16) * 16, k.arch.format.kernelHuge);
    },
  },
  { names: "I18", what: "a pgmap has a reference too many", damage: ({ ns }) => void ns.pgmap.refs++ },
  { names: "I18", what: "a pgmap has one too few", damage: ({ ns }) => void ns.pgmap.refs-- },
  { names: "I19", what: "a dying pgmap is still found", damage: ({ ns }) => void (ns.pgmap.dying = true) },
  {
    names: "I20",
    what: "a head has a reference nobody holds",
    damage: ({ k, data }) => void addPageCount(k, data, PAGE_REFCOUNT, 1),
  },
  {
    names: "I20",
    what: "a head lost its last reference",
    damage: ({ k, data }) => void addPageCount(k, data, PAGE_REFCOUNT, -1),
  },
  {
    names: "I20",
    what: "a pin count says that somebody pins",
    damage: ({ k, data }) => {
      const { tail, offset } = pincountPlace(k);
      addPageCount(k, data + tail, offset, 1);
    },
  },
  {
    names: "I20",
    what: "a pin is handed out and not counted (6.1's place)",
    text: "kernel=6.1",
    damage: ({ k }) => void k.gupPins++,
  },
  {
    names: "I22",
    what: "a mapped head has another index",
    damage: ({ k, data }) => writePage(k, data + 16, PAGE_INDEX, 32),
  },
  {
    names: "I22",
    what: "a mapped head names no file",
    damage: ({ k, data }) => writePage(k, data + 16, PAGE_MAPPING, 0),
  },
  {
    names: "I22",
    what: "a mapping outlives its area",
    damage: ({ mm }) => void mm.areas.splice(0, 1),
  },
  {
    names: "I23",
    what: "a pageblock of device memory has no type",
    damage: ({ k, data }) => k.sections.setMigratetype(data + 32, data + 48, MIGRATE_NONE),
  },
  { names: "I25", what: "nr_memmap_pages is wrong", damage: ({ k }) => void k.stat[C.nrMemmapPages]++ },
  { names: "I25", what: "nr_memmap_boot_pages is wrong", damage: ({ k }) => void k.stat[C.nrMemmapBootPages]-- },
  {
    names: "I25",
    what: "memmap is counted as tables",
    damage: ({ k }) => {
      k.uses[USE_VMEMMAP]--;
      k.uses[USE_PTE_TABLE]++;
    },
  },
  {
    names: "I25",
    what: "a frame of memmap is allocated and mapped nowhere",
    damage: ({ k }) => void allocPages(k, 0, 0, USE_VMEMMAP),
  },
  {
    names: "I29",
    what: "the device zone ends before the device",
    damage: ({ k }) => void k.nodes[0].zones[ZONE_DEVICE].spanned--,
  },
  {
    names: "I29",
    what: "device pages are present",
    damage: ({ k }) => {
      k.nodes[0].zones[ZONE_DEVICE].present++;
      k.uses[USE_PINNED]++;
      k.bootReserved++;
    },
  },
  {
    names: "I31",
    what: "a section of device memory is online",
    damage: ({ k, data }) => void (k.sections.state[k.sections.nr(data)] |= SECTION_IS_ONLINE),
  },
  {
    names: "I31",
    what: "a device frame beside System RAM is not known to be one",
    text: SHARED_SECTION,
    damage: ({ k }) => void (k.pgmaps.lookup = () => null),
  },
  {
    names: "I32",
    what: "somebody stores to the struct page of an info block's frame",
    map: "dev",
    damage: ({ k, start }) => writePage(k, start, PAGE_INDEX, 1),
  },
  {
    names: "I24",
    what: "a block of boot's memmap loses its mark",
    damage: ({ k }) => clearPageFlags(k, entryFrame(k, memmapEntry(k, 0, 1)), PG_BOOTMEM),
  },
];

for (const damage of CASES) {
  Deno.test(`checkInvariants() notices (${damage.names || "poison"}): ${damage.what}`, () => {
    const v = victim(damage);
    damage.damage(v);
    assertThrows(
      () => checkInvariants(v.k),
      KernelPanic,
      damage.names === "" ? "is poisoned" : `checkInvariants: ${damage.names} `,
    );
  });
}

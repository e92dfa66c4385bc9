// SPDX-License-Identifier: GPL-2.0-only
// Tests of the checker's recount of the kernel page table: entries, references and sharing, damaged one at a time.

import { USE_PTE_TABLE, USE_VMEMMAP } from "../include/frame_use.ts";
import { PAGE_REFCOUNT } from "../include/mm_types.ts";
import { assertNoticed, type Damage, flushAll, memmapEntry, nameOf, swapEntries } from "./debug_vm_testing.ts";
import { addPageCount, clearPageFlags } from "../mm/page.ts";
import { allocPages } from "../mm/page_alloc.ts";
import { clearEntry, entryFrame, setEntry } from "../mm/pgtable.ts";
import { C } from "../mm/vmstat.ts";
import { PAGE_LAYOUTS } from "../include/page_layout.ts";

const { bootmem: PG_BOOTMEM } = PAGE_LAYOUTS["6.1"];

/** The last memmap page of each of two compounds. */
const swapTails: Damage["damage"] = ({ k, start }) => {
  flushAll(k);
  swapEntries(k, memmapEntry(k, start + 12), memmapEntry(k, start + 16 + 12));
};

const DAMAGES: readonly Damage[] = [
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
    damage: swapTails,
  },
  {
    names: "I5",
    what: "a shared head page is not shared",
    text: "kernel=v7+head",
    damage: swapTails,
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
    names: "I24",
    what: "a block of boot's memmap loses its mark",
    damage: ({ k }) => clearPageFlags(k, entryFrame(k, memmapEntry(k, 0, 1)), PG_BOOTMEM),
  },
];

for (const damage of DAMAGES) Deno.test(nameOf(damage), () => assertNoticed(damage));

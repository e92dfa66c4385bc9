// SPDX-License-Identifier: GPL-2.0-only
// Tests of the checker: each case damages one thing by hand, and the checker must name the invariant it breaks. Here:
// TLBs, frames, sections, zones and pgmaps; the kernel's table and struct pages have their own files.

import { USE_PINNED, USE_USER_TABLE } from "../include/frame_use.ts";
import { PAGE_INDEX } from "../include/mm_types.ts";
import {
  MIGRATE_NONE,
  SECTION_IS_ONLINE,
  SECTION_MARKED_PRESENT,
  ZONE_DEVICE,
  ZONE_NORMAL,
} from "../include/mmzone.ts";
import { assertNoticed, type Damage, memmapEntry, nameOf, SHARED_SECTION, swapEntries } from "./debug_vm_testing.ts";
import { readPage, writePage } from "../mm/page.ts";
import { clearEntry } from "../mm/pgtable.ts";

const DAMAGES: readonly Damage[] = [
  {
    names: "I3",
    what: "a top-level entry is not copied to a process",
    damage: ({ k, mm }) => {
      const at = k.phys.wordBase(mm.rootPfn) + 2 * k.arch.vmemmapPgdIndex;
      k.phys.words[at] = 0;
    },
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
  { names: "I18", what: "a pgmap has a reference too many", damage: ({ ns }) => void ns.pgmap.refs++ },
  { names: "I18", what: "a pgmap has one too few", damage: ({ ns }) => void ns.pgmap.refs-- },
  { names: "I19", what: "a dying pgmap is still found", damage: ({ ns }) => void (ns.pgmap.dying = true) },
  {
    names: "I23",
    what: "a pageblock of device memory has no type",
    damage: ({ k, data }) => k.sections.setMigratetype(data + 32, data + 48, MIGRATE_NONE),
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
];

for (const damage of DAMAGES) Deno.test(nameOf(damage), () => assertNoticed(damage));

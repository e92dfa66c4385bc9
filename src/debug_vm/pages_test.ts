// SPDX-License-Identifier: GPL-2.0-only
// Tests of the checker on struct pages of devices: links, heads, counts, user mappings, damaged one at a time.

import {
  PAGE_COMPOUND_HEAD,
  PAGE_FLAGS,
  PAGE_FLAGS_HI,
  PAGE_INDEX,
  PAGE_MAPPING,
  PAGE_PGMAP,
  PAGE_REFCOUNT,
} from "../include/mm_types.ts";
import { assertNoticed, type Damage, nameOf } from "./debug_vm_testing.ts";
import { addPageCount, clearPageFlags, pincountPlace, setCompoundHead, setPageFlags, writePage } from "../mm/page.ts";
import { PAGE_LAYOUTS } from "../include/page_layout.ts";

const { head: PG_HEAD, reserved: PG_RESERVED, order: { offset: TAIL1_DTOR_ORDER } } = PAGE_LAYOUTS["6.1"];

const DAMAGES: readonly Damage[] = [
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
    damage: ({ k, data }) => setCompoundHead(k, data + 3, data + 16, 0),
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
];

for (const damage of DAMAGES) Deno.test(nameOf(damage), () => assertNoticed(damage));

// SPDX-License-Identifier: GPL-2.0-only
// The ways to write gup-fast over device memory that were in the kernel or proposed in the thread of document 001
// (numbers are lines of fixtures' document 001), and what the unmapping side may do. Data only.

import type { GupRace } from "./gup_steps.ts";
import type { Geometry, Memunmap, Waits } from "./world.ts";

const PATCH_8: GupRace = {
  name: "patch 8",
  source: "001:1056, the v4 series",
  pgmap: "until recheck",
  head: "compound_head",
  grab: "all",
  flagFirst: true,
  recheckHead: false,
  recheckEntry: true,
};

const NO_PGMAP: GupRace = {
  ...PATCH_8,
  name: "no pgmap, head rechecked",
  source: "001:3477, with try_get_compound_head() as it is since 5.14",
  pgmap: "no",
  flagFirst: false,
  recheckHead: true,
};

/** The variants, in the order of the thread. */
export const VARIANTS: readonly GupRace[] = [
  { ...PATCH_8, name: "per page", source: "5.14, and 6.1: __gup_device_huge()", grab: "per-page" },
  PATCH_8,
  {
    ...PATCH_8,
    name: "patch 8, pgmap to the end",
    source: "not proposed: what holding it longer gives",
    pgmap: "to the end",
  },
  { ...PATCH_8, name: "patch 8, no pgmap", source: "001:3477 applied to patch 8 as it is", pgmap: "no" },
  NO_PGMAP,
  { ...NO_PGMAP, name: "no pgmap, head not rechecked", source: "001:3724", recheckHead: false },
  { ...NO_PGMAP, name: "the entry's page is the head", source: "001:4131", head: "entry", recheckHead: false },
  { ...NO_PGMAP, name: "one, then the rest", source: "001:4201", grab: "one, then the rest" },
  {
    ...NO_PGMAP,
    name: "one, then the rest if npages > 2",
    source: "001:4224, as the sketch has it",
    grab: "one, then the rest if more than one",
  },
];

const BASE: Geometry = { align: 16, compound: 1 };
const PMD: Geometry = { align: 16, compound: 16 };
const PUD: Geometry = { align: 256, compound: 256 };

/** What the device is before, and after it was taken down. */
export const LIVES: Readonly<Record<string, { readonly before: Geometry; readonly after: Geometry | null }>> = {
  "goes down": { before: PMD, after: null },
  "comes back the same": { before: PMD, after: PMD },
  "comes back as base pages": { before: PMD, after: BASE },
  "comes back with larger compounds": { before: PMD, after: PUD },
  "comes back split": { before: PUD, after: PMD },
  "base pages become compounds": { before: BASE, after: PMD },
};

export const WAITS: readonly Waits[] = ["none", "ipi", "rcu"];
export const MEMUNMAPS: readonly Memunmap[] = ["per-page", "bulk", "bulk, idle first"];

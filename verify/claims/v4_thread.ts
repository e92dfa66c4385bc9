// SPDX-License-Identifier: GPL-2.0-only
// Document 001's thread on gup: its sketches run on a mapped device, what the pgmap reference protects (explored as in
// verify/RACES.md), which entries point to heads.

import { gupFast } from "../../src/mm/gup/gup.ts";
import { gupTest } from "../../src/mm/gup/ioctl.ts";
import { populateArea } from "../../src/mm/memory.ts";
import { isPageHead } from "../../src/mm/page.ts";
import { levelPages, lookupAddress } from "../../src/mm/pgtable.ts";
import { C } from "../../src/mm/vmstat.ts";
import { type KernelConfig } from "../../mod.ts";
import { basePages, SIZE_1G, SIZE_2M } from "../formulas/vmemmap.ts";
import { build, countPages, mapDevice, mappedDevice, withErratum, yes } from "../measure/measure.ts";
import { daxCase } from "../races/matrix.ts";
import { LIVES, VARIANTS } from "../races/variants.ts";
import type { Waits } from "../races/world.ts";
import type { Claim } from "./claim.ts";
import { claim } from "./documented.ts";

const PAGES_2M = 512;

export function threadClaims(): Claim[] {
  const posted: KernelConfig = { ...withErratum("v4", "rangeFromCall"), gup: "compound-range" };
  return [
    claim("001-108", basePages(SIZE_2M), () => pagesAstray(posted)),
    claim("001-108/meant", 0, () => pagesAstray({ ...posted, errata: { ...posted.errata, rangeFromCall: false } })),
    claim("001-109", SIZE_2M, bytesOfEntry),
    claim("001-110", 8, () => entriesToHeads(SIZE_2M, 8)),
    claim("001-110/1G", 2, () => entriesToHeads(SIZE_1G, 2)),
    claim("001-111", 8, () => faultWarnings(withErratum("v4", "compoundOrderPmdShift"))),
    claim("001-111/meant", 0, () => faultWarnings("v4")),
    claim("001-114", 1, headFlags),
    claim("001-115/slow", basePages(SIZE_2M), addsOfSlowPin),
    claim("001-116", 0, () => wrong("patch 8, no pgmap", ["ipi", "rcu"])),
    claim("001-116/gone", 1, () => yes(wrong("patch 8, no pgmap", ["none"], ["goes down"]) > 0)),
    claim("001-116/held", 0, () => wrong("patch 8", ["none"], ["goes down"])),
    claim("001-117", 0, () => yes(crashes("patch 8, pgmap to the end") === 0)),
    claim("001-117/gone", 0, () => wrong("patch 8, pgmap to the end", ["none"], ["goes down"])),
  ];
}

/** Wrong pages in a call for two 2M pages: they differ from what the tables map. */
export function pagesAstray(kernel: KernelConfig): number {
  const { k, data, area } = mappedDevice(kernel);
  const pages = new Float64Array(2 * PAGES_2M);
  gupFast(k, area.mm, area.start, pages.length, "get", pages, 0);
  return pages.reduce((n, pfn, i) => n + yes(pfn !== data + i), 0);
}

/** `end - addr` of the entry for a fault on a 2M device, in bytes. */
function bytesOfEntry(): number {
  const built = build("v4", { size: 2 ** 28, align: SIZE_2M });
  const { k } = built;
  const area = mapDevice(built, SIZE_2M);
  populateArea(k, area, PAGES_2M);
  const leaf = lookupAddress(k, area.mm.rootPfn, area.start);
  return leaf === null ? 0 : levelPages(k, leaf.level) * k.pageBytes;
}

/** Of the entries for `n` pages of a device, those that point to a head. */
function entriesToHeads(align: number, n: number): number {
  const built = build("v4", { size: Math.max(2 ** 28, (n + 1) * align), align });
  const { k } = built;
  const area = mapDevice(built, n * align);
  const step = align / k.pageBytes;
  populateArea(k, area, step);
  let heads = 0;
  for (let vpn = area.start; vpn < area.end; vpn += step) {
    const leaf = lookupAddress(k, area.mm.rootPfn, vpn);
    if (leaf !== null && levelPages(k, leaf.level) === step && isPageHead(k, leaf.pfn)) heads++;
  }
  return heads;
}

/** Warnings of 8 faults on 2M pages, each of which checks the order of its page. */
export function faultWarnings(kernel: string | KernelConfig): number {
  return mappedDevice(kernel).k.stat[C.warnings];
}

/** Struct pages of a 2M page with PG_head set; each has its own storage. */
function headFlags(): number {
  const { k, data } = build("5.18", { size: 2 ** 28, align: SIZE_2M });
  return countPages(data, PAGES_2M, (pfn) => isPageHead(k, pfn));
}

/** Atomic adds on reference counts to pin a 2M page through the slow path, as FOLL_LONGTERM does. */
function addsOfSlowPin(): number {
  const built = build("v4", { size: 2 ** 28, align: SIZE_2M });
  const { k } = built;
  const { mm, start } = mapDevice(built, SIZE_2M);
  const test = { mm, vpn: start, pages: PAGES_2M, batch: PAGES_2M, mode: "pin", repeats: 1, slow: true } as const;
  return gupTest(k, test).getCounters.refcountStoresDram;
}

/** Hazards of a variant of gup in all explored schedules while its device is removed in these ways. */
function hazards(name: string, waits: readonly Waits[], lives: readonly string[]): [hazard: string, count: number][] {
  const variant = VARIANTS.find((known) => known.name === name);
  if (variant === undefined) throw new RangeError(`Cannot explore "${name}": expected a variant of gup`);
  const races = waits.flatMap((wait) => lives.map((life) => daxCase(variant, life, wait, "per-page").run()));
  return races.flatMap((found) => [...found.hazards].map(([hazard, { count }]): [string, number] => [hazard, count]));
}

function wrong(name: string, waits: readonly Waits[], lives: readonly string[] = Object.keys(LIVES)): number {
  return hazards(name, waits, lives).reduce((n, [, count]) => n + count, 0);
}

/** Schedules that end in a fault, if nothing waits. */
function crashes(name: string): number {
  return hazards(name, ["none"], Object.keys(LIVES)).reduce(
    (n, [hazard, count]) => n + (/^oops/.test(hazard) ? count : 0),
    0,
  );
}

// SPDX-License-Identifier: GPL-2.0-only
// Reading the guest's free pages: caches dropped first, then a pause in which frames on their way (RCU, work queues)
// arrive, then one reading of /proc/zoneinfo.

import type { Guest } from "./guest.ts";
import { counterOf, freePages, parseZoneinfo, type ZoneCounts } from "./zoneinfo.ts";

const SETTLE = "sync; echo 3 > /proc/sys/vm/drop_caches; sleep 1";

/** Readings at most until two in a row agree. */
const MOST_READINGS = 5;
/** Readings of an idle guest that say how much free pages wander. */
const IDLE_READINGS = 4;

/** The zones once two readings in a row have as many free pages, or the last one. */
export async function settledZones(guest: Guest): Promise<ZoneCounts[]> {
  let zones = await readZones(guest);
  for (let i = 1; i < MOST_READINGS; i++) {
    const again = await readZones(guest);
    const same = freePages(again) === freePages(zones);
    zones = again;
    if (same) break;
  }
  return zones;
}

/**
 * How far free pages of an idle guest lie apart over a few readings: what a difference of two may be off by without any
 * cause (6.1: 2; 6.12: up to 19).
 */
export async function idleSpread(guest: Guest): Promise<number> {
  const free: number[] = [];
  for (let i = 0; i < IDLE_READINGS; i++) free.push(freePages(await readZones(guest)));
  return Math.max(...free) - Math.min(...free);
}

/** `nr_memmap_pages` and `nr_memmap_boot_pages`, which kernels since 6.11 count; null on older ones. */
export async function memmapCounters(guest: Guest): Promise<{ pages: number; bootPages: number } | null> {
  const vmstat = await guest.shell.text("cat /proc/vmstat");
  if (!/^nr_memmap_pages /m.test(vmstat)) return null;
  return { pages: counterOf(vmstat, "nr_memmap_pages"), bootPages: counterOf(vmstat, "nr_memmap_boot_pages") };
}

async function readZones(guest: Guest): Promise<ZoneCounts[]> {
  await guest.shell.text(SETTLE);
  return parseZoneinfo(await guest.shell.text("cat /proc/zoneinfo"));
}

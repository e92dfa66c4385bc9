// SPDX-License-Identifier: GPL-2.0-only
// Reads the guest's free pages: drops caches, pauses while frames in flight (RCU, work queues) arrive, then reads
// /proc/zoneinfo once.

import type { Guest } from "./guest.ts";
import { counterOf, freePages, parseZoneinfo, type ZoneCounts } from "./zoneinfo.ts";

const SETTLE = "sync; echo 3 > /proc/sys/vm/drop_caches; sleep 1";

/** Most readings until two in a row agree. */
const MOST_READINGS = 5;
/** Readings of an idle guest that show how much its free pages fluctuate. */
const IDLE_READINGS = 4;

/** The zones once two readings in a row have as many free pages, else the last reading. */
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
 * Spread of an idle guest's free pages over a few readings: differences up to this size may be noise
 * (6.1: 2; 6.12: up to 19).
 */
export async function idleSpread(guest: Guest): Promise<number> {
  const free: number[] = [];
  for (let i = 0; i < IDLE_READINGS; i++) free.push(freePages(await readZones(guest)));
  return Math.max(...free) - Math.min(...free);
}

/** `nr_memmap_pages` and `nr_memmap_boot_pages`, counted since 6.11; null on older kernels. */
export async function memmapCounters(guest: Guest): Promise<{ pages: number; bootPages: number } | null> {
  const vmstat = await guest.shell.text("cat /proc/vmstat");
  if (!/^nr_memmap_pages /m.test(vmstat)) return null;
  return { pages: counterOf(vmstat, "nr_memmap_pages"), bootPages: counterOf(vmstat, "nr_memmap_boot_pages") };
}

async function readZones(guest: Guest): Promise<ZoneCounts[]> {
  await guest.shell.text(SETTLE);
  return parseZoneinfo(await guest.shell.text("cat /proc/zoneinfo"));
}

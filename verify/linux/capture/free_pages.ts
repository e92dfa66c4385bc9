// SPDX-License-Identifier: GPL-2.0-only
// Reading the guest's free pages: caches dropped first, then a pause in which frames on their way (RCU, work queues)
// arrive, then one reading of /proc/zoneinfo.

import type { Guest } from "./guest.ts";
import { parseZoneinfo, type ZoneCounts } from "./zoneinfo.ts";

const SETTLE = "sync; echo 3 > /proc/sys/vm/drop_caches; sleep 1";

/** The zones, settled. */
export async function settledZones(guest: Guest): Promise<ZoneCounts[]> {
  await guest.shell.text(SETTLE);
  return parseZoneinfo(await guest.shell.text("cat /proc/zoneinfo"));
}

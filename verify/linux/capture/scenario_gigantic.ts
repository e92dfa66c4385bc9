// SPDX-License-Identifier: GPL-2.0-only
// `gigantic`: huge pages of 1G, allocated at run time and at boot, and a pool of 2M pages from boot, with the vmemmap
// optimisation on and off. A boot-time pool costs what a guest without it has free in addition.

import { memmapCounters, settledZones } from "./free_pages.ts";
import type { Guest } from "./guest.ts";
import { dramOf, type Scenario } from "./scenario.ts";
import { freePages, sumOf } from "./zoneinfo.ts";

const DRAM_MIB = 6144;
const POOLS: Readonly<Record<string, string>> = {
  none: "",
  "boot 1G x 1": "hugepagesz=1G hugepages=1",
  "boot 2M x 64": "hugepagesz=2M hugepages=64",
};
const POOL_1G = "/sys/kernel/mm/hugepages/hugepages-1048576kB/nr_hugepages";

/** A guest for each pool and mode; the one without a pool allocates and frees a page of 1G. */
export const gigantic: Scenario = async (capture) => {
  const { machine, dramMiB } = dramOf(capture, DRAM_MIB);
  const modes: Record<string, Record<string, unknown>> = {};
  for (const mode of ["on", "off"]) {
    modes[mode] = {};
    for (const [pool, words] of Object.entries(POOLS)) {
      capture.note(`hugetlb_free_vmemmap=${mode}, ${pool}`);
      const append = `hugetlb_free_vmemmap=${mode} ${words}`.trim();
      modes[mode][pool] = await capture.withGuest({ ...machine, append }, async (guest) => ({
        boot: await counts(guest),
        ...(pool === "none" ? { runTime: await upAndDown(guest) } : {}),
      }));
    }
  }
  return { dramMiB, note: "free pages include per-CPU lists; memmap: nr_memmap_pages and nr_memmap_boot_pages", modes };
};

async function counts(guest: Guest) {
  const zones = await settledZones(guest);
  return { free: freePages(zones), managed: sumOf(zones, "managed"), memmap: await memmapCounters(guest) };
}

async function upAndDown(guest: Guest) {
  const before = await counts(guest);
  const got = Number(await guest.shell.text(`echo 1 > ${POOL_1G}; cat ${POOL_1G}`));
  const up = await counts(guest);
  await guest.shell.text(`echo 0 > ${POOL_1G}`);
  return { got, before, up, down: await counts(guest) };
}

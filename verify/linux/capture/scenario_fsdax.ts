// SPDX-License-Identifier: GPL-2.0-only
// `fsdax`: a namespace for a file system also has a memmap, of base pages. Its cost is found by walking the page tables
// before and after creation. ndctl creates each namespace twice, the first time to learn its address.

import { memmapCounters } from "./free_pages.ts";
import type { Guest } from "./guest.ts";
import { destroyNamespaces, initLabels, vmemmapOf } from "./namespace.ts";
import { machineOf, type Scenario } from "./scenario.ts";
import { pmemFrames } from "./scenario_namespaces.ts";
import { tallyNamespace } from "./tally.ts";

const DRAM_MIB = 6144;
const SIZES = ["1G", "4G"];
const MAPS = ["mem", "dev"];
const SECTOR_BYTES = 512;

interface Place {
  readonly start: number;
  readonly bytes: number;
  readonly usableBytes: number;
}

/** Every size with its memmap in DRAM and in the namespace. */
export const fsdax: Scenario = async (capture) => {
  const { machine, dramMiB } = machineOf(capture, DRAM_MIB);
  const rows = await capture.withGuest(machine, async (guest) => {
    await initLabels(guest);
    const pmem = await pmemFrames(guest);
    const measured = [];
    for (const size of SIZES) {
      for (const map of MAPS) {
        capture.note(`${size}, map=${map}`);
        const { first, count } = vmemmapOf(await create(guest, size, map), await guest.pageBytes());
        await destroyNamespaces(guest);
        const counted = await memmapCounters(guest);
        const before = await guest.walk(first, count);
        const place = await create(guest, size, map);
        const { walk, vmemmapEntries } = tallyNamespace(before, await guest.walk(first, count), pmem);
        const now = await memmapCounters(guest);
        const memmapPages = counted === null || now === null ? null : now.pages - counted.pages;
        measured.push({ size, map, ...place, walk, vmemmapEntries, memmapPages });
        await destroyNamespaces(guest);
      }
    }
    return measured;
  });
  return {
    dramMiB,
    note: "walk: DRAM frames that came with the namespace; memmapPages: change of nr_memmap_pages",
    rows,
  };
};

async function create(guest: Guest, size: string, map: string): Promise<Place> {
  const text = await guest.shell.text(`ndctl create-namespace -r region0 -m fsdax -M ${map} -s ${size}`);
  const { dev, blockdev } = JSON.parse(text.slice(text.indexOf("{"))) as { dev: string; blockdev: string };
  const at = `/sys/bus/nd/devices/${dev}`;
  const values = await guest.shell.text(`cat ${at}/resource ${at}/size /sys/class/block/${blockdev}/size`);
  const [start, bytes, sectors] = values.split("\n").map(Number);
  return { start, bytes, usableBytes: sectors * SECTOR_BYTES };
}

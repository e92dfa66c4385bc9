// SPDX-License-Identifier: GPL-2.0-only
// `kmem`: turns a dax device into System RAM, with its blocks offline, then puts them online one by one and reads zone
// counts. The device attribute memmap_on_memory (6.8 and later) is 0 and 1 with the module parameter on, 1 with it off.

import { idleSpread, memmapCounters, settledZones } from "./free_pages.ts";
import type { Guest } from "./guest.ts";
import { memoryBlocks, setBlock } from "./memory_blocks.ts";
import { initLabels, mustCreate, shellErrno } from "./namespace.ts";
import { parseNamespaceSpec } from "./namespace_spec.ts";
import { machineOf, type Scenario } from "./scenario.ts";
import { freePages, sumOf } from "./zoneinfo.ts";

const DRAM_MIB = 4096;
const SPEC = parseNamespaceSpec("1G-2M-mem");
const BLOCKS_ONLINE = 2;

/** Values of the device attribute and of the module parameter; without the latter the former is refused. */
const RUNS = [["0", "Y"], ["1", "Y"], ["1", "N"]] as const;

/** A guest for each pair of values. */
export const kmem: Scenario = async (capture) => {
  const { machine, dramMiB } = machineOf(capture, DRAM_MIB);
  const runs: Record<string, unknown> = {};
  for (const [attribute, parameter] of RUNS) {
    capture.note(`${SPEC.name}, memmap_on_memory=${attribute} of the device, ${parameter} of the module`);
    const append = `memory_hotplug.memmap_on_memory=${parameter}`;
    runs[parameter === "Y" ? attribute : `${attribute} with ${parameter}`] = await capture.withGuest(
      { ...machine, append },
      (guest) => hotAdd(guest, attribute),
    );
  }
  return {
    dramMiB,
    namespace: SPEC.name,
    note: "attribute: what the device says, null where it has none; error: why it was refused",
    runs,
  };
};

async function hotAdd(guest: Guest, asked: string) {
  await initLabels(guest);
  const ns = await mustCreate(guest, SPEC);
  await guest.shell.text("while read -r module; do insmod /modules/$module; done < /modules/kmem");
  const device = `/sys/bus/dax/devices/${ns.device}`;
  const attribute = await setAttribute(guest, `${device}/memmap_on_memory`, asked);
  const spread = await idleSpread(guest);
  const states = [await counts(guest, "before")];
  const old = await memoryBlocks(guest);
  await guest.shell.text(
    `echo ${ns.device} > /sys/bus/dax/drivers/device_dax/unbind; ` +
      `echo ${ns.device} > /sys/bus/dax/drivers/kmem/new_id`,
  );
  const added = (await memoryBlocks(guest)).filter((block) => !old.includes(block));
  states.push(await counts(guest, "added"));
  for (const block of added.slice(0, BLOCKS_ONLINE)) {
    await setBlock(guest, block, "online_movable");
    states.push(await counts(guest, `online${block}`));
  }
  return { ...attribute, blocks: added, idleSpread: spread, states };
}

/** The attribute after the request, null if there is none; and why it was refused. */
async function setAttribute(guest: Guest, path: string, value: string) {
  if ((await guest.shell.run(`test -e ${path}`)).code !== 0) return { attribute: null };
  const { code, text } = await guest.shell.run(`echo ${value} > ${path}`);
  const attribute = await guest.shell.text(`cat ${path}`);
  return code === 0 ? { attribute } : { attribute, error: shellErrno(text) };
}

async function counts(guest: Guest, state: string) {
  const zones = await settledZones(guest);
  return {
    state,
    free: freePages(zones),
    managed: sumOf(zones, "managed"),
    present: sumOf(zones, "present"),
    memmap: await memmapCounters(guest),
  };
}

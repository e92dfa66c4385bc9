// SPDX-License-Identifier: GPL-2.0-only
// `hotplug`: plugs a DIMM, puts its blocks online and offline, and unplugs it; reads free pages and zone counts after
// each step, with memmap_on_memory on, off and "force" (6.6 and later). The parameter is fixed at boot, so each value
// has a guest of its own.

import { settledZones } from "./free_pages.ts";
import { memoryBlocks, setBlock } from "./memory_blocks.ts";
import type { Guest } from "./guest.ts";
import { within } from "../../../src/cli/line_stream.ts";
import { dramOf, type Scenario } from "./scenario.ts";
import { counterOf, freePages, sumOf } from "./zoneinfo.ts";

const DRAM_MIB = 4096;
const BLOCK_MIB = 128;
const UNPLUG_MS = 60_000;

type Mode = "on" | "off" | "force";

interface State {
  readonly state: string;
  readonly free: number;
  readonly managed: number;
  readonly present: number;
  readonly normalSpanned: number;
  readonly memTotal: number;
  readonly slab: number;
}

/** Blocks of the DIMM plugged and unplugged with every value of the parameter. */
const SEVERAL = 4;

/** One block with the parameter on, one with it off, the first two blocks of eight, and all of four. */
export const hotplug: Scenario = async (capture) => {
  const { machine, dramMiB } = dramOf(capture, DRAM_MIB);
  const prefix = `e${dramMiB / 1024}`;
  const run = (mib: number, mode: Mode, blocks: number, unplug: boolean) => {
    capture.note(`a DIMM of ${mib} MiB, memmap_on_memory=${mode}`);
    const append = `memory_hotplug.memmap_on_memory=${mode}`;
    return capture.withGuest({ ...machine, append }, async (guest) => {
      if (!await takes(guest, mode)) return null;
      return await plug(guest, mib, blocks, unplug);
    });
  };
  const several: Record<string, unknown> = {};
  for (const mode of ["on", "off", "force"] as const) {
    const states = await run(SEVERAL * BLOCK_MIB, mode, SEVERAL, true);
    if (states !== null) several[`${prefix}_${SEVERAL * BLOCK_MIB}_${mode}`] = states;
  }
  return {
    dramMiB,
    memoryBlockMiB: BLOCK_MIB,
    note:
      "128 = a DIMM of one block, on/off/force = memory_hotplug.memmap_on_memory; 512, 1024 = DIMMs of four and eight. Free pages carry a " +
      "few pages of slab noise; zone counts are exact",
    runs: {
      [`${prefix}_128_on`]: await run(BLOCK_MIB, "on", 1, true),
      [`${prefix}_128_off`]: await run(BLOCK_MIB, "off", 1, true),
      [`${prefix}_1024_on_first_blocks`]: await run(8 * BLOCK_MIB, "on", 2, false),
      ...several,
    },
  };
};

/** Whether the kernel accepts this value; if not, it keeps its default. */
async function takes(guest: Guest, mode: Mode): Promise<boolean> {
  const value = await guest.shell.text("cat /sys/module/memory_hotplug/parameters/memmap_on_memory");
  return value === { on: "Y", off: "N", force: "force" }[mode];
}

async function plug(guest: Guest, mib: number, blocks: number, unplug: boolean) {
  await readState(guest, "warm");
  const states = [await readState(guest, "before"), await readState(guest, "base")];
  const note = async (state: string) => void states.push(await readState(guest, state));
  const known = await memoryBlocks(guest);
  await guest.qmp.execute("object-add", { "qom-type": "memory-backend-ram", id: "dimm", size: mib * 2 ** 20 });
  await guest.qmp.execute("device_add", { driver: "pc-dimm", id: "pcdimm", memdev: "dimm" });
  const added = await newBlocks(guest, known, mib / BLOCK_MIB);
  await note("added");
  for (const block of added.slice(0, blocks)) {
    await setBlock(guest, block, "online");
    await note(`online${block}`);
  }
  if (unplug) {
    for (const block of added.slice(0, blocks)) {
      await setBlock(guest, block, "offline");
      await note(`offline${block}`);
    }
    await guest.qmp.execute("device_del", { id: "pcdimm" });
    await within(UNPLUG_MS, "unplug the DIMM", guest.qmp.waitEvent("DEVICE_DELETED"));
    await note("removed");
  }
  return states.slice(1).map((state, i) => withDelta(states[i], state));
}

async function readState(guest: Guest, state: string): Promise<State> {
  const zones = await settledZones(guest);
  const vmstat = await guest.shell.text("cat /proc/vmstat");
  return {
    state,
    free: freePages(zones),
    managed: sumOf(zones, "managed"),
    present: sumOf(zones, "present"),
    normalSpanned: zones.filter((z) => z.name === "Normal").reduce((total, z) => total + z.spanned, 0),
    memTotal: counterOf(await guest.shell.text("cat /proc/meminfo"), "MemTotal"),
    slab: counterOf(vmstat, "nr_slab_reclaimable") + counterOf(vmstat, "nr_slab_unreclaimable"),
  };
}

function withDelta(from: State, { memTotal, slab, ...to }: State) {
  return {
    ...to,
    delta: {
      free: to.free - from.free,
      MemTotal_kB: memTotal - from.memTotal,
      managed: to.managed - from.managed,
      present: to.present - from.present,
      normal_spanned: to.normalSpanned - from.normalSpanned,
      slab: slab - from.slab,
    },
  };
}

/** Waits for `count` new blocks and returns them in order. */
async function newBlocks(guest: Guest, known: readonly number[], count: number): Promise<number[]> {
  for (let tries = 0; tries < 30; tries++) {
    const fresh = (await memoryBlocks(guest)).filter((b) => !known.includes(b));
    if (fresh.length === count) return fresh;
    await guest.shell.text("sleep 1");
  }
  throw new Error(`Cannot plug a DIMM: ${count} memory blocks did not appear`);
}

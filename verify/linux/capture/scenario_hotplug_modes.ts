// SPDX-License-Identifier: GPL-2.0-only
// `hotplug_modes`: DIMMs of several memory blocks under every value of memmap_on_memory: N, Y, and force, which kernels
// before 6.6 refuse (they then keep N). All blocks go online, offline, and the DIMM goes.

import { dramOf, type Scenario } from "./scenario.ts";
import { BLOCK_MIB, plug } from "./scenario_hotplug.ts";

const DRAM_MIB = 4096;
const BLOCKS = 4;

/** A guest for each value. */
export const hotplugModes: Scenario = async (capture) => {
  const { dram, dramMiB } = dramOf(capture, DRAM_MIB);
  const runs: Record<string, unknown> = {};
  for (const mode of ["N", "Y", "force"]) {
    capture.note(`a DIMM of ${BLOCKS} blocks, memmap_on_memory=${mode}`);
    const append = `memory_hotplug.memmap_on_memory=${mode}`;
    runs[mode] = await capture.withGuest({ dram, pmem: 0, append }, async (guest) => ({
      parameter: await guest.shell.text("cat /sys/module/memory_hotplug/parameters/memmap_on_memory"),
      states: await plug(guest, BLOCKS * BLOCK_MIB, BLOCKS, true),
    }));
  }
  return { dramMiB, memoryBlockMiB: BLOCK_MIB, blocks: BLOCKS, runs };
};

// SPDX-License-Identifier: GPL-2.0-only
// The guest's memory blocks in sysfs.

import type { Guest } from "./guest.ts";

const DIRECTORY = "/sys/devices/system/memory";

/** Numbers of the memory blocks, ascending. */
export async function memoryBlocks(guest: Guest): Promise<number[]> {
  const text = await guest.shell.text(`ls ${DIRECTORY}`);
  return [...text.matchAll(/\bmemory(\d+)\b/g)].map((m) => Number(m[1])).sort((a, b) => a - b);
}

/** Puts a block online or offline. */
export async function setBlock(guest: Guest, block: number, state: string): Promise<void> {
  await guest.shell.text(`echo ${state} > ${DIRECTORY}/memory${block}/state`);
}

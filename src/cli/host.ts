// SPDX-License-Identifier: GPL-2.0-only
// Asks the host how much memory it has for the emulated metadata. Needs --allow-sys; without it the default is used.

/** Bytes of memory the host has available, less a margin for the program itself; undefined if unknown. */
export function hostMemory(): number | undefined {
  try {
    const { available } = Deno.systemMemoryInfo();
    return available > 0 ? Math.floor(available * 0.9) : undefined;
  } catch {
    return undefined;
  }
}

// SPDX-License-Identifier: GPL-2.0-only
// Loads the C yardstick (native/*.c) into this process: compiled with `cc -O2` into a build directory of its own,
// opened by FFI. Without a compiler, or without permission for FFI or for running it, one line says so and the C side
// is left out of the benches.

import type { Kernel } from "../src/mm/kernel.ts";
import { pageWordForWrite } from "../src/mm/page.ts";

const SOURCES = ["gup.c", "memmap.c"] as const;
const SYMBOLS = {
  gup_setup: { parameters: ["pointer", "u64", "u64", "u64", "u64", "u64", "u64"], result: "void" },
  gup_get_base: { parameters: ["buffer", "u64", "usize", "buffer"], result: "usize" },
  gup_get_base_locked: { parameters: ["buffer", "u64", "usize", "buffer"], result: "usize" },
  gup_get_compound: { parameters: ["buffer", "u64", "usize", "buffer"], result: "usize" },
  gup_put: { parameters: ["buffer", "buffer", "usize"], result: "usize" },
  gup_put_locked: { parameters: ["buffer", "buffer", "usize"], result: "usize" },
  gup_refs: { parameters: [], result: "i64" },
  init_base: { parameters: ["pointer", "buffer", "usize", "u64", "u64"], result: "usize" },
  init_compound: { parameters: ["pointer", "buffer", "usize", "u64", "u64", "u64"], result: "usize" },
  fresh_memory: { parameters: ["usize"], result: "pointer" },
  release_memory: { parameters: ["pointer", "usize"], result: "void" },
  drop_memory: { parameters: ["pointer", "usize"], result: "void" },
  populate_reset: { parameters: ["buffer", "buffer", "buffer", "usize"], result: "void" },
  populate: { parameters: ["usize"], result: "usize" },
} as const;

/** The functions of native/*.c. */
export type Yardstick = Deno.DynamicLibrary<typeof SYMBOLS>["symbols"];

/** Compiles and opens the yardstick; null, with one line on stderr, if that is impossible. */
export function loadYardstick(): Yardstick | null {
  const here = new URL("./native/", import.meta.url);
  const build = new URL("./build/", here);
  // Bench files load concurrently; each opens a library of its own.
  const library = new URL(`./yardstick-${crypto.randomUUID()}.so`, build);
  try {
    Deno.mkdirSync(build, { recursive: true });
    const { success, stderr } = new Deno.Command("cc", {
      args: ["-O2", "-shared", "-fPIC", "-o", library.pathname, ...SOURCES.map((name) => new URL(name, here).pathname)],
    }).outputSync();
    if (!success) throw new Error(new TextDecoder().decode(stderr).split("\n")[0]);
    const { symbols } = Deno.dlopen(library, SYMBOLS);
    Deno.removeSync(library);
    return symbols;
  } catch (error) {
    console.error(`No C yardstick (${error instanceof Error ? error.message : error}): C benches are skipped`);
    return null;
  }
}

/** Pointer to the first byte of a machine's memory. It does not keep the machine alive. */
export function memoryPointer(k: Kernel): Deno.PointerValue {
  return Deno.UnsafePointer.of(k.phys.bytes as Uint8Array<ArrayBuffer>);
}

/**
 * Locations of the frames below `end`, in the C side's format: page number in the machine's memory plus one, or
 * 0.
 */
export function frameSlots(k: Kernel, end: number): Uint32Array<ArrayBuffer> {
  const slots = new Uint32Array(end);
  for (let pfn = 0; pfn < end; pfn++) slots[pfn] = Math.floor(k.phys.wordBase(pfn) / k.phys.pageWords) + 1;
  return slots;
}

/**
 * Locations of the memmap of `count` units of `step` frames each, from frame `pfn` on, in the C side's format: the page
 * number, in the machine's memory, where each unit's memmap begins. `offset` shifts single units, in frames.
 */
export function memmapSlots(
  k: Kernel,
  pfn: number,
  count: number,
  step: number,
  offset: (i: number) => number = () => 0,
): Uint32Array<ArrayBuffer> {
  const slots = new Uint32Array(count);
  for (let i = 0; i < count; i++) {
    slots[i] = Math.floor(pageWordForWrite(k, pfn + i * step + offset(i), 0) / k.phys.pageWords);
  }
  return slots;
}

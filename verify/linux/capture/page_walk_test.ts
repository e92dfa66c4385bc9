// SPDX-License-Identifier: GPL-2.0-only
// page_walk.ts on a made-up memory: tables written entry by entry, as a kernel would.

import { assertEquals } from "@std/assert";
import {
  arm64Format,
  type TableFormat,
  topLevelOf,
  translate,
  vmemmapAddress,
  walkDirectMap,
  walkVmemmap,
  X86_64,
} from "./page_walk.ts";

const PRESENT = 0x63;
const PSE = 0xe3;
const VMEMMAP_PGD_INDEX = 468;
const DIRECT_MAP_PGD_INDEX = 273;

/** Physical memory of frames that exist once written; frames are zeros before. The root is frame 1. */
function memory(format: TableFormat = X86_64) {
  const { pageBytes } = format;
  const frames = new Map<number, DataView>();
  const view = (frame: number) => {
    const found = frames.get(frame) ?? new DataView(new ArrayBuffer(pageBytes));
    frames.set(frame, found);
    return found;
  };
  const read = (frame: number) => Promise.resolve(new Uint8Array(view(frame).buffer));
  return {
    tables: { read, root: 1, format },
    set: (table: number, index: number, frame: number, bits: number) =>
      view(table).setBigUint64(8 * index, BigInt(frame * pageBytes + bits) + (1n << 63n), true),
  };
}

/** A root with one PUD table (2), one PMD table (3). */
function rootedMemory() {
  const m = memory();
  m.set(1, VMEMMAP_PGD_INDEX, 2, PRESENT);
  m.set(2, 0, 3, PRESENT);
  return m;
}

Deno.test("walkVmemmap() finds PTEs, a PMD leaf and the tables above them", async () => {
  const m = rootedMemory();
  m.set(3, 4, 0x123456, PRESENT); // PTE table
  m.set(0x123456, 510, 100, PRESENT);
  m.set(0x123456, 511, 101, PRESENT);
  m.set(3, 5, 0x200000, PSE);
  const walk = await walkVmemmap(m.tables, 4 * 512, 1024);
  assertEquals(walk.leaves, [
    { page: 4 * 512 + 510, level: 0, frame: 100 },
    { page: 4 * 512 + 511, level: 0, frame: 101 },
    { page: 5 * 512, level: 1, frame: 0x200000 },
  ]);
  assertEquals(walk.tables.map((t) => [...t]), [[0x123456], [3], [2]]);
});

Deno.test("walkVmemmap() leaves out entries outside the range, even inside one table", async () => {
  const m = rootedMemory();
  m.set(3, 0, 7, PRESENT);
  for (let i = 0; i < 512; i++) m.set(7, i, 1000 + i, PRESENT);
  const { leaves } = await walkVmemmap(m.tables, 10, 3);
  assertEquals(leaves.map((l) => [l.page, l.frame]), [[10, 1010], [11, 1011], [12, 1012]]);
});

Deno.test("walkVmemmap() crosses from one top-level entry into the next", async () => {
  const m = memory();
  m.set(1, VMEMMAP_PGD_INDEX, 2, PRESENT);
  m.set(2, 511, 3, PRESENT);
  m.set(3, 511, 0x400, PSE);
  m.set(1, VMEMMAP_PGD_INDEX + 1, 4, PRESENT);
  m.set(4, 0, 5, PRESENT);
  m.set(5, 0, 0x600, PSE);
  const pages = 512 ** 3;
  const walk = await walkVmemmap(m.tables, pages - 512, 1024);
  assertEquals(walk.leaves.map((l) => l.page), [pages - 512, pages]);
  assertEquals(walk.tables.map((t) => t.size), [0, 2, 2]);
});

Deno.test("walkVmemmap() finds nothing below an absent entry", async () => {
  const walk = await walkVmemmap(memory().tables, 0, 4096);
  assertEquals(walk.leaves, []);
  assertEquals(walk.tables.map((t) => t.size), [0, 0, 0]);
});

Deno.test("translate() gives the physical address of a PTE, of a PMD leaf, and -1", async () => {
  const m = rootedMemory();
  m.set(3, 0, 7, PRESENT);
  m.set(7, 3, 0x17dea8, PRESENT);
  m.set(3, 1, 0x200, PSE);
  assertEquals(await translate(m.tables, 3 * 4096 + 64), 0x17dea8040);
  assertEquals(await translate(m.tables, (512 + 5) * 4096 + 128), (0x200 + 5) * 4096 + 128);
  assertEquals(await translate(m.tables, 4 * 4096), -1);
});

//  GiB   1                2                3
//        |  1G leaf       |  PMD table: one 2M leaf, then nothing
Deno.test("walkDirectMap() finds leaves of 1G and of 2M by the frames they map", async () => {
  const m = memory();
  m.set(1, DIRECT_MAP_PGD_INDEX, 2, PRESENT);
  m.set(2, 1, 512 ** 2, PSE);
  m.set(2, 2, 3, PRESENT);
  m.set(3, 0, 2 * 512 ** 2, PSE);
  const walk = await walkDirectMap(m.tables, 512 ** 2, 2 * 512 ** 2);
  assertEquals(walk.leaves, [
    { page: 512 ** 2, level: 2, frame: 512 ** 2 },
    { page: 2 * 512 ** 2, level: 1, frame: 2 * 512 ** 2 },
  ]);
  assertEquals(walk.tables.map((t) => [...t]), [[], [3], [2]]);
  assertEquals((await walkVmemmap(m.tables, 0, 2 * 512 ** 2)).leaves, []);
});

//  root entry 2 -> 64K tables of 8192 entries: a PTE, and a 512M block, both with bits above the address set
Deno.test("A walk of arm64 tables with 64K pages has three levels and takes blocks for leaves", async () => {
  const BLOCK = 0x701;
  const TABLE = 0x703;
  const format = arm64Format({ pageBytes: 65536, addressBits: 48, vmemmapPage: 2 * 8192 ** 2, directMapPage: 0 });
  const m = memory(format);
  m.set(1, 2, 3, TABLE);
  m.set(3, 0, 4, TABLE);
  m.set(4, 8191, 77, TABLE);
  m.set(3, 1, 8192, BLOCK);
  const walk = await walkVmemmap(m.tables, 8191, 2);
  assertEquals(walk.leaves, [{ page: 8191, level: 0, frame: 77 }, { page: 8192, level: 1, frame: 8192 }]);
  assertEquals(walk.tables.map((t) => [...t]), [[4], [3], []]);
  assertEquals(await translate(m.tables, 8193 * 65536 + 64), 8193 * 65536 + 64);
  assertEquals(vmemmapAddress(X86_64), 0xffffea0000000000n);
  const levels = [[4096, 48], [16384, 47], [16384, 48], [65536, 48], [65536, 52]];
  assertEquals(levels.map(([bytes, bits]) => topLevelOf({ pageBytes: bytes, addressBits: bits })), [3, 2, 3, 2, 2]);
});

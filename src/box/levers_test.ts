// SPDX-License-Identifier: GPL-2.0-only
// Levers of machines that differ in one thing: possible or not, the gain, the reason. Expected bytes from the formulas
// of the documents: 64 bytes per base page, 2 pages kept per compound, 7 of 8 or 4095 of 4096 freed.

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { newEmulator } from "./emulate.ts";
import { readBox } from "./join.ts";
import { reportBy } from "./report.ts";

const GIB = 2 ** 30;
const MIB = 2 ** 20;
const emulator = newEmulator();

function levers(...lines: string[]) {
  return reportBy(emulator, readBox([{ name: "f", text: lines.join("\n") }])).levers;
}

const DRAM = "RANGE SIZE STATE NODE\n0x0-0x7fffffff 2G online 0\n0x100000000-0x17fffffff 2G online 0";
const namespace = (mode: string, map: string, size: number) =>
  `{"dev":"namespace0.0","mode":"${mode}","map":"${map}","align":2097152,"size":${size}}`;

Deno.test("hugetlb_free_vmemmap: by kernel, and why not", () => {
  const pool = ["HugePages_Total: 1024\nHugepagesize: 2048 kB", DRAM];
  const of = (...lines: string[]) => levers(...pool, ...lines).find((l) => l.kind === "hugetlb_free_vmemmap")!;
  // 17 PTE tables: 16 sections, and the one that the pool begins in.
  assertEquals(of("Linux version 6.1.0 x").dramBytes, 1024 * 7 * 4096 - 17 * 4096);
  assertEquals(of("Linux version 5.15.0 x").dramBytes, 1024 * 6 * 4096 - 17 * 4096);
  assertEquals(of("Linux version 5.10.0 x").why, "needs Linux 5.14, this is 5.10.0");
  assertEquals(of("Linux version 6.1.0 x", "Command line: hugetlb_free_vmemmap=on").why, "is on already");
  const both = of("Linux version 5.15.0 x", "Command line: memory_hotplug.memmap_on_memory=1");
  assertEquals(both.caution, "up to 5.19 it switches memmap_on_memory off");
  assertEquals(of("Linux version 6.1.0 x").commands.length, 2);
});

Deno.test("map, align and mode of a namespace: bytes gained and lost", () => {
  const size = 3 * GIB;
  const by = (kind: string, mode: string, map: string, usable: number, ...lines: string[]) =>
    levers(namespace(mode, map, usable), "Linux version 6.1.0 x", ...lines).filter((l) => l.kind === kind);
  // mem to dev: frees 2 pages per 2 MiB and 24 tables; 48 MiB of pmem hold the memmap of 3 GiB.
  const [dev] = by("map", "devdax", "mem", size - 2 * MIB);
  assertEquals([dev.dramBytes, dev.pmemBytes], [(1536 * 2 + 24) * 4096, -48 * MIB]);
  assertStringIncludes(dev.commands[0], "ndctl create-namespace -f -e namespace0.0 -m devdax -M dev -a 2M");
  // A page of 1 GiB keeps 2 of 4096; the data begins at 1 GiB.
  const [align] = by("align", "devdax", "mem", size - 2 * MIB);
  assertEquals([align.dramBytes, align.pmemBytes], [(1536 - 3) * 2 * 4096, -(GIB - 2 * MIB)]);
  // fsdax has all struct pages, in 2 MiB leaves.
  const [mode] = by("mode", "fsdax", "mem", size - 2 * MIB);
  assertEquals([mode.dramBytes, mode.changesUse], [48 * MIB - (1536 * 2 + 24) * 4096, true]);
  const none = by("mode", "fsdax", "dev", size - 50 * MIB).find((lever) => lever.why !== null)!;
  assertStringIncludes(none.why!, "with map=dev no tail pages are shared");
});

Deno.test("a kernel that shares tail pages is a lever for one that does not", () => {
  const [kernel] = levers(namespace("devdax", "mem", 3 * GIB - 2 * MIB), "Linux version 5.14.0 x")
    .filter((l) => l.kind === "kernel");
  assertEquals(kernel.dramBytes, 48 * MIB - (1536 * 2 + 24) * 4096);
  assertStringIncludes(kernel.commands[0], "boot Linux ");
});

Deno.test("a lever whose memmap does not fit into DRAM is impossible", () => {
  // 6 TiB of fsdax with its memmap on itself; 96 GiB in 4 GiB of DRAM.
  const usable = 6144 * GIB * 63 / 64 - 2 * MIB;
  const [mem] = levers(namespace("fsdax", "dev", usable), "Linux version 6.1.0 x", DRAM).filter((l) =>
    l.kind === "map"
  );
  assertEquals(mem.why, "needs 96 GiB of DRAM, the machine has 4 GiB");
  assertEquals([mem.dramBytes, mem.commands], [0, []]);
});

Deno.test("larger memory blocks cut off more; memmap_on_memory by kernel", () => {
  const device = '[{"chardev":"dax0.0","size":4292870144,"target_node":1,"align":2097152,"mode":"system-ram",' +
    '"mappings":[{"page_offset":0,"start":5370806272,"end":9663676415,"size":4292870144}]}]';
  // 4 GiB - 2 MiB from 5 GiB + 2 MiB on: one block of 2 GiB, 31 of 128 MiB.
  const of = (kind: string, ...lines: string[]) =>
    levers(device, DRAM, "Memory block size: 2G", ...lines).find((l) => l.kind === kind)!;
  const blocks = of("block size", "Linux version 6.1.0 x");
  assertEquals([blocks.ramBytes, blocks.why], [
    31 * 128 * MIB - 2 * GIB,
    "the kernel chooses 2G by itself where there are 64G of memory or more",
  ]);
  const old = of("memmap_on_memory", "Linux version 6.1.0 x");
  assertEquals([old.dramBytes, old.ramBytes, old.why], [
    32 * MIB,
    -32 * MIB,
    "kmem has it since Linux 6.8, this is 6.1.0",
  ]);
  assert(old.commands.includes("boot Linux 6.8 or later"));
});

// DRAM by the firmware, and 1 GiB that lsmem has beside it:  | 0 .. 2G | 4G .. 6G | 6G .. 7G: memory48-55 |
const E820 = "BIOS-e820: [mem 0x0000000000000000-0x000000007fffffff] usable\n" +
  "BIOS-e820: [mem 0x0000000100000000-0x000000017fffffff] usable";
const ADDED = `${DRAM}\n0x180000000-0x1bfffffff 1G online 0`;

Deno.test("memory outside the firmware's map was added: DIMMs that may hold their own memmap", () => {
  const of = (...lines: string[]) => reportBy(emulator, readBox([{ name: "f", text: lines.join("\n") }]));
  const report = of(ADDED, E820, "Linux version 6.12.0 x");
  assertEquals(report.costs.map(({ kind, name, dramBytes: dram }) => [kind, name, dram / MIB]), [
    ["memory", "node 0", 64],
    ["ram", "memory48-55", 16],
  ]);
  assertEquals(report.levers.length, 1);
  const [lever] = report.levers;
  // Added block by block, the GiB is mapped by leaves of 2M in a PMD table instead of one of 1G.
  assertEquals([lever.kind, lever.dramBytes, lever.ramBytes, lever.why], [
    "memmap_on_memory",
    16 * MIB - 4096,
    -16 * MIB,
    null,
  ]);
  assertEquals(lever.commands, [
    "kernel command line: memory_hotplug.memmap_on_memory=1",
    "chmem -d 0x180000000-0x1bfffffff",
    "unplug the memory and plug it again",
  ]);
  // Of several blocks since 6.8; of one since 5.14.
  assertEquals(
    of(ADDED, E820, "Linux version 6.1.0 x").levers[0].why,
    "memory of several blocks has it since Linux 6.8, this is 6.1.0",
  );
  const one = `${DRAM}\n0x180000000-0x187ffffff 128M online 0`;
  assertEquals(of(one, E820, "Linux version 6.1.0 x").levers[0].dramBytes, 2 * MIB);
  // Already on; memory of virtio_mem never has it; without the firmware's map all memory counts as boot's.
  const on = of(ADDED, E820, "Linux version 6.12.0 x", "Command line: memory_hotplug.memmap_on_memory=1");
  assertEquals([on.levers[0].why, on.costs[1].onMemoryBytes, on.costs[1].dramBytes], ["is on already", 16 * MIB, 0]);
  const virtio = of(ADDED, E820, "180000000-1bfffffff : virtio0\n  180000000-1bfffffff : System RAM (virtio_mem)");
  assertStringIncludes(virtio.levers[0].why!, "virtio_mem never asks for it");
  assertEquals(of(ADDED).costs.map(({ kind, dramBytes: dram }) => [kind, dram / MIB]), [["memory", 80]]);
});

Deno.test("lsmem's MEMMAP-ON-MEMORY overrides what the kernel would do", () => {
  const table = "RANGE SIZE STATE MEMMAP-ON-MEMORY\n0x0-0x7fffffff 2G online no\n0x100000000-0x13fffffff 1G online yes";
  for (const version of ["6.1.0", "6.12.0"]) {
    const { costs } = reportBy(emulator, readBox([{ name: "f", text: `${table}\nLinux version ${version} x` }]));
    assertEquals(
      costs.map(({ kind, dramBytes: dram, onMemoryBytes: onMemory }) => [kind, dram / MIB, onMemory / MIB]),
      [
        ["memory", 32, 0],
        ["ram", 0, 16],
      ],
    );
  }
});

Deno.test("memmap_on_memory=force is read, and counts from 6.6 on; a block that is one pageblock holds nothing either way", () => {
  // A block of 512 MiB of 64 KiB pages has 512 KiB of memmap; a pageblock has all of the block, so nothing fits.
  const device = (start: number) =>
    '[{"chardev":"dax0.0","size":2147483648,"target_node":1,"align":2097152,"mode":"system-ram",' +
    `"mappings":[{"page_offset":0,"start":${start},"end":${start + 2 ** 31 - 1},"size":2147483648}]}]`;
  const of = (...lines: string[]) =>
    reportBy(emulator, readBox([{ name: "f", text: [device(2 ** 33), DRAM, ...lines].join("\n") }]));
  const never = of("Linux version 6.12.0-arm64-64k x", "Memory block size: 512M").levers[0];
  assertEquals(never.why, "blocks of 512M cannot hold their own memmap");
  // The value is read from either place.
  for (const line of ["Command line: memory_hotplug.memmap_on_memory=force", "Memmap on memory parameter: force"]) {
    const { box, costs } = of("Linux version 6.12.0 x", line);
    assertEquals([box.runningKernel.memmapOnMemory, costs.at(-1)!.onMemoryBytes], ["force", 32 * MIB]);
    // Kernels before 6.6 take it for off.
    assertEquals(of("Linux version 6.1.0 x", line).costs.at(-1)!.onMemoryBytes, 0);
  }
});

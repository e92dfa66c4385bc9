// SPDX-License-Identifier: GPL-2.0-only
// The example box, to the byte; expected figures are computed by hand beside each.

import { assertEquals } from "@std/assert";
import { readBox } from "./join.ts";
import { boxReport } from "./report.ts";

const MIB = 2 ** 20;
const GIB = 2 ** 30;
const DIR = new URL("../../fixtures/box/", import.meta.url);

/** The example box's files, in the order of their names. */
function example() {
  const names = [...Deno.readDirSync(DIR)].map((e) => e.name).filter((name) => name !== "README.md").sort();
  return names.map((name) => ({ name, text: Deno.readTextFileSync(new URL(name, DIR)) }));
}

const REPORT = boxReport(readBox(example()));

Deno.test("the example box is one machine, whichever order its files come in", () => {
  const box = readBox(example());
  assertEquals(box.dram, [{ node: 0, start: 0, end: 2 * GIB }, { node: 0, start: 4 * GIB, end: 18 * GIB }]);
  assertEquals(box.regions.map((r) => [r.dev, r.start, r.sizeBytes]), [["region0", 18 * GIB, 64 * GIB]]);
  const [ns] = box.regions[0].namespaces;
  assertEquals([ns.mode, ns.map, ns.alignBytes, ns.sizeBytes, ns.chardev], [
    "devdax",
    "dev",
    2 * MIB,
    64 * GIB,
    "dax0.0",
  ]);
  assertEquals(box.ram.map((r) => [r.dev, r.node, r.namespace, r.zone]), [["dax0.0", 2, "namespace0.0", "Movable"]]);
  assertEquals(box.pools.map((p) => [p.sizeBytes, p.count]), [[2 * MIB, 20480]]);
  const { release, preset, hugetlbFreeVmemmap, memmapOnMemory, blockBytes } = box.runningKernel;
  assertEquals([release, preset, hugetlbFreeVmemmap, memmapOnMemory, blockBytes], [
    "6.1.0-99-amd64",
    "6.1",
    true,
    true,
    128 * MIB,
  ]);
  const strip = ({ contradictions, statements: said, ...rest }: typeof box) => ({
    ...rest,
    said: said.length,
    n: contradictions.length,
  });
  assertEquals(strip(readBox(example().reverse())), strip(box));
  const pasted = readBox([{ name: "all", text: example().map(({ text }) => text).join("\n") }]);
  assertEquals([pasted.regions[0].sizeBytes, pasted.ram.length, pasted.notes], [64 * GIB, 1, []]);
});

Deno.test("the example box: what struct pages cost, to the byte", () => {
  const { costs, total, nodes, regions } = REPORT;
  const figures = costs.map((
    c,
  ) => [c.name, c.node, c.dramBytes, c.pmemBytes, c.onMemoryBytes, c.tableBytes, c.lostBytes, c.usableBytes]);
  assertEquals(figures, [
    // 16 GiB / 64; a PMD table and a PUD table.
    ["node 0", 0, 256 * MIB, 0, 0, 2 * 4096, 0, 16 * GIB],
    // 1 GiB for the memmap of map=dev, and 8 KiB rounded up to 2 MiB: nobody uses it, kmem made RAM of the rest.
    ["namespace0.0", 0, 0, 0, 0, 0, 1026 * MIB, 63 * GIB - 2 * MIB],
    // 503 blocks of 128 MiB; the window of memmap from 64 GiB on gets a PMD table.
    ["dax0.0", 2, 503 * 2 * MIB, 0, 0, 4096, 126 * MIB, 503 * 128 * MIB],
    // 7 of 8 vmemmap pages; 64 pages share a PTE table, and one more section is begun.
    ["20480 x 2M", 0, -20480 * 7 * 4096, 0, 0, 321 * 4096, 0, 40 * GIB],
  ]);
  const dram = 256 * MIB + 503 * 2 * MIB - 20480 * 7 * 4096;
  const tables = (2 + 1 + 321) * 4096;
  assertEquals(total, {
    name: "all",
    dramBytes: dram,
    tableBytes: tables,
    // A PMD table of leaves of 2 MiB, for the GiB in which the blocks begin.
    directMapBytes: 4096,
    pmemBytes: 0,
    onMemoryBytes: 0,
    lostBytes: (1026 + 126) * MIB,
  });
  assertEquals(total.dramBytes, 736100352);
  assertEquals(nodes.map((n) => [n.name, n.dramBytes]), [["node 0", 256 * MIB - 560 * MIB], ["node 2", 1006 * MIB]]);
  assertEquals(regions.map((r) => [r.name, r.dramBytes, r.lostBytes]), [["region0", 1006 * MIB, 1152 * MIB]]);
});

Deno.test("the example box: its own words beside the emulator's", () => {
  const { checks } = REPORT;
  assertEquals(checks.map((c) => [c.what, c.of, c.said, c.agrees]), [
    ["usable bytes", "namespace0.0", 63 * GIB - 2 * MIB, true],
    ["data begins at byte", "namespace0.0", 0x4c0200000, true],
    ["memory blocks", "dax0.0", 503, true],
    ["first memory block", "dax0.0", 153, true],
    ["memory blocks", "dax0.0", 503, true],
    ["bytes cut off by kmem", "dax0.0", 126 * MIB, true],
    // 512 MiB at a multiple of 256 MiB hold four blocks of 128 MiB.
    ["bytes that make no block", "dax1.0", 512 * MIB, false],
    ["pages spanned by the zone", "node 0 Device", 64 * GIB / 4096, true],
    ["pages spanned by the zone", "node 2 Movable", 503 * 32768, true],
    ["struct pages initialised", "", (63 * GIB - 2 * MIB) / 4096, true],
    // 6.1 keeps one page of eight, 5.14 two.
    ["vmemmap bytes freed of a page", "2M", 6 * 4096, false],
    ["vmemmap bytes freed of a page", "2M", 7 * 4096, true],
  ]);
});

Deno.test("the example box: contradictions are reported", () => {
  const { contradictions } = readBox(example());
  assertEquals(contradictions.map(({ text, places }) => [text, places.map((p) => `${p.file}:${p.line}`).join(" ")]), [
    [
      "dax0.0 is devdax to ndctl and system-ram to daxctl; taken as system-ram",
      "ndctl-list.json:4 daxctl-list.json:1",
    ],
    [
      "MemTotal is 125 GiB, more than the 78.88 GiB that lsmem has online: of another time or machine",
      "meminfo.txt:1 lsmem.txt:2",
    ],
    ["memmap=4G!20G marks 4G at 20G, inside region0 (64G at 18G)", "dmesg.txt:2"],
    ["HugeTLB can free 24 KiB and 28 KiB of a 2M page: lines of two kernels", "dmesg.txt:3 dmesg.txt:4"],
    [
      "the command line asks for 40 huge pages of 1G, more than the 16G of memory at boot; no counter says how many " +
      "there are: not counted",
      "dmesg.txt:2",
    ],
  ]);
});

Deno.test("the example box: gains and losses of the levers", () => {
  const { levers } = REPORT;
  const figures = levers.map((l) => [l.kind, l.dramBytes, l.pmemBytes, l.ramBytes, l.why === null]);
  // With map=mem the data begins 2 MiB in, and 511 of 512 blocks are whole.
  assertEquals(figures.filter(([kind]) => kind === "map"), [["map", -8 * 2 * MIB, 0, GIB, true]]);
  // Not before 6.8: 503 blocks of 128 MiB would hold their own 2 MiB. Each of 62 whole GiB takes a PMD table then.
  assertEquals(figures.filter(([kind]) => kind === "memmap_on_memory"), [
    ["memmap_on_memory", 1006 * MIB - 62 * 4096, 0, -1006 * MIB, false],
  ]);
  // 32768 compounds with 2 pages each, 512 PTE tables and the PMD table that the blocks have, too. The direct map
  // of the blocks has one PMD table more than that of the device.
  assertEquals(figures.filter(([kind]) => kind === "mode"), [
    ["mode", 1006 * MIB - 32768 * 2 * 4096 - 512 * 4096 + 4096, 64 * GIB - 2 * MIB, -503 * 128 * MIB, true],
  ]);
  assertEquals(levers.find((l) => l.kind === "hugetlb_free_vmemmap")?.why, "is on already");
});

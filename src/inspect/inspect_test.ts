// SPDX-License-Identifier: GPL-2.0-only
// The views are in Linux's format, and readBox() reads the same machine from them.

import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { readBox } from "../box/join.ts";
import { RELEASES } from "../box/kernel_of.ts";
import { checksOf } from "../box/checks.ts";
import { newEmulator } from "../box/emulate.ts";
import { usableBytes } from "../drivers/nvdimm/namespace.ts";
import { VIEWS } from "./inspect.ts";
import { bringUp, type InspectOptions } from "./machine.ts";
import { vmstatNames } from "./vmstat_names.ts";

const GIB = 2 ** 30;
const MIB = 2 ** 20;

const EXAMPLE: InspectOptions = { pmem: [{ bytes: 64 * GIB, nid: 2 }], systemRam: true };
const EXAMPLE_FILES = new URL("../../fixtures/box/", import.meta.url);
const file = (name: string) => Deno.readTextFileSync(new URL(name, EXAMPLE_FILES));

Deno.test("the example box, brought up, prints what its files say", () => {
  const machine = bringUp(EXAMPLE);
  const pmem = VIEWS.iomem.print(machine).split("\n").slice(3).join("\n");
  assertEquals(pmem, file("iomem.txt"));
  const lsmem = VIEWS.lsmem.print(machine);
  // Without the zones of the first block, which are two here.
  for (const line of file("lsmem.txt").trimEnd().split("\n").filter((line) => !line.includes("None"))) {
    assert(lsmem.includes(line.replace(/ {2,}/g, " ").split(" ")[0]), line);
  }
  assertEquals(lsmem.split("\n").filter((line) => line.startsWith("0x00000001")), [
    "0x0000000100000000-0x000000047fffffff   14G online       yes  32-143    0  Normal",
  ]);
  assertEquals(JSON.parse(VIEWS.daxctl.print(machine))[0].devices, JSON.parse(file("daxctl-list.json"))[0].devices);
});

Deno.test("kmem's line about what alignment cuts off is printed as by string_get_size(), from 6.16 on", () => {
  const lines = (kernel: "6.12" | "7.3") =>
    VIEWS.dmesg.print(bringUp({ ...EXAMPLE, kernel })).split("\n").filter((line) => line.includes("truncated"));
  assertEquals(lines("6.12"), []);
  assertEquals(lines("7.3").map((line) => line.replace(/^\[.*?\] /, "")), [
    "kmem dax0.0: DAX region truncated by 126 MiB due to alignment",
  ]);
});

Deno.test("ndctl's JSON: indented by two blanks, none after a colon", () => {
  const text = VIEWS.ndctl.print(bringUp({ pmem: [{ bytes: GIB, nid: 0 }], namespaceMode: "fsdax", map: "mem" }));
  assertEquals(text.split("\n").slice(0, 6), [
    "{",
    '  "regions":[',
    "    {",
    '      "dev":"region0",',
    '      "size":1073741824,',
    '      "align":16777216,',
  ]);
  assert(text.includes('          "blockdev":"pmem0",\n'));
});

Deno.test("buddyinfo and zoneinfo line by line as seq_printf() pads them", () => {
  const machine = bringUp({ dram: [GIB], pmem: [] });
  assertEquals(
    VIEWS.buddyinfo.print(machine).split("\n")[0],
    "Node 0, zone      DMA      1      1      1      1      1      1      1      1      1      1      3 ",
  );
  const zoneinfo = VIEWS.zoneinfo.print(machine).split("\n");
  assertEquals(zoneinfo.slice(0, 3), ["Node 0, zone      DMA", "  per-node stats", "      nr_inactive_anon 0"]);
  const at = zoneinfo.indexOf("  pages free     4095");
  assertEquals(zoneinfo.slice(at, at + 10), [
    "  pages free     4095",
    "        boost    0",
    "        min      178",
    "        low      222",
    "        high     266",
    "        spanned  4096",
    "        present  4096",
    "        managed  4095",
    "        cma      0",
    "        protection: (0, 991, 991, 991, 991)",
  ]);
  // Boot keeps the memmap, a table of each level above the leaves, and the first frame.
  assertEquals(
    VIEWS.meminfo.print(machine).split("\n")[0],
    `MemTotal:        ${(GIB - 16 * MIB) / 1024 - 3 * 4 - 4} kB`,
  );
});

Deno.test("page-types: rows in the order of its table, all frames in one of them", () => {
  const machine = bringUp({ dram: [4 * GIB], pmem: [], hugetlb: [{ size: 2 * MIB, count: 3 }] });
  const rows = VIEWS["page-types"].print(machine).trimEnd().split("\n");
  assertEquals(rows.slice(1, -1).map((row) => row.split("\t")[2]), [
    "reserved",
    "nopage",
    "compound_head,huge",
    "compound_tail,huge",
    "buddy",
  ]);
  assertEquals(
    rows[3],
    `0x0000000000028000\t         3        0  ${"_".repeat(15)}H_G${"_".repeat(25)}\tcompound_head,huge`,
  );
  const counts = rows.slice(1).map((row) => Number(/\t\s*(\d+)/.exec(row)![1]));
  // 2 GiB below the hole, which ends at 4 GiB, and 2 GiB above.
  assertEquals([counts.at(-1), counts.slice(0, -1).reduce((a, b) => a + b)], [6 * GIB / 4096, 6 * GIB / 4096]);
});

Deno.test("names of vmstat by release: added and removed", () => {
  assertEquals(["5.14.0", "6.1.0", "6.12.0", "7.3.0"].map((r) => vmstatNames(r).length), [174, 174, 186, 198]);
  assertEquals(new Set(vmstatNames("7.3.0")).size, 198);
  const at = (release: string, name: string) => vmstatNames(release).indexOf(name);
  assertEquals(at("6.1.0", "nr_memmap_pages"), -1);
  assertEquals(at("6.12.0", "nr_memmap_pages") - at("6.12.0", "nr_dirty_background_threshold"), 1);
  assertEquals([at("6.12.0", "nr_bounce") >= 0, at("7.3.0", "nr_bounce")], [true, -1]);
});

/** Machines of all kinds. */
const options: fc.Arbitrary<InspectOptions> = fc.record({
  dram: fc.array(fc.integer({ min: 4, max: 8 }).map((n) => n * GIB), { minLength: 1, maxLength: 2 }),
  pmem: fc.array(fc.record({ bytes: fc.constantFrom(3, 17, 520).map((n) => n * 128 * MIB), nid: fc.nat(2) }), {
    maxLength: 2,
  }),
  namespaceMode: fc.constantFrom("devdax" as const, "fsdax" as const),
  map: fc.constantFrom("mem" as const, "dev" as const),
  align: fc.constantFrom(4096, 2 * MIB),
  systemRam: fc.boolean(),
  hugetlb: fc.subarray([{ size: 2 * MIB, count: 17 }]),
  kernel: fc.constantFrom(...RELEASES),
  hugetlbFreeVmemmap: fc.boolean(),
  memmapOnMemory: fc.boolean(),
}).map((o) => o.namespaceMode === "fsdax" ? { ...o, systemRam: false } : o);

Deno.test("readBox() restores the machine from the views, and every figure agrees", () => {
  const emulator = newEmulator();
  fc.assert(
    fc.property(options, fc.boolean(), (options, shuffled) => {
      const machine = bringUp(options);
      const names = shuffled ? Object.keys(VIEWS).reverse() : Object.keys(VIEWS);
      const texts = names.map((name) => ({ name, text: VIEWS[name].print(machine) }));
      const box = readBox(shuffled ? texts : [{ name: "all", text: texts.map(({ text }) => text).join("\n") }]);
      const { config, k, regions, namespaces } = machine;
      assertEquals(box.notes, []);
      assertEquals(box.contradictions, []);
      const dram = (node: number) =>
        box.dram.filter((d) => d.node === node).reduce((sum, { start, end }) => sum + end - start, 0);
      assertEquals(config.dram.map((_, node) => dram(node)), config.dram);
      assertEquals(
        box.regions.map((r) => [r.start, r.sizeBytes, r.node]),
        regions.map((r) => [r.start, r.end - r.start, r.nid]),
      );
      assertEquals(
        box.regions.flatMap((r) => r.namespaces).map((
          n,
        ) => [n.mode, n.map, n.alignBytes, n.start, n.sizeBytes, n.usableBytes]),
        namespaces.map((n) => [
          n.mode,
          n.info.mode,
          n.info.align,
          n.extent.start,
          n.extent.end - n.extent.start,
          usableBytes(k, n),
        ]),
      );
      assertEquals(
        box.ram.map((r) => r.ranges),
        config.systemRam ? namespaces.map((n) => n.dev!.ranges.map(bytes)) : [],
      );
      assertEquals(box.pools.map(({ sizeBytes: size, count }) => ({ size, count })), config.hugetlb);
      const { preset, hugetlbFreeVmemmap, memmapOnMemory, blockBytes } = box.runningKernel;
      assertEquals([preset, hugetlbFreeVmemmap, memmapOnMemory, blockBytes], [
        config.kernel,
        config.hugetlbFreeVmemmap,
        config.memmapOnMemory,
        k.hotplug.blockPages * 4096,
      ]);
      // Only what depends on where huge pages lie may be left open.
      const open = config.systemRam && config.memmapOnMemory && config.hugetlbFreeVmemmap && config.hugetlb.length > 0;
      const told = checksOf(box, emulator).filter((check) => !(open && check.emulated === null));
      assertEquals(told.filter((check) => !check.agrees), []);
    }),
    { numRuns: 10 },
  );
});

const bytes = ({ start, end }: { start: number; end: number }) => ({ start: start * 4096, end: end * 4096 });

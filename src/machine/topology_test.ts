// SPDX-License-Identifier: GPL-2.0-only
// The memory map against what QEMU's q35 board reports, and what makes no map.
//
//   4 GiB of DRAM:  | 0 .. 2G | hole | 4G .. 6G |           pmem from 6G  = 0x180000000
//   6 GiB of DRAM:  | 0 .. 2G | hole | 4G .. 8G |           pmem from 8G  = 0x200000000

import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { X86_64 } from "../arch/x86/x86_64.ts";
import { parseSize } from "../lib/units.ts";
import { layoutTopology, type TopologySpec } from "./topology.ts";

function spec(dram: string[], pmem: TopologySpec["pmem"]): TopologySpec {
  const bytes = dram.map(parseSize);
  return {
    dram: bytes,
    pmem,
    lowEndBytes: X86_64.lowEndBytes(bytes.reduce((sum, b) => sum + b, 0)),
    highStartBytes: X86_64.highStartBytes,
    regionAlignBytes: X86_64.regionAlignBytes,
    pageBytes: 4096,
  };
}

const GIB = 2 ** 30;
const PFN_1G = 262144;

Deno.test("layoutTopology() puts pmem where QEMU's q35 does", () => {
  // From a Linux 6.1 guest: 4096 MiB and 6144 MiB of memory, one NVDIMM.
  assertEquals(layoutTopology(spec(["4G"], [{ bytes: GIB }])).pmem[0].start * 4096, 0x180000000);
  assertEquals(layoutTopology(spec(["6G"], [{ bytes: GIB }])).pmem[0].start * 4096, 0x200000000);
});

Deno.test("layoutTopology() splits DRAM around the 32-bit hole once there is more than 2.75 GiB", () => {
  assertEquals(layoutTopology(spec(["2G"], [])).dram, [{ nid: 0, start: 0, end: 2 * PFN_1G }]);
  assertEquals(layoutTopology(spec(["4G"], [])).dram, [
    { nid: 0, start: 0, end: 2 * PFN_1G },
    { nid: 0, start: 4 * PFN_1G, end: 6 * PFN_1G },
  ]);
});

Deno.test("layoutTopology() lays nodes one after the other and regions aligned behind them", () => {
  const map = layoutTopology(spec(["4G", "512M"], [{ bytes: GIB, nid: 1 }, { bytes: 2 * GIB }]));
  assertEquals(map.dram[2], { nid: 1, start: 6 * PFN_1G, end: 6.5 * PFN_1G });
  assertEquals(map.pmem.map(({ spec: _, ...region }) => region), [
    { id: 0, nid: 1, start: 7 * PFN_1G, end: 8 * PFN_1G },
    { id: 1, nid: 0, start: 8 * PFN_1G, end: 10 * PFN_1G },
  ]);
  assertEquals([map.maxPfn, map.pmemStart], [10 * PFN_1G, 7 * PFN_1G]);
});

Deno.test("layoutTopology() has no pmem tier without pmem", () => {
  const map = layoutTopology(spec(["1G"], []));
  assertEquals([map.maxPfn, map.pmemStart], [PFN_1G, Infinity]);
});

Deno.test("layoutTopology() can place a region in the middle of a section", () => {
  const start = GIB + 2 * 2 ** 20;
  assertEquals(layoutTopology(spec(["1G"], [{ bytes: GIB, startBytes: start }])).pmem[0].start, start / 4096);
});

Deno.test("layoutTopology() places every page of every node and region once, in order and clear of the hole", () => {
  const pages = fc.oneof(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 2 * PFN_1G }));
  const sizes = fc.array(pages, { maxLength: 3 });
  fc.assert(fc.property(fc.array(pages, { minLength: 1, maxLength: 4 }), sizes, sizes, (dram, hotplug, pmem) => {
    const regions = (pages: number[]) => pages.map((n) => ({ bytes: n * 4096, nid: dram.length - 1 }));
    const given = { ...spec(dram.map((n) => `${n * 4096}`), regions(pmem)), hotplug: regions(hotplug) };
    const map = layoutTopology(given);
    for (const [nid, n] of dram.entries()) {
      const own = map.dram.filter((r) => r.nid === nid);
      assertEquals(own.reduce((sum, r) => sum + r.end - r.start, 0), n);
    }
    for (const { start, end } of map.dram) {
      assert(end * 4096 <= given.lowEndBytes || start * 4096 >= given.highStartBytes);
    }
    assertEquals(
      map.hotplug.map((r) => [r.id, r.nid, r.end - r.start]),
      hotplug.map((n, i) => [i, dram.length - 1, n]),
    );
    assertEquals(map.pmem.map((r) => [r.id, r.nid, r.end - r.start]), pmem.map((n, i) => [i, dram.length - 1, n]));
    let next = 0;
    for (const { start, end } of [...map.dram, ...map.hotplug, ...map.pmem]) {
      assert(next <= start && start < end);
      next = end;
    }
    assertEquals(map.maxPfn, next);
  }));
});

Deno.test("layoutTopology() lays DRAM around a region that lies among it: memmap=4G!6G", () => {
  //   | 0 .. 2G | hole | 4G .. 6G | region | 10G .. 14G |
  const map = layoutTopology(spec(["8G"], [{ bytes: 4 * GIB, amongDram: true, startBytes: 6 * GIB }]));
  assertEquals(map.dram.map(({ start, end }) => [start / PFN_1G, end / PFN_1G]), [[0, 2], [4, 6], [10, 14]]);
  assertEquals([map.pmemStart / PFN_1G, map.maxPfn / PFN_1G], [6, 14]);
  // Below the hole, and beyond all DRAM.
  const low = layoutTopology(spec(["1G"], [{ bytes: GIB / 2, amongDram: true, startBytes: GIB / 2 }]));
  assertEquals(low.dram.map(({ start, end }) => [start / PFN_1G, end / PFN_1G]), [[0, 0.5], [1, 1.5]]);
  const high = layoutTopology(spec(["1G"], [{ bytes: GIB, amongDram: true, startBytes: 8 * GIB }]));
  assertEquals([high.dram.length, high.pmemStart / PFN_1G, high.maxPfn / PFN_1G], [1, 8, 9]);
});

Deno.test("layoutTopology() refuses invalid specs", () => {
  const cases: [TopologySpec, string][] = [
    [spec([], []), "at least one node"],
    [spec(["0"], []), "DRAM of node 0"],
    [spec(["1G", "100"], []), "DRAM of node 1"],
    [spec(["1G"], [{ bytes: GIB, startBytes: GIB / 2 }]), "is taken, expected"],
    [spec(["1G"], [{ bytes: GIB }, { bytes: GIB, startBytes: 1.5 * GIB }]), "is taken, expected"],
    [spec(["1G"], [{ bytes: GIB + 1 }]), "whole pages"],
    [spec(["1G"], [{ bytes: 0 }]), "whole pages"],
    [spec(["1G"], [{ bytes: -GIB }]), "whole pages"],
    [spec(["1G"], [{ bytes: GIB, startBytes: 1.5 * GIB + 1 }]), "whole pages"],
    [spec(["1G"], [{ bytes: GIB, nid: 1 }]), "expected a node from 0 to 0"],
    [spec(["1G"], [{ bytes: GIB, nid: -1 }]), "expected a node from 0 to 0"],
    [spec(["1G"], [{ bytes: GIB, nid: 0.5 }]), "expected a node from 0 to 0"],
    [spec(["1G"], [{ bytes: GIB, targetNid: 1 }]), "expected a node from 0 to 0"],
    [spec(["1G"], [{ bytes: GIB, ways: 3 }]), "expected whole pages on each"],
    [spec(["1G"], [{ bytes: GIB, ways: 0 }]), "on 0 DIMMs"],
    [spec(["1G"], [{ bytes: GIB, amongDram: true }]), "expected its start"],
    [spec(["1G"], [{ bytes: GIB, amongDram: true, startBytes: 0 }]), "frame 0"],
    [
      spec(["1G"], [1, 1.5].map((at) => ({ bytes: GIB, amongDram: true, startBytes: at * GIB }))),
      "is taken, expected",
    ],
  ];
  for (const [bad, message] of cases) assertThrows(() => layoutTopology(bad), RangeError, message);
});

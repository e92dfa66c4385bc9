// SPDX-License-Identifier: GPL-2.0-only
// zoneinfo.ts on what a 6.1 guest printed, shortened.

import { assertEquals, assertThrows } from "@std/assert";
import { counterOf, freePages, parseZoneinfo } from "./zoneinfo.ts";

const ZONEINFO = `Node 0, zone      DMA
  per-node stats
      nr_inactive_anon 0
      nr_free_pages 1
  pages free     3840
        boost    0
        spanned  4095
        present  3998
        managed  3840
        cma      0
      nr_free_pages 3840
  pagesets
    cpu: 0
              count: 0
              high:  0
Node 0, zone   Normal
  pages free     900
        spanned  524288
        present  524288
        managed  515072
  pagesets
    cpu: 0
              count: 17
              high:  352
    cpu: 1
              count: 5
              high:  352
Node 0, zone   Device
  pages free     0
        spanned  262144
        present  0
        managed  0
`;

Deno.test("parseZoneinfo() reads every zone and adds the lists of its CPUs", () => {
  const zones = parseZoneinfo(ZONEINFO);
  assertEquals(zones.map((z) => z.name), ["DMA", "Normal", "Device"]);
  const normal = { name: "Normal", node: 0, free: 900, perCpu: 22, spanned: 524288, present: 524288, managed: 515072 };
  assertEquals(zones[1], normal);
  assertEquals(zones[2].spanned, 262144);
  assertEquals(freePages(zones), 3840 + 900 + 22);
});

Deno.test("counterOf() reads vmstat and meminfo lines and refuses an unknown name", () => {
  assertEquals(counterOf("nr_slab_reclaimable 12\nnr_slab_unreclaimable 34\n", "nr_slab_unreclaimable"), 34);
  assertEquals(counterOf("MemTotal:        4009392 kB\n", "MemTotal"), 4009392);
  assertThrows(() => counterOf("MemTotal: 1 kB\n", "MemFree"), RangeError, "MemFree");
});

// SPDX-License-Identifier: GPL-2.0-only
// Constants against their sources: error names, flag layouts, presets as the table of the README has them.

import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { ENOMEM, ENXIO, errnoName } from "./errno.ts";
import { PRESETS } from "./kernel_config.ts";
import { TAIL_MAPPING_HI, TAIL_MAPPING_LO } from "./mm_types.ts";
import { flagsHiNid, flagsHiZone, pageLinksHi } from "./page_flags.ts";
import { PAGE_LAYOUTS } from "./page_layout.ts";

const { head: PG_HEAD, referenced: PG_REFERENCED, reserved: PG_RESERVED } = PAGE_LAYOUTS["6.1"];

Deno.test("errnoName() names either sign, and falls back to the number", () => {
  assertEquals([errnoName(-ENOMEM), errnoName(ENXIO), errnoName(-99)], ["ENOMEM", "ENXIO", "errno -99"]);
});

Deno.test("page->flags has the bits of a 6.1 kernel", () => {
  // From raw struct pages of Linux 6.1.192: a devmap head is 0x0200000000011000.
  assertEquals([PG_HEAD | PG_RESERVED, PG_REFERENCED], [0x11000, 2]);
  assertEquals(pageLinksHi(4, 0), 0x02000000);
  assertEquals([TAIL_MAPPING_HI >>> 0, TAIL_MAPPING_LO], [0xdead0000, 0x400]);
});

Deno.test("zone and node are read back from the flags word", () => {
  fc.assert(fc.property(fc.integer({ min: 0, max: 4 }), fc.integer({ min: 0, max: 63 }), (zone, nid) => {
    const hi = pageLinksHi(zone, nid);
    assertEquals([flagsHiZone(hi), flagsHiNid(hi)], [zone, nid]);
  }));
});

Deno.test("PRESETS are the kernels of the documents and of later releases", () => {
  const table = Object.values(PRESETS).map((p) => [p.name, p.compoundDevmap, p.dedup, p.gup, p.hugetlbKeep]);
  assertEquals(table, [
    ["5.14", false, "none", "per-page", 2],
    ["5.18", true, "none", "per-page", 1],
    ["v4", true, "pte+table", "compound", 2],
    ["v7", true, "pte", "per-page", 2],
    ["v7+head", true, "pte+head", "per-page", 1],
    ["6.1", true, "pte", "per-page", 1],
    ["6.7", true, "pte", "per-page", 1],
    ["6.12", true, "pte", "per-page", 1],
    ["7.3", true, "pte", "no-pgmap", 1],
  ]);
  for (const [name, preset] of Object.entries(PRESETS)) {
    assertEquals(preset.name, name);
    // Later kernels are what Linux does, not what a document says.
    const on = Object.entries(preset.errata).filter(([, value]) => value).map(([erratum]) => erratum);
    assertEquals(on, /^[67]/.test(name) ? ["addPagesNoUnwind", "compoundStartUnchecked"] : [], `defects of ${name}`);
  }
});

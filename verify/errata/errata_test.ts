// SPDX-License-Identifier: GPL-2.0-only
// Each erratum is a switch that is off by default, and its observation distinguishes on from off.

import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { PRESETS } from "../../mod.ts";
import { kernelWith } from "./erratum.ts";
import { ERRATA } from "./mod.ts";

for (const erratum of ERRATA) {
  Deno.test(`${erratum.name}: ${erratum.what}, with the defect and without`, () => {
    assertNotEquals(erratum.wrong, erratum.right);
    assertEquals(erratum.observe(kernelWith(erratum, false)), erratum.right);
    assertEquals(erratum.observe(kernelWith(erratum, true)), erratum.wrong);
  });
}

Deno.test("every switch for a defect has an erratum that shows it", () => {
  const shown = new Set<string>(ERRATA.map((e) => e.name));
  assertEquals(Object.keys(PRESETS["v7"].errata).filter((name) => !shown.has(name)), []);
});

/** Defects that Linux itself has, by the presets of its releases. */
const OF_LINUX = ["addPagesNoUnwind", "compoundStartUnchecked"];

Deno.test("errata are off, except those that Linux has from 6.1 on", () => {
  for (const { name, errata } of Object.values(PRESETS)) {
    const on = Object.entries(errata).filter(([, on]) => on).map(([erratum]) => erratum);
    assertEquals(on.sort(), ["6.1", "6.7", "6.12", "7.3"].includes(name) ? OF_LINUX : []);
  }
  assert(ERRATA.every((e) => e.wrongly !== e.rightly));
});

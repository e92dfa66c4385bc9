// SPDX-License-Identifier: GPL-2.0-only
// Kernels by spec: reading and writing are inverse, what is not known is refused by name, presets cannot be changed.

import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { boot } from "./boot.ts";
import { type KernelConfig, PRESETS } from "./include/kernel_config.ts";
import { ERRATA_SWITCHES, KERNEL_SWITCHES, SWITCHES } from "./include/kernel_switches.ts";
import { kernelChanges, kernelConfig, kernelSpec, specChanges, valueOf } from "./kernels.ts";
import { namespaceReport } from "./scenario/namespace.ts";

/** Any preset with any switches set to anything allowed. */
const specs = fc.tuple(
  fc.constantFrom(...Object.keys(PRESETS)),
  fc.uniqueArray(fc.constantFrom(...Object.keys(SWITCHES)), { maxLength: 5 }),
  fc.nat(),
).map(([preset, names, seed]) =>
  [
    preset,
    ...names.map((name, i) => {
      const { values } = SWITCHES[name];
      return `${name}=${values[(seed + i) % values.length]}`;
    }),
  ].join(",")
);

Deno.test("kernelSpec() writes what kernelConfig() reads: the same switches, whatever order they came in", () => {
  fc.assert(fc.property(specs, (spec) => {
    const config = kernelConfig(spec);
    const again = kernelConfig(kernelSpec(config));
    assertEquals(kernelChanges(config, again), []);
    assertEquals(kernelSpec(again), kernelSpec(spec));
  }));
});

Deno.test("every preset has an allowed value for every switch, and is its own spec", () => {
  assertEquals(
    Object.keys(SWITCHES).length,
    Object.keys(KERNEL_SWITCHES).length + Object.keys(ERRATA_SWITCHES).length,
  );
  for (const [name, preset] of Object.entries(PRESETS)) {
    assertEquals([preset.name, kernelSpec(preset), kernelConfig(name)], [name, name, preset]);
    for (const [key, { values }] of Object.entries(SWITCHES)) assert(values.includes(valueOf(preset, key)), key);
  }
});

Deno.test("the spec of a custom kernel is the nearest preset and the differences", () => {
  assertEquals(kernelSpec({ ...PRESETS["v7"], name: "mine", gup: "compound" }), "v7,gup=compound");
  assertEquals(specChanges("6.1,compoundStartUnchecked=false"), {
    preset: "6.1",
    changes: [{ name: "compoundStartUnchecked", from: true, to: false }],
  });
});

Deno.test("unknown presets, switches and values are refused by name, in specs and in objects", () => {
  for (
    const [kernel, message] of [
      ["9.9", 'Unknown kernel "9.9": expected 5.14'],
      ["6.1,dedupe=pte", 'Unknown switch "dedupe": expected'],
      ["6.1,gup=fast", 'Cannot set gup to "fast": expected per-page, compound'],
      ["6.1,gup", 'Cannot set "gup": expected SWITCH=VALUE'],
      ["6.1,gup=a=b", "expected SWITCH=VALUE"],
      ["6.1,__proto__=1", 'Unknown switch "__proto__"'],
      [{ ...PRESETS["6.1"], gup: "fast" }, 'Cannot set gup to "fast"'],
      [{ ...PRESETS["6.1"], hugetlbKeep: "1" }, 'Cannot set hugetlbKeep to "1": expected 1, 2'],
      [{ name: "mine", errata: {} }, "Cannot set memoryFailureHead to undefined"],
    ] as const
  ) {
    assertThrows(() => kernelConfig(kernel as KernelConfig), RangeError, message);
    assertThrows(() => boot({ kernel: kernel as KernelConfig }), RangeError, message);
    assertThrows(() => namespaceReport({ size: 2 ** 26, kernel: kernel as KernelConfig }), RangeError, message);
  }
  assertThrows(() => boot({ kernel: { name: "mine" } as KernelConfig }), TypeError, "without errata");
});

Deno.test("PRESETS cannot be changed, at any depth", () => {
  const preset = PRESETS["6.1"];
  for (
    const [target, change] of [[preset, { gup: "fast" }], [preset.errata, { pgoffAlignUp: true }], [PRESETS, {
      mine: preset,
    }]]
  ) {
    assertThrows(() => Object.assign(target, change), TypeError);
  }
});

Deno.test("a report accepts a custom kernel and prints its spec", () => {
  const own = namespaceReport({ size: 2 ** 30, kernel: { ...PRESETS["v7"], dedup: "none" } });
  assertEquals(own.config.kernel, "v7,dedup=none");
  assertEquals(own.pages.vmemmap, 4096);
  assertEquals(namespaceReport({ size: 2 ** 30, kernel: own.config.kernel }).pages, own.pages);
});

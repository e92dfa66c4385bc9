// SPDX-License-Identifier: GPL-2.0-only
// Every path that allocates, with every allocation failing in turn, on the toy (exhaustively) and on x86-64; with all
// later ones failing too; and a path that leaves something behind is found.

import { assert, assertEquals, assertThrows } from "@std/assert";
import { TOY_ARM64, TOY_ARM64_PAGES } from "../../src/arch/toy/toy.ts";
import { boot } from "../../src/boot.ts";
import { PRESETS } from "../../src/include/kernel_config.ts";
import { KernelPanic } from "../../src/lib/bug.ts";
import type { Kernel } from "../../src/mm/kernel.ts";
import {
  deviceSweep,
  faultSweep,
  gupSweep,
  namespaceSweep,
  onlineSweep,
  plugSweep,
  processSweep,
  rangesSweep,
} from "./paths.ts";
import { type Sweep, sweepEach, sweepOrder } from "./sweep.ts";
import { unwinding } from "../../src/testing.ts";

const MIB = 2 ** 20;
const PLUG = { hotplug: [{ bytes: 2 ** 16 }], memmapOnMemory: true };
const toy = (kernel: string) =>
  boot({ arch: "toy", kernel, dram: [2 ** 16, 2 ** 16], pmem: [{ bytes: 2 ** 18 }], debug: true, ...PLUG });
const x86 = (kernel: string) => boot({ kernel, dram: [64 * MIB], pmem: [{ bytes: 512 * MIB }] });

/** Fails allocations one by one, then each with all after it, then by order. Returns the number of allocations. */
function sweepAll(k: Kernel, sweep: Sweep): number {
  const one = sweepEach(k, sweep);
  assertEquals(one.failed + one.gotAlong, one.allocations);
  // Base pages can replace a missing block, but nothing can replace all later allocations.
  const all = sweepEach(k, sweep, true);
  assertEquals(all, { allocations: one.allocations, failed: one.allocations, gotAlong: 0 });
  sweepOrder(k, sweep, 0);
  sweepOrder(k, sweep, k.arch.format.tableShift);
  return one.allocations;
}

/** Paths on the toy, each swept for one page size. */
const TOY_PATHS: Readonly<Record<string, (k: Kernel, align: number) => Sweep>> = {
  "a namespace with its memmap in DRAM": (k, align) =>
    namespaceSweep(k, { size: 2 ** 17 + Math.max(4096, align), align, map: "mem" }),
  "a namespace with its memmap in itself": (k, align) =>
    namespaceSweep(k, { size: 2 ** 17 + Math.max(4096, align), align, map: "dev" }),
  "a pmem disk": (k, align) =>
    namespaceSweep(k, { size: 2 ** 17 + Math.max(4096, align), align, map: "mem", mode: "fsdax" }),
  "a dynamic device": (k, align) => deviceSweep(k, align, 512, 1),
  "a dynamic device of two ranges": (k, align) => deviceSweep(k, align, 512, 2),
  "a pgmap of two ranges": (k, align) => rangesSweep(k, k.config.compoundDevmap ? align / 256 : 1),
  "a memory block": (k) => plugSweep(k, false),
  "a memory block with its memmap in itself": (k) => plugSweep(k, true),
  "onlining a block": (k) => onlineSweep(k, false),
  "onlining a block with its memmap in itself": (k) => onlineSweep(k, true),
  "a process": () => processSweep(),
  "faults": (k, align) => faultSweep(k, align, 512),
  "gup that faults": (k, align) => gupSweep(k, align, 512),
};

for (const kernel of Object.keys(PRESETS)) {
  Deno.test(`sweepEach() on toy ${kernel}: every path unwinds, whichever allocation fails`, () => {
    for (const [name, path] of Object.entries(TOY_PATHS)) {
      let allocations = 0;
      for (const align of [256, 4096, 65536]) {
        const k = toy(unwinding(kernel));
        allocations += sweepAll(k, path(k, align));
      }
      assert(allocations > 0 || name.endsWith("in itself"), `${name} allocates nothing`);
    }
  });
}

Deno.test("sweepEach() on the toy as arm64: namespaces with base pages in themselves unwind", () => {
  for (const [arch, ofWhole] of [[TOY_ARM64, 0], [TOY_ARM64_PAGES, 2]] as const) {
    const k = boot({ arch, kernel: unwinding("6.1"), dram: [2 ** 16], pmem: [{ bytes: 2 ** 18 }], debug: true });
    // In DRAM they take PTE tables: one for three quarters of a section, one or none for each of two whole sections.
    for (const [size, tables] of [[3 * 2 ** 12, 1], [2 ** 15, ofWhole]]) {
      assertEquals(sweepAll(k, namespaceSweep(k, { size, align: 256, map: "dev" })), tables, arch.name);
    }
  }
});

for (const kernel of ["5.14", "v4", unwinding("6.1")]) {
  Deno.test(`sweepEach() on x86-64 ${kernel}: namespaces, devices, faults and gup unwind`, () => {
    const k = x86(kernel);
    sweepAll(k, namespaceSweep(k, { size: 144 * MIB, align: 2 * MIB, map: "mem" }));
    sweepAll(k, namespaceSweep(k, { size: 16 * MIB, align: 4096, map: "dev" }));
    sweepAll(k, rangesSweep(k, k.config.compoundDevmap ? 512 : 1));
    const third = x86(kernel);
    sweepAll(third, faultSweep(third, 2 * MIB, 16384));
    const other = x86(kernel);
    sweepAll(other, gupSweep(other, 4096, 2048));
  });
}

Deno.test("sweepEach() finds a path that leaves sections behind", () => {
  const config = { ...PRESETS["v7"], errata: { ...PRESETS["v7"].errata, addPagesNoUnwind: true } };
  const k = boot({ arch: "toy", kernel: config, pmem: [{ bytes: 2 ** 17 }], dram: [2 ** 16] });
  const sweep = namespaceSweep(k, { size: 2 ** 17, align: 4096, map: "mem" });
  assertThrows(() => sweepEach(k, sweep), KernelPanic);
});

Deno.test("sweepEach() finds a wrong errno and a run that cannot be undone", () => {
  const k = toy("v7");
  assertThrows(() => sweepEach(k, { ...processSweep(), errno: -28 }), KernelPanic, "expected -ENOSPC");
  assertThrows(() => sweepEach(k, { ...processSweep(), undo: () => {} }), KernelPanic, "userTables");
});

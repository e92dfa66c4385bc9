// SPDX-License-Identifier: GPL-2.0-only
// Defects in adding memory that holds its own memmap (document 003 as merged).

import { YES_NO } from "../claims/claim.ts";
import { boot } from "../../src/boot.ts";
import { addMemory } from "../../src/drivers/base/memory_hotplug.ts";
import type { Kernel } from "../../src/mm/kernel.ts";
import type { KernelConfig } from "../../mod.ts";
import { SECTION } from "../formulas/vmemmap.ts";
import { panics, yes } from "../measure/measure.ts";
import type { ErratumRow } from "./erratum.ts";

export const HOTPLUG_ERRATA: readonly ErratumRow[] = [
  {
    name: "addMemoryNullAltmap",
    source: "003:95, in Linux until 2026",
    wrongly:
      "when the block's device cannot be made, its self-hosted memmap is given to the allocator as if it came from there",
    rightly: "it is removed with its altmap, and nothing is left",
    preset: "6.1",
    what: "a failed add frees its own memmap to the allocator, which looks up struct pages that no longer exist",
    unit: YES_NO,
    wrong: 1,
    observe: (kernel) => yes(panics(/memmap of frame \d+ is not mapped/, () => failAtDevice(kernel))),
  },
];

/** Adds a block whose last allocation, its device, fails. */
function failAtDevice(kernel: KernelConfig): void {
  const probe = bootSlot(kernel);
  probe.fault.arm(Infinity);
  addBlock(probe);
  const k = bootSlot(kernel);
  k.fault.arm(probe.fault.seen);
  if (addBlock(k) === 0) throw new Error("verify: adding the block should fail");
}

function bootSlot(kernel: KernelConfig): Kernel {
  return boot({ kernel, hotplug: [{ bytes: SECTION }], memmapOnMemory: true });
}

function addBlock(k: Kernel): number {
  return addMemory(k, 0, k.machine.topology.hotplug[0].start * k.pageBytes, SECTION, { memmapOnMemory: true });
}

// SPDX-License-Identifier: GPL-2.0-only
// Document 001 on devmaps, in passing: who populates memmap without a pgmap, where ranges start, what a dynamic device
// remembers, what removing a namespace frees, and how HugeTLB's savings compare.

import {
  allocDaxRegion,
  createDevDax,
  deleteDevDax,
  type DevDax,
  reconfigureDevDax,
} from "../../src/drivers/dax/bus.ts";
import { addMemory } from "../../src/drivers/base/memory_hotplug.ts";
import { devDaxProbe, devDaxRemove } from "../../src/drivers/dax/device.ts";
import { destroyNamespace } from "../../src/drivers/nvdimm/namespace.ts";
import { boot } from "../../src/boot.ts";
import { USE_ALTMAP_VMEMMAP, USE_BOOT_VMEMMAP, USE_VMEMMAP } from "../../src/include/frame_use.ts";
import type { KernelConfig } from "../../mod.ts";
import { PRESETS } from "../../mod.ts";
import { freedPages } from "../formulas/hugetlb.ts";
import { basePages, PAGE, savedPages, SECTION, SIZE_1G, SIZE_2M, structsToWrite } from "../formulas/vmemmap.ts";
import { compoundHeadsOf, gainOf } from "../measure/hugetlb.ts";
import { build, yes } from "../measure/measure.ts";
import type { Claim } from "./claim.ts";
import { claim } from "./documented.ts";
import { written } from "./v4_init.ts";
import { savedByLayout } from "./v7_cover.ts";

const MIB = 2 ** 20;
/** Offsets of the regions from a whole GiB. */
const PAST = [2 * MIB, 16 * MIB, 64 * MIB];

export function devmapClaims(): Claim[] {
  return [
    claim("001-113/writes", structsToWrite(SIZE_1G, SIZE_2M, "pte+table"), () => written("v4", SIZE_2M)),
    claim("001-118", 3, populatedWithoutPgmap),
    claim("001-119", PAST.filter((past) => past % SIZE_1G === 0).length, alignedRanges),
    claim("001-120", 0, framesLeft),
    claim("001-121", basePages(SIZE_1G), () => pagesAfterResize(PRESETS["v4"])),
    claim("001-121/before", basePages(SIZE_1G) / 2, () => pagesAfterResize(UNPATCHED)),
    claim("001-122", moreSaved(SIZE_2M), () => moreGained(SIZE_2M)),
    claim("001-122/1G", moreSaved(SIZE_1G), () => moreGained(SIZE_1G)),
    claim("001-123", 1, () => compoundHeadsOf(SIZE_2M)),
  ];
}

/** How many more pages of one huge page HugeTLB saves than device-dax, when it keeps two. */
function moreSaved(size: number): number {
  return freedPages(size, PAGE, 2) - savedPages(size, "pte");
}

/** The same, measured. */
function moreGained(size: number): number {
  return gainOf("x86-64", size, 2) - savedByLayout(size, "v4");
}

/**
 * Ways to populate memmap without a pgmap: at boot, for hot-added memory, and for hot-added memory that holds its own.
 */
function populatedWithoutPgmap(): number {
  const added = (memmapOnMemory: boolean) => {
    const k = boot({ hotplug: [{ bytes: SECTION }], memmapOnMemory });
    const { start } = k.machine.topology.hotplug[0];
    const uses = () => k.uses[USE_VMEMMAP] + k.uses[USE_ALTMAP_VMEMMAP];
    const before = uses();
    addMemory(k, 0, start * k.pageBytes, SECTION, { memmapOnMemory });
    return yes(uses() > before && k.pgmaps.lookup(start) === null);
  };
  // Without devices there is no pgmap.
  return yes(boot({}).uses[USE_BOOT_VMEMMAP] > 0) + added(true) + added(false);
}

/** pgmaps of 1G devices whose range starts at a multiple of the geometry, on regions that do not start at a GiB. */
function alignedRanges(): number {
  return PAST.reduce((n, past) => {
    const { ns } = build("6.1", { size: 3 * SIZE_1G, align: SIZE_1G, start: 8 * SIZE_1G + past });
    const { ranges: [{ start }], geometry } = ns.pgmap;
    return n + yes(start % geometry === 0);
  }, 0);
}

/** Memmap frames left after a namespace with shared tails is removed. */
function framesLeft(): number {
  const { k, ns } = build("v4", { size: 2 * SIZE_1G, align: SIZE_1G });
  const before = k.uses[USE_VMEMMAP];
  if (destroyNamespace(k, ns) < 0) throw new Error("verify: the namespace stays");
  const bare = boot({ kernel: "v4" }).uses[USE_VMEMMAP];
  return before === k.uses[USE_VMEMMAP] ? NaN : k.uses[USE_VMEMMAP] - bare;
}

const UNPATCHED: KernelConfig = { ...PRESETS["v4"], name: "v4 without patch 6", clearDynamicPgmap: false };

/** Pages of a dynamic device of 512 MiB after it is grown to 1 GiB and probed again. */
export function pagesAfterResize(kernel: KernelConfig): number {
  const k = boot({ kernel, pmem: [{ bytes: SIZE_1G }] });
  const region = allocDaxRegion(k, 0, k.machine.topology.pmem[0], SIZE_2M, false);
  if (region === null) throw new Error("verify: no dax region");
  const whole = SIZE_1G / k.pageBytes;
  const dev = createDevDax(k, region, whole / 2, SIZE_2M, null);
  if (typeof dev === "number") throw new Error("verify: no device");
  devDaxProbe(k, dev);
  devDaxRemove(k, dev);
  reconfigureDevDax(k, dev, whole, SIZE_2M);
  devDaxProbe(k, dev);
  const pages = broughtUp(dev);
  devDaxRemove(k, dev);
  deleteDevDax(dev);
  return pages;
}

function broughtUp({ pgmap }: DevDax): number {
  return pgmap === null ? 0 : pgmap.ranges.reduce((sum, { start, end }) => sum + end - start, 0);
}

// SPDX-License-Identifier: GPL-2.0-only
// Defects in bringing device memory up and down, in faults on it and in what a machine check finds (patches 1, 4 to 6).

import {
  allocDaxRegion,
  createDevDax,
  deleteDevDax,
  type DevDax,
  reconfigureDevDax,
} from "../../src/drivers/dax/bus.ts";
import { devDaxProbe, devDaxRemove } from "../../src/drivers/dax/device.ts";
import { boot } from "../../src/boot.ts";
import type { KernelConfig } from "../../mod.ts";
import {
  basePages,
  pgmapReferences,
  pgmapReferencesShiftedLeft,
  SIZE_1G,
  SIZE_2M,
  yieldsPer1024,
} from "../formulas/vmemmap.ts";
import { indexAfterFault, poisoned, refsOf, yields } from "../claims/v4_refs.ts";
import type { Erratum } from "./erratum.ts";

/** Defects of devmaps. */
export const DEVMAP_ERRATA: readonly Erratum[] = [
  {
    name: "pfnNextYield",
    source: "001:633",
    claim: "001-33",
    wrongly: 'the test lost its "== 0": it yields on every step but one in 1024',
    rightly: "one yield in 1024 steps",
    preset: "v4",
    what: "yields in 1024 steps of pfn_next()",
    unit: "",
    wrong: yieldsPer1024(true),
    right: yieldsPer1024(false),
    observe: yields,
  },
  {
    name: "refShiftLeft",
    source: "001:2706",
    claim: "001-75",
    wrongly:
      "<< geometry_order multiplies: many more references are taken than ever return, and unmapping waits for ever",
    rightly: ">>, as in mainline: one reference per compound page",
    preset: "v4",
    what: "pgmap references of 1 GiB in 2M pages",
    unit: "",
    wrong: pgmapReferencesShiftedLeft(SIZE_1G, SIZE_2M),
    right: pgmapReferences(SIZE_1G, SIZE_2M),
    observe: refsOf,
  },
  {
    name: "pgoffAlignUp",
    source: "001:766",
    claim: "001-36",
    wrongly: "ALIGN() rounds up: page->index is that of the next 2M page, and poison kills the wrong address",
    rightly: "ALIGN_DOWN(): the index of the page the fault is in (mainline fixed it in 6.12)",
    preset: "v4",
    what: "page->index of the second 2M page after a fault inside it",
    unit: "",
    wrong: 2 * basePages(SIZE_2M),
    right: basePages(SIZE_2M),
    observe: indexAfterFault,
  },
  {
    name: "memoryFailureHead",
    source: "patch 1 (001:290)",
    claim: "001-37",
    wrongly: "memory_failure() asks the tail for the file it belongs to; only the head knows",
    rightly: "it looks at the head, and the whole 2M page goes",
    preset: "v4",
    what: "base pages taken by a machine check inside a 2M page",
    unit: "pages",
    wrong: 0,
    right: basePages(SIZE_2M),
    observe: poisoned,
  },
  {
    name: "clearDynamicPgmap",
    source: "patch 6 (001:800)",
    wrongly: "a dynamic device keeps the pgmap of its last life, with the range it had then",
    rightly: "kill_dev_dax() forgets it, and the next probe makes a new one",
    preset: "v4",
    what: "memory a 1 GiB device brings up after it was 512 MiB",
    unit: "pages",
    wrong: basePages(SIZE_1G) / 2,
    right: basePages(SIZE_1G),
    observe: pagesAfterResize,
  },
];

function pagesAfterResize(kernel: KernelConfig): number {
  const k = boot({ kernel, pmem: [{ bytes: SIZE_1G }] });
  const region = allocDaxRegion(k, 0, k.machine.topology.pmem[0], SIZE_2M, false);
  if (region === null) throw new Error("verify: no dax region");
  const dev = createDevDax(k, region, basePages(SIZE_1G) / 2, SIZE_2M, null);
  if (typeof dev === "number") throw new Error("verify: no device");
  devDaxProbe(k, dev);
  devDaxRemove(k, dev);
  reconfigureDevDax(k, dev, basePages(SIZE_1G), SIZE_2M);
  devDaxProbe(k, dev);
  const pages = broughtUp(dev);
  devDaxRemove(k, dev);
  deleteDevDax(dev);
  return pages;
}

function broughtUp({ pgmap }: DevDax): number {
  return pgmap === null ? 0 : pgmap.ranges.reduce((sum, { start, end }) => sum + end - start, 0);
}

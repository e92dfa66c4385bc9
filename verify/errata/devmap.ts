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
import { basePages, SIZE_1G, SIZE_2M } from "../formulas/vmemmap.ts";
import { indexAfterFault, poisoned, refsOf, yields } from "../claims/v4_refs.ts";
import { type Erratum, formulaOf, shownBy } from "./erratum.ts";

/** Defects of devmaps. */
export const DEVMAP_ERRATA: readonly Erratum[] = [
  {
    name: "pfnNextYield",
    ...shownBy("001-33"),
    rightly: "one yield in 1024 steps",
    preset: "v4",
    right: formulaOf("001-33/meant"),
    observe: yields,
  },
  {
    name: "refShiftLeft",
    ...shownBy("001-75"),
    rightly: ">>, as in mainline: one reference per compound page",
    preset: "v4",
    right: formulaOf("001-34"),
    observe: refsOf,
  },
  {
    name: "pgoffAlignUp",
    ...shownBy("001-36"),
    rightly: "ALIGN_DOWN(): the index of the page the fault is in (mainline fixed it in 6.12)",
    preset: "v4",
    right: 0,
    observe: (kernel) => indexAfterFault(kernel) - indexAfterFault("v4"),
  },
  {
    name: "memoryFailureHead",
    ...shownBy("001-37"),
    wrongly: "memory_failure() asks the tail for the file it belongs to; only the head knows",
    rightly: "it looks at the head, and the whole 2M page goes",
    preset: "v4",
    wrong: 0,
    right: formulaOf("001-37"),
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

// SPDX-License-Identifier: GPL-2.0-only
// Defects in adding and removing device memory, in its faults, and in its machine checks (patches 1, 4 to 6).

import { pagesAfterResize } from "../claims/v4_devmap.ts";
import { indexAfterFault, poisoned, refsOf, yields } from "../claims/v4_refs.ts";
import { type ErratumRow, formulaOf, shownBy } from "./erratum.ts";

export const DEVMAP_ERRATA: readonly ErratumRow[] = [
  {
    name: "pfnNextYield",
    ...shownBy("001-33"),
    rightly: "one yield in 1024 steps",
    right: formulaOf("001-33/meant"),
    observe: yields,
  },
  {
    name: "refShiftLeft",
    ...shownBy("001-75"),
    rightly: ">>, as in mainline: one reference per compound page",
    right: formulaOf("001-34"),
    observe: refsOf,
  },
  {
    name: "pgoffAlignUp",
    ...shownBy("001-36"),
    rightly: "ALIGN_DOWN(): the index of the page the fault is in (mainline fixed it in 6.12)",
    observe: (kernel) => indexAfterFault(kernel) - indexAfterFault("v4"),
  },
  {
    name: "memoryFailureHead",
    ...shownBy("001-37"),
    wrongly: "memory_failure() reads the file from the tail, but only the head has it",
    rightly: "it uses the head, and the 2M page is unmapped",
    wrong: 0,
    right: formulaOf("001-37"),
    observe: poisoned,
  },
  {
    name: "clearDynamicPgmap",
    ...shownBy("001-121/before"),
    rightly: "kill_dev_dax() clears it, and the next probe creates a new one",
    right: formulaOf("001-121"),
    observe: pagesAfterResize,
  },
];

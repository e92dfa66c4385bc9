// SPDX-License-Identifier: GPL-2.0-only
// Operations on the HugeTLB pool: grow and shrink, on one node or on all, with its vmemmap shared or not; pages taken
// and returned by users; a frame of a page going bad.

import { EBUSY, ENOMEM, ENXIO } from "../../src/include/errno.ts";
import { panic } from "../../src/lib/bug.ts";
import {
  allocHugePage,
  freeHugePage,
  freeHugePages,
  persistentHugePages,
  setNrHugepages,
  setOptimizeVmemmap,
} from "../../src/mm/hugetlb/hugetlb.ts";
import type { Hstate } from "../../src/include/hugetlb.ts";
import { memoryFailureHugetlb } from "../../src/mm/memory_failure.ts";
import { drop, expectErrno, failing, onOne, type Operation } from "./expect.ts";
import type { Life } from "./life.ts";

/** Pool sizes that may be requested. */
const MOST = 6;

/** Every operation by name. */
export const POOL_OPERATIONS: Readonly<Record<string, Operation>> = {
  resizePool(life, a, b) {
    const h = pool(life);
    const nid = b % 3 - 1;
    const wanted = a % MOST;
    const reached = setNrHugepages(life.k, h, wanted, nid);
    if (reached !== persistentHugePages(h, nid)) panic(`setNrHugepages: says ${reached}`);
    // Pages in use stay; memory for so few pages is always available, unless an allocation is made to fail.
    const least = Math.max(wanted, life.huge.length);
    if (nid < 0 && !failing(life) && !life.poisoned && h.surplusHugePages === 0 && reached !== least) {
      panic(`setNrHugepages: reached ${reached} pages, expected ${least}`);
    }
    return true;
  },

  switchSharing(life, a) {
    setOptimizeVmemmap(life.k, a % 2 === 1);
    return true;
  },

  takeHugePage(life, a) {
    const h = pool(life);
    const free = freeHugePages(h);
    const head = allocHugePage(life.k, h, a % 2);
    // A poisoned page stays free and is never handed out.
    if (head < 0) expectErrno("allocHugePage", head, free === 0 || life.poisoned ? [-ENOMEM] : []);
    else if (life.huge.includes(head)) panic(`allocHugePage: page ${head} was given out already`);
    else life.huge.push(head);
    return true;
  },

  returnHugePage: onOne((life) => life.huge, (life, head) => {
    expectErrno("freeHugePage", freeHugePage(life.k, pool(life), head), [0]);
    drop(life.huge, head);
  }),

  poisonHugePage: onOne((life) => [...life.huge, ...pool(life).freeLists.flat()], (life, head, b) => {
    const err = memoryFailureHugetlb(life.k, head + b % pool(life).pages);
    expectErrno("memoryFailureHugetlb", err, [0, -EBUSY, -ENXIO, -ENOMEM]);
    life.poisoned = true;
  }),
};

function pool(life: Life): Hstate {
  return life.k.hugetlb.hstates[0];
}

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
import { expectErrno, failing, type Operation, pick } from "./expect.ts";
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

  returnHugePage(life, a) {
    const head = pick(life.huge, a);
    if (head === undefined) return false;
    expectErrno("freeHugePage", freeHugePage(life.k, pool(life), head), [0]);
    life.huge.splice(life.huge.indexOf(head), 1);
    return true;
  },

  poisonHugePage(life, a, b) {
    const h = pool(life);
    const heads = [...life.huge, ...h.freeLists.flat()];
    const head = pick(heads, a);
    if (head === undefined) return false;
    const err = memoryFailureHugetlb(life.k, head + b % h.pages);
    expectErrno("memoryFailureHugetlb", err, [0, -EBUSY, -ENXIO, -ENOMEM]);
    life.poisoned = true;
    return true;
  },
};

function pool(life: Life): Hstate {
  return life.k.hugetlb.hstates[0];
}

// SPDX-License-Identifier: GPL-2.0-only
// A compound page of RAM is unmapped and released, cut into the steps between which another CPU can run: a huge page is
// dissolved and its frames are reused (mm/hugetlb.c), or a compound page is split under its mapping
// (split_huge_page() of mm/huge_memory.c, by its own primitives: the emulator has no THP).

import { USE_PINNED } from "../../src/include/frame_use.ts";
import { PAGE_REFCOUNT } from "../../src/include/mm_types.ts";
import { findZone, takePages } from "../../src/mm/page_alloc.ts";
import { pageRefcount, writePage } from "../../src/mm/page.ts";
import { initSinglePage } from "../../src/mm/page_init.ts";
import { clearEntry } from "../../src/mm/pgtable.ts";
import type { Thread } from "./explore.ts";
import { dissolve, makeHuge, returnHuge, type Steps, useHuge, WORDS } from "./hugetlb_steps.ts";
import { becomes, own, ownBasePage, prepCompound } from "./hugetlb_world.ts";
import { HEAD_OF_SMALL, mapPage, type ReleaseWorld, SMALL_ORDER } from "./release_world.ts";
import { setUpFailed, waitForSection } from "./stage.ts";

/** The thread on CPU 1. */
export function* releaseThread(w: ReleaseWorld): Thread {
  yield { name: "clear the entry", writes: ["entry"] };
  clearEntry(w.k, w.entry.at, w.entry.level);
  if (w.waits === "ipi") yield* waitForSection(w, "flush of the process's TLB");
  if (w.release === "split") return yield* split(w);
  if (!(yield* returnHuge(w))) return;
  yield* dissolve(w);
  w.life++;
  yield* comeBack(w);
}

/** What the frames become. */
function* comeBack(w: ReleaseWorld): Steps<void> {
  const { release, page, head } = w;
  if (release === "free frames") return;
  if (release === "part of a larger one") {
    const [h, larger] = w.k.hugetlb.hstates;
    if (!(yield* makeHuge(w, larger, head - h.pages))) setUpFailed("no larger page");
    return yield* useHuge(w, larger);
  }
  if (release.startsWith("the same")) {
    if (!(yield* makeHuge(w, w.h, head))) setUpFailed("no huge page");
    yield* useHuge(w, w.h);
    if (release === "the same") return;
    yield { name: "map the huge page again", writes: ["entry"] };
    return mapPage(w);
  }
  yield { name: `take ${release}`, ...WORDS };
  ownBasePage(w, head);
  if (release === "base pages") return [page, page + 1].forEach((pfn) => ownBasePage(w, pfn));
  if (!takePages(w.k, HEAD_OF_SMALL, SMALL_ORDER, USE_PINNED)) setUpFailed("no smaller page");
  prepCompound(w, HEAD_OF_SMALL, SMALL_ORDER);
}

/** `split_huge_page`: freeze, split, thaw and map again; or map again unchanged if somebody holds it. */
function* split(w: ReleaseWorld): Steps<void> {
  const { k } = w;
  const zone = findZone(k, HEAD_OF_SMALL) ?? setUpFailed("no zone");
  yield { name: "freeze the head's count", ...WORDS };
  if (pageRefcount(k, HEAD_OF_SMALL) === 1) {
    writePage(k, HEAD_OF_SMALL, PAGE_REFCOUNT, 0);
    yield { name: "tails become pages of their own", ...WORDS };
    for (let tail = HEAD_OF_SMALL + 1; tail < HEAD_OF_SMALL + 2 ** SMALL_ORDER; tail++) {
      initSinglePage(k, tail, zone.index, zone.nid);
      own(w, tail);
    }
    becomes(w, null);
    yield { name: "thaw the head", ...WORDS };
    initSinglePage(k, HEAD_OF_SMALL, zone.index, zone.nid);
  }
  yield { name: "map the page again", writes: ["entry"] };
  mapPage(w);
}

// SPDX-License-Identifier: GPL-2.0-only
// The slow path holds the same pages as the fast one, each with its own reference, and faults in missing pages.

import { assert, assertEquals } from "@std/assert";
import { kernelConfig } from "../../kernels.ts";
import { handleFault } from "../memory.ts";
import { pageRefcount } from "../page.ts";
import { withBox } from "./gup_testing.ts";
import { gupTest } from "./ioctl.ts";
import { getUserPages } from "./slow.ts";
import { unpinPages } from "./put.ts";

for (const kernel of ["5.14", "v4", "6.1"]) {
  Deno.test(`getUserPages() on ${kernel} holds what gupFast() holds, a reference per base page`, () => {
    for (const align of [256, 4096]) {
      withBox("kernel=6.1", kernelConfig(kernel), align, ({ k, mm, area }) => {
        const n = Math.min(64, area.end - area.start);
        for (const mode of ["get", "pin"] as const) {
          const test = { mm, vpn: area.start, pages: n, batch: 10, mode, repeats: 1 };
          const [fast, slow] = [gupTest(k, test), gupTest(k, { ...test, slow: true })];
          assertEquals([fast.heldPages, slow.heldPages], [n, n]);
          assertEquals(slow.getCounters.refcountStoresDram, n);
          assertEquals(slow.putCounters, fast.putCounters);
          assertEquals(slow.getCounters.follPinAcquired, mode === "pin" ? n : 0);
          // Every page is walked to from the top.
          assert(slow.getCounters.gupWalkSteps >= 2 * n);
        }
      });
    }
  });
}

Deno.test("getUserPages() stops at the first page that cannot be faulted in", () => {
  withBox("kernel=6.1", kernelConfig("6.1"), 256, ({ k, mm, area, first }) => {
    const pages = new Float64Array(8);
    assertEquals(getUserPages(k, mm, area.end - 3, 8, "pin", pages, 0), 3);
    assertEquals(pages[2], first + area.end - area.start - 1);
    assert(handleFault(k, mm, area.end) !== "nopage");
    assert(pageRefcount(k, pages[2]) > 1);
    unpinPages(k, pages, 0, 3);
    assertEquals(getUserPages(k, mm, area.end, 1, "get", pages, 0), 0);
  });
});

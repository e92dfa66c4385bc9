// SPDX-License-Identifier: GPL-2.0-only
// A machine check in device memory: its mappers, with and without patch 1. In a huge page: what remains usable.

import { assert, assertEquals } from "@std/assert";
import { daxMmap } from "../drivers/dax/device.ts";
import type { NdNamespace } from "../drivers/nvdimm/namespace.ts";
import { EBUSY, ENXIO } from "../include/errno.ts";
import { kernelLike, machine, mustCreate, mustDestroy, withKernel } from "../testing.ts";
import type { Kernel, Mm } from "./kernel.ts";
import { mmAlloc, mmPut, populateArea } from "./memory.ts";
import { memremapPages, memunmapPages, newPgmap } from "./memremap.ts";
import { freeHugePages, setNrHugepages } from "./hugetlb/hugetlb.ts";
import { withHugetlb } from "./hugetlb/hugetlb_testing.ts";
import { memoryFailure } from "./memory_failure.ts";
import { pageFlags } from "./page.ts";
import { totalFreePages } from "./page_alloc.ts";
import { entryNone, walkTo } from "./pgtable.ts";
import { PAGE_LAYOUTS } from "../include/page_layout.ts";

const { hwpoison: PG_HWPOISON } = PAGE_LAYOUTS["6.1"];

const VPN = 1024;

/** Two processes map the second and third 16-frame page of a device; the first also elsewhere. */
function withMapped(
  text: string,
  memoryFailureHead: boolean,
  run: (k: Kernel, ns: NdNamespace, mms: readonly [Mm, Mm]) => void,
  map: "mem" | "dev" = "mem",
): void {
  const options = machine(text);
  withKernel({ ...options, kernel: kernelLike(`${options.kernel ?? "v4"}`, { memoryFailureHead }) }, (k) => {
    const ns = mustCreate(k, { map });
    const mms = [mmAlloc(k), mmAlloc(k)];
    for (const mm of mms) {
      assert(typeof mm !== "number");
      const area = daxMmap(k, ns.dev!, mm, VPN, 32, 16);
      assert(typeof area !== "number");
      assertEquals(populateArea(k, area, 16), "nopage");
    }
    run(k, ns, mms as unknown as readonly [Mm, Mm]);
    for (const mm of mms as Mm[]) mmPut(k, mm);
    mustDestroy(k, ns);
  });
}

const isMapped = (k: Kernel, mm: Mm, vpn: number) => !entryNone(k, walkTo(k, mm.rootPfn, vpn, 1));

Deno.test("memoryFailure() on any page of a compound poisons the head and finds all its mappers", () => {
  for (const inPage of [0, 1, 7, 15]) {
    for (const text of ["kernel=v4", "kernel=v7+head", "kernel=6.1"]) {
      withMapped(text, true, (k, ns, mms) => {
        const head = ns.dev!.ranges[0].start + 16;
        assertEquals(memoryFailure(k, head + inPage), mms.map((mm) => ({ mm, vpn: VPN, pages: 16 })));
        assert((pageFlags(k, head) & PG_HWPOISON) !== 0);
        for (const mm of mms) assertEquals([isMapped(k, mm, VPN), isMapped(k, mm, VPN + 16)], [false, true]);
        assertEquals(ns.pgmap.refs, 1 + 64, "no reference on the pgmap stays");
      });
    }
  }
});

Deno.test("without patch 1, a failure in a tail finds no mappers", () => {
  withMapped("kernel=v4", false, (k, ns, mms) => {
    const head = ns.dev!.ranges[0].start + 16;
    for (const inPage of [1, 2, 7, 15]) assertEquals(memoryFailure(k, head + inPage), -EBUSY, `page ${inPage}`);
    assertEquals([pageFlags(k, head) & PG_HWPOISON, isMapped(k, mms[0], VPN)], [0, true]);
    const found = memoryFailure(k, head);
    assertEquals(typeof found === "number" ? found : found.length, 2, "the head itself is found either way");
    assertEquals(ns.pgmap.refs, 1 + 64);
  });
});

Deno.test("without compounds the page itself is poisoned, and every page names the file", () => {
  withMapped("kernel=5.14", false, (k, ns, mms) => {
    const pfn = ns.dev!.ranges[0].start + 16 + 5;
    assertEquals(memoryFailure(k, pfn), mms.map((mm) => ({ mm, vpn: VPN + 5, pages: 16 })), "one entry maps 16 pages");
    assertEquals([pfn - 1, pfn, pfn + 1].map((p) => (pageFlags(k, p) & PG_HWPOISON) !== 0), [false, true, false]);
  });
});

Deno.test("memoryFailure() returns processes whose tables map the page, not all with the area", () => {
  withMapped("kernel=v4", true, (k, ns, mms) => {
    const idle = mmAlloc(k);
    assert(typeof idle !== "number");
    assert(typeof daxMmap(k, ns.dev!, idle, VPN, 32, 16) !== "number");
    // Twice in one process, touched once.
    assert(typeof daxMmap(k, ns.dev!, mms[0], 2 * VPN, 32, 16) !== "number");
    const head = ns.dev!.ranges[0].start + 16;
    assertEquals(memoryFailure(k, head + 3), mms.map((mm) => ({ mm, vpn: VPN, pages: 16 })));
    assertEquals(memoryFailure(k, head + 3), [], "it is in no tables any more");
    mmPut(k, idle);
  });
});

Deno.test("memoryFailure() of a page that was never mapped is EBUSY", () => {
  withMapped("kernel=v4", true, (k, ns) => {
    const pfn = ns.dev!.ranges[0].start + 48;
    assertEquals(memoryFailure(k, pfn), -EBUSY);
    assertEquals(pageFlags(k, pfn) & PG_HWPOISON, 0);
  });
});

Deno.test("memoryFailure() of a frame that holds no device data is ENXIO", () => {
  withMapped("kernel=v4", true, (k, ns) => {
    const { start, end } = ns.pgmap.ranges[0];
    // The info block, the altmap's memmap, System RAM, past the device.
    for (const pfn of [start, start + 2, start + 271, 100, end]) assertEquals(memoryFailure(k, pfn), -ENXIO, `${pfn}`);
    assertEquals(memoryFailure(k, start + 272), -EBUSY, "the first frame of data");
    assertEquals(ns.pgmap.refs, 1 + 47);
  }, "dev");
});

Deno.test("memoryFailure() looks for a frame in the range it is in, whatever the order of a pgmap's ranges", () => {
  withKernel("kernel=v4", (k) => {
    const { start } = k.machine.topology.pmem[0];
    const ranges = [[128, 256], [0, 64]].map(([a, b]) => ({ start: start + a, end: start + b }));
    const pgmap = newPgmap(k, "generic", ranges, null, 0, 16);
    assertEquals(memremapPages(k, pgmap), 0);
    for (const { start, end } of ranges) {
      // Never mapped.
      for (const pfn of [start, end - 1]) assertEquals(memoryFailure(k, pfn), -EBUSY);
      assertEquals(memoryFailure(k, end), -ENXIO);
    }
    memunmapPages(k, pgmap);
  });
});

Deno.test("without compounds the whole entry that maps the bad page is cleared, and its neighbours stay", () => {
  for (const inPage of [0, 1, 15]) {
    withMapped("kernel=5.14", false, (k, ns, mms) => {
      memoryFailure(k, ns.dev!.ranges[0].start + 16 + inPage);
      for (const mm of mms) assertEquals([isMapped(k, mm, VPN), isMapped(k, mm, VPN + 16)], [false, true]);
    });
  }
});

//  file   |16 ... 47|48 ... 63|     first process  VPN |16 ... 47|0 ... 15|     another one  VPN |48 ... 63|
Deno.test("memoryFailure() looks for a page inside the area, not after its end", () => {
  withMapped("kernel=v4", true, (k, ns, mms) => {
    const behind = daxMmap(k, ns.dev!, mms[0], VPN + 32, 16, 0);
    const other = mmAlloc(k);
    assert(typeof behind !== "number" && typeof other !== "number");
    const third = daxMmap(k, ns.dev!, other, VPN, 16, 48);
    assert(typeof third !== "number");
    for (const area of [behind, third]) assertEquals(populateArea(k, area, 16), "nopage");
    assertEquals(memoryFailure(k, ns.dev!.ranges[0].start + 48), [{ mm: other, vpn: VPN, pages: 16 }]);
    assert(isMapped(k, mms[0], VPN + 32));
    mmPut(k, other);
  });
});

Deno.test("memoryFailure() in a free huge page removes it from the pool and frees all frames but the marked one", () => {
  withHugetlb({}, (k, h) => {
    assertEquals(setNrHugepages(k, h, 2), 2);
    const [head] = h.freeLists[0];
    const before = totalFreePages(k);
    assertEquals(memoryFailure(k, head + 5), []);
    assertEquals([h.nrHugePages, freeHugePages(h)], [1, 1]);
    // Less what its vmemmap needs to be whole again.
    assertEquals(totalFreePages(k) - before, h.pages - 1 - h.freeVmemmapPages);
    const marked = Array.from({ length: h.pages }, (_, i) => (pageFlags(k, head + i) & k.layout.hwpoison) !== 0);
    assertEquals(marked.flatMap((is, i) => is ? [i] : []), [5]);
  });
});

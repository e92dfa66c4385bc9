// SPDX-License-Identifier: GPL-2.0-only
// Views of a memmap: counts agree with the layout report, walks end at the frame that the kernel finds, words by name.

import { assertEquals, assertThrows } from "@std/assert";
import { lookupAddress, vmemmapVpn } from "../mm/pgtable.ts";
import { namespaceConfig } from "./box.ts";
import { layoutReport, layoutReportOn } from "./layout.ts";
import { memmapSections, pteTableView, structPageView, vmemmapPageView } from "./memmap_zoom.ts";
import { createOnBox } from "./namespace.ts";

const box = (options: Partial<Parameters<typeof namespaceConfig>[0]> = {}) => {
  const config = namespaceConfig({ size: 2 ** 29, ...options });
  return { config, ...createOnBox(config) };
};

Deno.test("memmapSections() adds up to what the allocator and the altmap gave", () => {
  for (
    const options of [{}, { kernel: "5.14" }, { kernel: "v7+head" }, { map: "dev", kernel: "5.14" }, {
      arch: "arm64-64k",
      size: 2 ** 31,
    }] as const
  ) {
    const { kernel: k, namespace, pages } = box(options);
    const { start, end } = namespace.pgmap.ranges[0];
    const sections = memmapSections(k, start, end);
    assertEquals(sections.length, Math.ceil(end / k.pagesPerSection) - Math.floor(start / k.pagesPerSection));
    const sum = (of: (s: typeof sections[number]) => number) => sections.reduce((n, s) => n + of(s), 0);
    assertEquals(sum((s) => s.frames), pages.vmemmap + pages.altmap, JSON.stringify(options));
    assertEquals(sum((s) => s.vmemmapPages), (end - start) * k.structPageSize / k.pageBytes);
  }
});

Deno.test("vmemmapPageView() walks to the frame that lookup_address() finds, and shows its contents", () => {
  for (const options of [{}, { kernel: "5.14" }, { kernel: "v7+head" }, { arch: "arm64-64k", size: 2 ** 31 }]) {
    const made = box(options);
    const { kernel: k } = made;
    const layout = layoutReportOn(made.config, made, made.config.align, 0);
    const first = layout.startPfn * k.structPageSize / k.pageBytes;
    for (const page of [first, first + 1, first + layout.vmemmapPages - 1]) {
      const view = vmemmapPageView(k, page);
      assertEquals(view.pfn, lookupAddress(k, k.rootPfn, vmemmapVpn(k, page))!.pfn);
      assertEquals(view.walk[0].table, k.rootPfn);
      view.walk.slice(1).forEach((step, i) => assertEquals(step.table, view.walk[i].pfn));
      assertEquals(view.structPages.length, k.pageBytes / k.structPageSize);
    }
    assertEquals(vmemmapPageView(k, first).structPages[0].pfn, layout.startPfn);
  }
});

Deno.test("structPageView() names the words of heads and tails", () => {
  for (const [kernel, pins] of [["v7", "nr_pages 512"], ["6.1", "pincount 0, nr_pages 512"]]) {
    const made = box({ kernel });
    const { startPfn } = layoutReportOn(made.config, made, made.config.align, 0);
    const says = (pfn: number) =>
      structPageView(made.kernel, pfn).words.map(({ fields }) => fields.map((f) => `${f.name} ${f.value}`).join(", "));
    const head = structPageView(made.kernel, startPfn);
    assertEquals([head.kind, head.flags, head.zone, head.refcount], ["head", ["reserved", "head"], "Device", 1]);
    assertEquals(says(startPfn + 1)[1], `compound_head pfn ${startPfn}, bit 0 set`);
    assertEquals(says(startPfn + 1)[2], "compound_dtor 1, compound_order 9, mapcount -1");
    assertEquals(says(startPfn + 1)[3], pins);
    assertEquals(says(startPfn + 511)[3], "mapping TAIL_MAPPING");
  }
});

Deno.test("missing pages are refused with a message", () => {
  const { kernel: k, namespace } = box({ contents: false });
  const { start, end } = namespace.pgmap.ranges[0];
  assertThrows(() => structPageView(k, start), RangeError, "were not written");
  assertEquals(vmemmapPageView(k, start / 64).structPages, []);
  assertThrows(() => vmemmapPageView(k, 4 * end), RangeError, "nothing maps it");
});

Deno.test("layoutReport() of a window further on, and beyond the end", () => {
  const report = layoutReport({ size: 2 ** 29, offset: 2 ** 24, kernel: "v7" });
  assertEquals(report.startPfn, layoutReport({ size: 2 ** 29, kernel: "v7" }).startPfn + 2 ** 12);
  assertEquals(report.frames.map((f) => f.vmemmapIndexes.length), [1, 7]);
  assertThrows(() => layoutReport({ size: 2 ** 29, offset: 2 ** 29 }), RangeError, "from its first aligned page on");
  assertThrows(() => layoutReport({ offset: 5 }), RangeError, "Cannot begin after 5 bytes");
});

Deno.test("pteTableView() has the entries of the layout, and the frames of a leaf", () => {
  const made = box({ kernel: "v7" });
  const { kernel: k } = made;
  const layout = layoutReportOn(made.config, made, 2 ** 21, 0);
  const first = layout.startPfn / 64;
  const table = pteTableView(k, first);
  assertEquals(table.pfn, layout.tables.pte[0].pfn);
  const at = first - table.firstVmemmapPage;
  const pfns = layout.frames.map((frame) => frame.pfn);
  assertEquals(table.frames.slice(at, at + 8), [pfns[0], ...Array(7).fill(pfns[1])]);
  const leaf = pteTableView(box({ kernel: "5.14" }).kernel, first);
  assertEquals([leaf.leaf, leaf.frames.length, leaf.frames[511]], [true, 512, leaf.pfn + 511]);
});

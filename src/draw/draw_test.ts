// SPDX-License-Identifier: GPL-2.0-only
// Layout drawings: ribbons to shared frames converge, nothing overlaps or leaves the sheet, arrows end under their box.

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { layoutReport } from "../scenario/layout.ts";
import { layoutSvg } from "./layout_svg.ts";
import { layoutText } from "./layout_text.ts";
import { pageMapping, tableMapping } from "./mapping.ts";
import { CHAR, placeMapping } from "./place.ts";

const LAYOUTS = [
  { kernel: "6.1" },
  { kernel: "v7+head" },
  { kernel: "5.14" },
  { kernel: "5.14", window: 2 ** 28 },
  { kernel: "v4", align: 2 ** 30 },
  { kernel: "v7", window: 2 ** 30 },
  { align: 2 ** 12 },
  { map: "dev", kernel: "v4", window: 2 ** 27 },
].map((options) => layoutReport({ map: "mem", contents: false, ...options } as Parameters<typeof layoutReport>[0]));

Deno.test("every vmemmap page is in a row, or counted as not drawn", () => {
  for (const report of LAYOUTS) {
    const { rows, more } = pageMapping(report);
    let next = 0;
    for (const { first, last, target } of rows) {
      assertEquals(first, next);
      assert(
        report.frames[target].vmemmapIndexes.includes(first) && report.frames[target].vmemmapIndexes.includes(last),
      );
      next = last + 1;
    }
    assertEquals(next + more, report.vmemmapPages);
  }
});

Deno.test("boxes of a column do not overlap, and text fits its box and the sheet", () => {
  for (const report of LAYOUTS) {
    for (const mapping of [pageMapping(report), tableMapping(report)]) {
      if (mapping === null) continue;
      const { boxes, ribbons, labels, width, height } = placeMapping(mapping);
      for (const side of ["from", "to"]) {
        const column = boxes.filter((box) => box.side === side);
        column.slice(1).forEach((box, i) => assert(box.y >= column[i].y + column[i].height, `${side} ${i}`));
      }
      for (const box of boxes) {
        assert(box.label.length * CHAR <= box.width && box.y + box.height <= height, box.label);
      }
      for (const { x, text, anchor } of labels) {
        assert(anchor === "middle" || x + text.length * CHAR <= width + 1, text);
      }
      assertEquals(ribbons.length, mapping.rows.length);
    }
  }
});

Deno.test("layoutSvg() draws seven pages that map one frame, and the PTE table", () => {
  const svg = layoutSvg(LAYOUTS[0]);
  const ends = [...svg.matchAll(/ribbon h(\d)" d="[^"]*?C\S+ \S+ \S+ \S+ (\S+) (\S+?)V/g)].map(([, hue, x]) =>
    `${hue} ${x}`
  );
  // One page with its own frame, seven with one frame, and one PMD entry with its table.
  assertEquals(ends.map((end) => end.slice(0, 1)).join(""), "011111110");
  assertStringIncludes(svg, "PTE table");
  const title = [...svg.matchAll(/class="title"[^>]*>([^<]*)</g)].map(([, line]) => line.length);
  const [, width] = /viewBox="0 0 (\S+) /.exec(svg)!;
  assert(title.every((length) => length * CHAR < Number(width)));
});

Deno.test("layoutText() draws boxes with aligned sides, and arrows that end at their targets", () => {
  const lines = layoutText(LAYOUTS[0]).split("\n");
  const first = lines.findIndex((line) => line.includes("+--"));
  const right = lines[first].lastIndexOf("+");
  const left = lines[first].indexOf("+", 20);
  assertEquals([lines[first + 1][left], lines[first + 1].slice(0, right + 1).at(-1)], ["|", "|"]);
  const arrows = lines.find((line) => line.includes("^"))!;
  for (const [at] of [...arrows.matchAll(/\^/g)].map((match) => [match.index])) {
    assert(at > left && at < right, `${at}`);
  }
  assertEquals(arrows.split("^").length - 1, 6);
});

Deno.test("layoutText() draws pages of one leaf as one row: none of them is shared", () => {
  const text = layoutText(LAYOUTS[2]);
  assertStringIncludes(text, "|   0 .. 7    | -------------> |   block 0   |");
  assert(!text.includes("^"));
});

Deno.test("no line of layoutText() is wider than 80 columns, however many switches the kernel has", () => {
  const kernel = "6.1,gup=compound,dedup=pte+table,hugetlbKeep=2,memunmap=per-page,memmapOnMemoryForce=true";
  const longest = layoutReport({ kernel, align: 2 ** 30, contents: false });
  for (const report of [...LAYOUTS, longest]) {
    for (const line of layoutText(report).split("\n")) assert(line.length <= 80, line);
    const [, width] = /viewBox="0 0 (\S+) /.exec(layoutSvg(report))!;
    for (const [, line] of layoutSvg(report).matchAll(/class="title"[^>]*>([^<]*)</g)) {
      assert(line.length * CHAR < Number(width), line);
    }
  }
});

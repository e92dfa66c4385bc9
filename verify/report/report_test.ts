// SPDX-License-Identifier: GPL-2.0-only
// The report: every value of a chart is in its table, damaged history is reported and skipped, nothing is half written.

import { assert, assertEquals } from "@std/assert";
import { parseHTML } from "linkedom";
import { RESULTS } from "../../results/mod.ts";
import { historyEntry, historyName, readHistory } from "./history.ts";
import { drawReport, main } from "./main.ts";

/** The published run, with one contest added if it has no benchmarks. */
const BENCHED = {
  ...RESULTS,
  bench: RESULTS.bench ?? { geometry: "x86-64", load: 0, benches: { "a | C": [1e6], "a | emulator": [2e6, 3e6] } },
};
const ENTRY = historyEntry(BENCHED);

Deno.test("drawReport() has a chart and a table in every section, the matrix without a chart, no script and no request", () => {
  const html = drawReport(BENCHED, [ENTRY, { ...ENTRY, date: "2030-01-01T00:00:00.000Z" }]);
  const { document } = parseHTML(html);
  const found = [...document.querySelectorAll("section")];
  const ids = [
    "per-tib",
    "growth",
    "gup",
    "times",
    "yardstick",
    "verdicts",
    "matrix",
    "conformance",
    "history-verdicts",
    "history",
  ];
  assertEquals(found.map((section) => section.id), ids);
  for (const section of found) {
    assert((section.querySelector("svg[aria-label]") !== null) === (section.id !== "matrix"), section.id);
    assert(section.querySelectorAll("tbody tr").length > 0, section.id);
  }
  assertEquals(document.querySelectorAll("script, link, img").length, 0);
  const perTib = [...document.querySelectorAll("#per-tib tbody tr td:last-child")].map((cell) => cell.textContent);
  assertEquals(perTib, RESULTS.figures.perTib.map((row) => String(row.dramBytes)));
});

Deno.test("drawReport() without benchmarks omits their sections", () => {
  const html = drawReport({ ...RESULTS, bench: null }, []);
  assert(!html.includes('id="yardstick"') && !html.includes("host time of the emulator"));
});

Deno.test("readHistory() reads runs by date, and reports and skips other files", () => {
  const folder = new URL(`file://${Deno.makeTempDirSync()}/`);
  const later = { ...ENTRY, date: "2031-01-01T00:00:00.000Z", commit: "abcdef0" };
  for (const entry of [later, ENTRY]) {
    Deno.writeTextFileSync(new URL(historyName(entry), folder), JSON.stringify(entry));
  }
  Deno.writeTextFileSync(new URL("cut.json", folder), '{"history": 1');
  Deno.writeTextFileSync(new URL("foreign.json", folder), '{"name": "else"}');
  const refused: string[] = [];
  assertEquals(readHistory(folder, (line) => refused.push(line)), [ENTRY, later]);
  assertEquals(refused.map((line) => line.split(":")[0]), ["cut.json", "foreign.json"]);
  assert(refused.every((line) => line.endsWith("; left out") && !line.includes("\n")));
  assertEquals(readHistory(new URL("nowhere/", folder), () => {}), []);
  Deno.removeSync(folder, { recursive: true });
});

Deno.test("report refuses damaged results with exit 2 and keeps the old page", async () => {
  const dir = Deno.makeTempDirSync();
  Deno.writeTextFileSync(`${dir}/r.json`, "{");
  Deno.writeTextFileSync(`${dir}/old.html`, "old");
  const lines: string[] = [];
  const { error } = console;
  console.error = (line: string) => lines.push(line);
  try {
    assertEquals(await main(["--in", `${dir}/r.json`, "--out", `${dir}/old.html`]), 2);
  } finally {
    console.error = error;
  }
  assertEquals(lines.length, 1);
  assertEquals(Deno.readTextFileSync(`${dir}/old.html`), "old");
  Deno.removeSync(dir, { recursive: true });
});

// SPDX-License-Identifier: GPL-2.0-only
// The page in a real browser agrees with `lab ... --json`, digit by digit; a link restores the same page, a step back
// shows the same as the step forward, and invalid input gives one line in the right place.
/// <reference lib="dom" />

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import type { Page } from "puppeteer-core";
import { labOf } from "../src/cli/lab_testing.ts";
import { RESULTS } from "../results/mod.ts";
import { goTo, settled } from "./browser.ts";
import { browserTest } from "./explorer_testing.ts";

const lab = labOf([]);

/** The figures of one report on a page. */
interface Asked {
  readonly command: string[];
  readonly figures: readonly { readonly key: string; readonly value: string }[];
}

/** Every figure of the page, by the command line above it. */
function asked(page: Page): Promise<Asked[]> {
  return page.evaluate(() =>
    [...document.querySelectorAll("[data-command]")].map((element) => ({
      command: JSON.parse(element.getAttribute("data-command")!),
      figures: [...element.querySelectorAll("[data-key]")].map((figure) => ({
        key: figure.getAttribute("data-key")!,
        value: figure.getAttribute("data-value")!,
      })),
    }))
  );
}

/** The value at a path of a report. */
function at(report: unknown, path: string): unknown {
  let value = report;
  for (const key of path.split(".")) value = (value as Record<string, unknown> | null | undefined)?.[key];
  return value;
}

/** Places with different questions, in all views whose figures come from a command. */
const PLACES = [
  "#1/map",
  "#1/map?kernel=v4&beside=v7%2Bhead",
  "#1/map?align=1G&size=3G&kernel=v4&beside=5.14",
  "#1/map?align=4K&size=256M",
  "#1/map?map=dev&kernel=5.14&beside=v7",
  "#1/map?compound=5&kernel=v7&beside=none",
  "#1/map?arch=arm64-4k&beside=none",
  "#1/map?arch=arm64-64k&align=512M&size=2G&beside=none",
  "#1/map?size=4G&contents=off",
  "#1/map?struct=80&size=256M&beside=none",
  "#1/steps?at=24",
  "#1/steps?path=gup&kernel=v4&mode=pin&at=8",
  "#1/steps?path=put&kernel=v4&at=3",
  "#1/steps?path=hugetlb&at=60",
  "#1/steps?path=hotplug&at=20",
  "#1/steps?path=destroy&at=30",
  "#1/steps?path=fault&at=4",
  "#1/kernels?size=64M",
  "#1/kernels?question=get&size=8M",
  "#1/kernels?question=pin&size=8M",
  "#1/kernels?question=hugetlb&size=64M",
  "#1/kernels?map=dev&size=64M",
  "#1/gup",
  "#1/gup?mode=pin&size=16M&kernel=6.1&beside=v7",
  "#1/gup?batch=1&size=4M",
  "#1/hugetlb?count=64",
  "#1/hugetlb?kernel=5.14&count=128&made=32&cpus=4",
  "#1/hugetlb?optimize=off&count=16",
  "#1/hugetlb?size=1G&count=1",
  "#1/blocks",
  "#1/blocks?memmap=off&state=added&size=256M",
  "#1/blocks?online=online_movable&state=removed&size=256M",
];

browserTest("every figure is the one that lab prints for the same question", async ({ page }) => {
  const seen = new Set<string>();
  let figures = 0;
  for (const place of PLACES) {
    await goTo(page, place);
    const found = await asked(page);
    assert(found.length > 0, place);
    for (const { command, figures: shown } of found) {
      const line = command.join(" ");
      const { out, err } = await lab(...command, "--json");
      const { report } = JSON.parse(out);
      for (const { key, value } of shown) {
        // Lists are shown by their length; times of the host are not shown.
        assertEquals(value, String(at(report, key)), `${place}: lab ${line}: ${key} ${err}`);
      }
      figures += shown.length;
      if (shown.length > 0) seen.add(line);
    }
  }
  assert(seen.size >= 40, `${seen.size} questions`);
  assert(figures > 300, `${figures} figures`);
});

browserTest(
  "My box answers as lab box, and claims are those of the published run, judged again the same",
  async ({ page }) => {
    await goTo(page, "#1/box?example=on");
    await page.waitForSelector(".asked");
    const [{ command, figures }] = await asked(page);
    const files = command.slice(1).map((name) => new URL(`../fixtures/box/${name}`, import.meta.url).pathname);
    const { report } = JSON.parse((await lab("box", ...files, "--json")).out);
    for (const { key, value } of figures) assertEquals(value, String(at(report, key)), key);
    assert(figures.length > 20, `${figures.length} figures`);

    await goTo(page, "#1/claims");
    await page.waitForSelector(".claim");
    const shown = await page.$$eval(".claim .verdict", (all) => all.map((element) => element.textContent));
    assertEquals(shown, RESULTS.audit.claims.map((claim) => claim.verdict));
    const claim = RESULTS.audit.claims.find(({ id }) => id === "000-11")!;
    await goTo(page, `#1/claims?text=0.0014%25+of+memory&open=${claim.id}`);
    await page.waitForSelector(".evidence button");
    await page.click(".evidence button");
    await page.waitForFunction(() => document.querySelectorAll(".evidence table").length === 2);
    const tables = await page.$$eval(
      ".evidence table",
      (all) =>
        all.map((table) => [...table.querySelectorAll("[data-value]")].map((cell) => cell.getAttribute("data-value"))),
    );
    const [row] = claim.rows;
    assertEquals(tables, Array(2).fill([row.formula, row.measured, row.model].map(String)));
    assertStringIncludes(await page.$eval(".evidence [role=status]", (e) => e.textContent!), "The same verdict");
  },
);

/** The text and the shapes that a reader sees. */
function seenIn(page: Page, where = "main"): Promise<string> {
  return page.$eval(
    where,
    (main) =>
      main.innerHTML.replace(/ (data-ms|id|list|tabindex|aria-label|style)="[^"]*"/g, "").replace(
        / (class|disabled)=""/g,
        "",
      ),
  );
}

browserTest(
  "a link shows the same again, and a step back is what the step forward was",
  async ({ address, page, open }) => {
    await goTo(page, "#1/steps?path=hugetlb&at=36");
    const forward: string[] = [];
    const press = async (name: string) => {
      await page.evaluate(
        (name) => [...document.querySelectorAll("button")].find((button) => button.textContent === name)!.click(),
        name,
      );
      await settled(page);
    };
    for (let step = 0; step < 20; step++) {
      forward.push(await seenIn(page, ".stage"));
      await press("Forward");
    }
    for (let step = 19; step >= 0; step--) {
      await press("Back");
      // Not assertEquals(): a page is too long to be printed twice.
      assert(await seenIn(page, ".stage") === forward[step], `step ${step}`);
    }
    assertEquals(new Set(forward).size, forward.length);

    const links = [
      "#1/map?kernel=v4&page=2&compound=3",
      "#1/steps?path=destroy&at=12",
      "#1/kernels?question=pin&size=8M",
    ];
    const { page: other } = await open();
    for (const link of [...links, "#1/gup?mode=pin", "#1/hugetlb?count=32&made=8", "#1/blocks?state=added"]) {
      await goTo(page, link);
      const there = await seenIn(page);
      await other.goto("about:blank");
      await other.goto(address + await page.evaluate(() => location.hash));
      await settled(other);
      assert(await seenIn(other) === there, link);
    }
  },
);

browserTest("controls write the link: a choice, a text, a row of the picture, a cell", async ({ page }) => {
  await goTo(page, "");
  const hash = () => page.evaluate(() => location.hash);
  await page.select("select[name=kernel]", "v7");
  assertEquals(await hash(), "#1/map?kernel=v7");
  await page.$eval("input[name=size]", (input) => {
    (input as HTMLInputElement).value = "2G";
    input.dispatchEvent(new Event("change"));
  });
  assertEquals(await hash(), "#1/map?kernel=v7&size=2G");
  await settled(page);
  await page.$eval("g.choice", (row) => (row as SVGElement).focus());
  await page.keyboard.press("Enter");
  assertEquals(await hash(), "#1/map?kernel=v7&size=2G&page=0");
  await page.waitForSelector(".structs button");
  await page.click(".structs button");
  assertMatch(await hash(), /&pfn=\d+$/);
  await settled(page);
  await page.waitForFunction(() => document.querySelector("main")!.textContent!.includes("_refcount 1"));
  await page.goBack();
  await page.goBack();
  assertEquals(await hash(), "#1/map?kernel=v7&size=2G");
});

/** Invalid places, and the message for each. */
const WRONG: readonly (readonly [place: string, line: RegExp])[] = [
  ["#2/map", /^This link is of version "2": this page reads version 1$/],
  ["#map", /^This link cannot be read/],
  ["#1/maps", /^This link asks for the view "maps"/],
  ["#1/map?colour=red", /^Unknown option "colour"/],
  ["#1/map?kernel=9.9", /^Unknown kernel "9\.9"/],
  ["#1/map?size=17M", /17M/],
  ["#1/map?size=lots", /^size: Cannot read size "lots"/],
  ["#1/map?size=1G&align=3M", /align|map/i],
  ["#1/map?size=16T&beside=none", /Not enough host memory/],
  ["#1/map?compound=x", /^compound: expected a whole number/],
  ["#1/map?compound=99999", /Cannot show/],
  ["#1/gup?size=0", /./],
  ["#1/gup?batch=-1", /^batch: expected a whole number/],
  ["#1/hugetlb?count=0", /./],
  ["#1/hugetlb?size=3M", /3M/],
  ["#1/blocks?size=100M", /100M/],
  ["#1/steps?path=nowhere", /^Unknown path "nowhere"/],
  ["#1/steps?size=5K", /./],
  ["#1/kernels?size=1", /./],
  ["#1/claims?verdict=maybe", /^Unknown verdict "maybe"/],
];

browserTest("what cannot be is said in one line in place, and the page goes on", async ({ page }) => {
  for (const [place, line] of WRONG) {
    await goTo(page, place);
    if (place.includes("claims")) await page.waitForSelector(".controls");
    const lines = await page.$$eval(
      ".error",
      (all) => all.filter((element) => element.getClientRects().length > 0).map((element) => element.textContent!),
    );
    assertEquals(lines.length, 1, `${place}: ${lines.join(" | ")}`);
    assertMatch(lines[0], line, place);
    assert(!lines[0].includes("\n"), place);
  }
  await goTo(page, "#1/map");
  assertEquals(await page.$$eval(".panel .headline", (all) => all.length), 2);
});

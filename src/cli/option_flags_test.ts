// SPDX-License-Identifier: GPL-2.0-only
// Flags are named as the keys of `config` in what --json prints, which are the library's options.

import { assert, assertEquals } from "@std/assert";
import { INSPECT_ROWS } from "../inspect/machine.ts";
import { PAGES_ROWS } from "../inspect/pages.ts";
import { NAMESPACE_ROWS } from "../scenario/box.ts";
import { GUP_ROWS } from "../scenario/gup.ts";
import { HOTPLUG_ROWS } from "../scenario/hotplug_box.ts";
import { HUGETLB_ROWS } from "../scenario/hugetlb_box.ts";
import { LAYOUT_ROWS } from "../scenario/layout.ts";
import { LINEAGE_ROWS } from "../scenario/lineage.ts";
import { NAMESPACES_ROWS } from "../scenario/namespaces.ts";
import type { OptionRow } from "../scenario/option_row.ts";
import { PLAN_ROWS } from "../scenario/plan.ts";
import { jsonKey } from "./config_keys.ts";

const ROWS: Readonly<Record<string, Readonly<Record<string, OptionRow<unknown>>>>> = {
  namespace: { ...NAMESPACE_ROWS, ...NAMESPACES_ROWS },
  gup: GUP_ROWS,
  hugetlb: HUGETLB_ROWS,
  hotplug: HOTPLUG_ROWS,
  layout: LAYOUT_ROWS,
  lineage: LINEAGE_ROWS,
  pages: PAGES_ROWS,
  plan: PLAN_ROWS,
  inspect: INSPECT_ROWS,
};

/** `--no-give-back` turns giveBack off; a key in bytes says so, and its flag's value has a unit. */
function keyOf(flag: string, { value, fallback }: OptionRow<unknown>): string {
  const name = value === "" && fallback === true ? flag.replace(/^no-/, "") : flag;
  return name.replaceAll(/-(.)/g, (_, letter: string) => letter.toUpperCase());
}

for (const [command, rows] of Object.entries(ROWS)) {
  Deno.test(`lab ${command}: a flag is its key in kebab case, or another program's`, () => {
    for (const [name, row] of Object.entries(rows)) {
      if (row.flag === "") continue;
      const same = keyOf(row.flag, row) === jsonKey(name, row.fallback).replace(/(Sizes)?Bytes$/, "");
      assert(row.flagOf === undefined ? same : !same, `--${row.flag} and ${name}`);
    }
  });
}

Deno.test("flags that go by another program's name are few", () => {
  const others = Object.values(ROWS).flatMap((rows) => Object.values(rows)).filter((row) => row.flagOf !== undefined);
  assertEquals([...new Set(others.map(({ flag, flagOf }) => `${flagOf} --${flag}`))], [
    "ndctl create-namespace --mode",
  ]);
});

// SPDX-License-Identifier: GPL-2.0-only
// --check of every command that boots a kernel: its result is printed and decides the exit code.

import { assert, assertEquals, assertMatch } from "@std/assert";
import { lab } from "./lab_testing.ts";
import { COMMANDS } from "./main.ts";

/** A small machine per command, and the number of command lines there are for each. */
const SMALL: Readonly<Record<string, string>> = {
  namespace: "--size 256M",
  gup: "--size 2M --repeats 1",
  hugetlb: "--count 2",
  hotplug: "--size 128M",
  layout: "",
  pages: "--size 256M",
  trace: "namespace --size 256M --depth 1",
  inspect: "meminfo --dram 4G --pmem 1G --map mem",
};

const CHECKING = COMMANDS.filter(({ flags }) => Object.hasOwn(flags, "check")).map(({ name }) => name);

Deno.test("every command that boots a machine with --kernel has --check, which reports that all invariants hold", async () => {
  assertEquals(CHECKING.toSorted(), Object.keys(SMALL).toSorted());
  for (const [name, args] of Object.entries(SMALL)) {
    const words = args.split(" ").filter((word) => word !== "");
    const { code, out, err } = await lab(name, ...words, "--check");
    assertEquals(code, 0, `${name}: ${err}`);
    assertMatch(out + err, /invariants\W+all hold/, name);
    const { report } = JSON.parse((await lab(name, ...words, "--check", "--json")).out);
    assertEquals(report.invariants, { objection: null }, name);
    const unchecked = JSON.parse((await lab(name, ...words, "--json")).out);
    assertEquals(unchecked.report.invariants, null, name);
  }
});

Deno.test("--check exits with 1 and names the invariant that a defect of the kernel breaks", async () => {
  const defect = ["--set", "dedup=pte+head,compoundHeadUnadjusted=true"];
  for (const line of ["namespace --size 256M", "layout", "pages --size 256M", "trace namespace --size 256M"]) {
    const { code, out } = await lab(...line.split(" "), ...defect, "--check");
    assertEquals(code, 1, line);
    assert(/invariants\W+violated: \w+: I\d+/.test(out), `${line}: ${out.slice(-200)}`);
  }
});

// SPDX-License-Identifier: GPL-2.0-only
// The command line's contract: with --json one document on stdout and nothing else, bad usage is one line and exit 2, a
// refusal of the kernel one line and exit 1. verify/lab_test.ts runs the program itself.

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { lab } from "./lab_testing.ts";
import { hugetlbReport } from "../scenario/hugetlb.ts";
import { gupReport } from "../scenario/gup.ts";
import { gupCode } from "./gup.ts";
import { main } from "./main.ts";

async function json(...args: string[]): Promise<Record<string, unknown>> {
  const { code, out, err } = await lab(...args, "--json");
  assertEquals([code, err], [0, ""]);
  const { config, report } = JSON.parse(out);
  return { config, ...report };
}

function assertKeys(report: unknown, keys: string[]): void {
  for (const key of keys) assert(Object.hasOwn(report as object, key), `no "${key}"`);
}

Deno.test("lab namespace --json has every field of the contract", async () => {
  const report = await json("namespace", "--size", "256M", "--align", "2M", "--map", "mem", "--kernel", "v7");
  assertKeys(report, [
    "config",
    "pages",
    "structPages",
    "pgmapRefs",
    "usableBytes",
    "overheadPercent",
    "baseline",
    "counters",
    "hostMs",
    "modelMs",
  ]);
  assertKeys(report.pages, ["vmemmap", "pteTables", "pmdTables", "pudTables", "altmap", "dramTotal"]);
  assertKeys(report.structPages, ["mapped", "initialised"]);
  assertKeys(report.baseline, ["pages", "overheadPercent"]);
  assertEquals((report.pages as Record<string, number>).vmemmap, 256);
  assertEquals(report.config && (report.config as Record<string, unknown>).kernel, "v7");
});

Deno.test("lab namespace takes sizes as people write them", async () => {
  const sizes = [];
  // One after the other: they share the console.
  for (const size of ["256M", "262144K", "268435456", "0.25G", "256MiB"]) {
    const { config } = await json("namespace", "--size", size, "--no-contents");
    sizes.push([(config as Record<string, number>).sizeBytes, (config as Record<string, boolean>).contents]);
  }
  assertEquals(sizes, new Array(5).fill([2 ** 28, false]));
});

Deno.test("lab gup --json has every field of the contract", async () => {
  const report = await json("gup", "--size", "4M", "--mode", "pin", "--repeats", "3", "--batch", "100");
  assertKeys(report, [
    "heldPages",
    "refcountStores",
    "pgmapLookups",
    "hostGetMs",
    "hostPutMs",
    "modelGetMs",
    "modelPutMs",
  ]);
  assertEquals([report.heldPages, (report.hostGetMs as number[]).length], [1024, 3]);
});

Deno.test("lab layout --json has frames and tables", async () => {
  const report = await json("layout", "--kernel", "v7");
  assertEquals((report.frames as unknown[]).length, 2);
  assertKeys(report.tables, ["pte"]);
});

Deno.test("lab without --json prints text for people, numbers included", async () => {
  const namespace = await lab("namespace", "--size", "256M");
  assertStringIncludes(namespace.out, "256M devdax, align 2M, map=mem, kernel 6.1");
  assertMatch(namespace.out, /PTE tables +2 pages/);
  const gup = await lab("gup", "--size", "4M", "--repeats", "1");
  assertMatch(gup.out, /pages held +1024\n/);
  const layout = await lab("layout", "--kernel", "v7");
  assertMatch(layout.out, /\| +0 +\| -+> \| +0 +\| +pfn \d+, refcount 1/);
  assertMatch(layout.out, /\| +1 +\| -+> \| +1 +\| +pfn \d+, refcount 7/);
  assertEquals([namespace.code, gup.code, layout.code], [0, 0, 0]);
  assertEquals(namespace.err + gup.err + layout.err, "");
});

Deno.test("lab layout draws leaves, shared tables and memmap in pmem", async () => {
  assertStringIncludes((await lab("layout", "--kernel", "5.14", "--window", "128M")).out, "all leaves: no PTE table");
  assertMatch(
    (await lab("layout", "--kernel", "v4", "--align", "1G")).out,
    /PMD entry +PTE table\n[^]*\| +1 +\| -+> \| +1 +\| +pfn \d+, refcount 7/,
  );
  assertStringIncludes((await lab("layout", "--map", "dev", "--window", "128M")).out, "in pmem");
});

Deno.test("lab layout --svg writes a drawing of every frame, and the file is whole", async () => {
  const dir = await Deno.makeTempDir();
  try {
    const file = `${dir}/layout.svg`;
    const { code } = await lab("layout", "--kernel", "v7", "--window", "4M", "--svg", file);
    const svg = await Deno.readTextFile(file);
    assertEquals(code, 0);
    assertMatch(svg, /^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg"[^]*<\/svg>\n$/);
    // Sixteen vmemmap pages and a PMD entry; four frames and a PTE table.
    assertEquals(svg.match(/<path /g)?.length, 16 + 1);
    assertEquals([...svg.matchAll(/refcount (\d)</g)].map(([, n]) => n), ["1", "7", "1", "7", "1"]);
    assertEquals([...Deno.readDirSync(dir)].map((e) => e.name), ["layout.svg"]);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("lab --help and lab COMMAND --help list what there is", async () => {
  const help = await lab("--help");
  assertEquals([help.code, help.err], [0, ""]);
  for (const name of ["namespace", "gup", "layout"]) {
    assertStringIncludes(help.out, `  ${name} `);
    const command = await lab(name, "--help");
    assertEquals(command.code, 0);
    assertStringIncludes(command.out, `usage: lab ${name}`);
    assertStringIncludes(command.out, "--kernel PRESET");
  }
  assertEquals((await lab("help")).out, help.out);
  assertEquals((await lab("namespace", "-h")).out, (await lab("namespace", "--help")).out);
  assertEquals((await lab("-h")).out, help.out);
  assertEquals((await lab("help", "namespace")).out, (await lab("namespace", "--help")).out);
});

/** Wrong command lines, and the message of each. */
const WRONG: readonly (readonly [string, string])[] = [
  ["", 'unknown command ""'],
  ["frobnicate", 'unknown command "frobnicate": expected namespace, gup,'],
  ["namespace", "--size SIZE is required"],
  ["namespace --size", "--size needs one value"],
  ["namespace --size 1X", 'Cannot read size "1X"'],
  ["namespace --size -1G", '--size: Cannot read size "-1G"'],
  ["hugetlb --count -1", '--count: expected a whole number, got "-1"'],
  ["hugetlb --count -x", '--count: expected a whole number, got "-x"'],
  ["gup --size 1M --repeats 1000000000000", "repeats 1000000000000: expected a whole number from 1 to 1000000"],
  ["gup --size 1M --jobs -1", '--jobs: expected a whole number, got "-1"'],
  ["gup --size 16T --align 1G", "Not enough host memory"],
  ["hugetlb --sizes --kernel v7", "--kernel has no effect with --sizes: expected --keep, --json"],
  ["hotplug --fences --size 1G", "--size has no effect with --fences: expected --json"],
  ["plan --hugetlb 3Q:1", '--hugetlb: Cannot read size "3Q"'],
  ["namespace --size 1000", "multiple of 16M"],
  ["namespace --size 0", "multiple of 16M"],
  ["namespace --size 1P", "at most 64T"],
  ["namespace --size 1G --align 3M", "Cannot map by 3M: x86-64 has 4K, 2M, 1G"],
  ["namespace --size 1G --map disk", 'expected mem or dev, got "disk"'],
  ["namespace --size 1G --kernel 9.9", "expected 5.14, 5.18, v4, v7"],
  ["namespace --size 1G --set dedupe=pte", 'Unknown switch "dedupe": expected memoryFailureHead'],
  ["namespace --size 1G --set dedup=all", 'Cannot set dedup to "all": expected none, pte, pte+table, pte+head'],
  ["hugetlb --count 1 --set dedup", 'Cannot set "dedup": expected SWITCH=VALUE'],
  [
    "namespace --size 17M",
    "Cannot make a namespace of 17M: expected a positive multiple of 16M, nearest are 16M and 32M",
  ],
  ["hugetlb --count 1 --no-hugetlb-free-vmemmap --keep 1", "--keep has no effect with --no-hugetlb-free-vmemmap"],
  ["hotplug --size 128M --free-memory 5G", "Cannot leave 5G free: the machine has 4G of DRAM"],
  ["plan --hugetlb 2M:8,2M:16", "2M twice"],
  ["plan --pmem 1G --set dedup=pte", "--set needs --kernel"],
  ["namespace --size 1G --arch vax", "expected x86-64"],
  ["namespace --size 1G --struct-page 63", "expected 56, 64, 72, 80"],
  ["namespace --size 1G --struct-page big", 'expected a whole number, got "big"'],
  ["namespace --size 1G --sise 2G", 'unknown argument "--sise" (did you mean "--size"?)'],
  ["namespace 1G", 'unknown argument "1G"'],
  ["namespace --size 1G extra", 'unknown argument "extra"'],
  ["namespace --size 256M --size 512M", "--size was given 2 times: one value: SIZE"],
  ["namespace --size 256M --json=false", '--json takes no value, got "false"'],
  ["namespace --size 256M --no-contents=maybe", '--no-contents takes no value, got "maybe"'],
  ["namespace --size 256M -- extra", 'unknown argument "extra"'],
  ["namespace --size 256M --struct-page 999999999999999999999999", "expected 56, 64, 72, 80"],
  ["namespace --size 256M --arch toy --align 4K", "expected at most 56M"],
  ["hugetlb --count 4000 --arch toy --size 64K", "expected at most 56M"],
  ["hugetlb --count 1 --dram 1M", "no room in DRAM for the memmap of section 0"],
  ["hugetlb --count 1 --cpus 99999999999", "expected a whole number from 1 to 8192"],
  ["hotplug --size 128M --dram 4K", "no room in DRAM for the memmap of section 0"],
  ["hotplug --size 128M --fragment=", "--fragment needs one value"],
  ["hotplug --size 128M --fragment 0x1", 'expected a share from 0 to 1, got "0x1"'],
  ["gup --size 1G --mode hold", 'expected get or pin, got "hold"'],
  ["gup --size 1G --repeats 0", "repeats 0"],
  ["gup --size 1G --batch x", 'expected a whole number, got "x"'],
  ["gup --size 4M --align 1G", "only 4M are held"],
  ["layout --window 3K", "positive multiple of 2M"],
  ["namespac --size 1G", 'unknown command "namespac" (did you mean "namespace"?)'],
  ["help hugetbl", 'unknown command "hugetbl" (did you mean "hugetlb"?)'],
  ["layout --svg", "--svg needs one value"],
  ["layout --svg /nonexistent/dir/file.svg", "cannot write /nonexistent/dir/file.svg"],
];

for (const [line, message] of WRONG) {
  Deno.test(`lab ${line}: one line, exit 2`, async () => {
    for (const more of [[], ["--json"]]) {
      const { code, out, err } = await lab(...line.split(" "), ...more);
      assertEquals(code, 2);
      if (more.length === 0) assertEquals(out, "");
      else assertStringIncludes(JSON.parse(out).error.message, message);
      assertMatch(err, /^lab: [^\n]+\n$/);
      assertStringIncludes(err, message);
    }
  });
}

Deno.test("lab takes the device's page size from the architecture by default", async () => {
  for (const arch of ["arm64-16k", "arm64-64k", "toy"]) {
    assertEquals((await lab("layout", "--arch", arch)).err, "");
  }
  assertStringIncludes((await lab("namespace", "--size", "64M", "--arch", "arm64-16k")).out, "64M devdax, align 32M");
});

Deno.test("lab reports an internal error in one line, exit 1", async () => {
  const { log, error } = console;
  const lines: unknown[] = [];
  console.log = () => {
    throw new Error("No space left on device\n    at print");
  };
  console.error = (line: unknown) => void lines.push(line);
  try {
    assertEquals(await main(["namespace", "--size", "64M"]), 1);
  } finally {
    Object.assign(console, { log, error });
  }
  assertEquals(lines, ["lab: Error: No space left on device"]);
});

Deno.test("lab reports the kernel's refusal, exit 1", async () => {
  const { code, out, err } = await lab("namespace", "--size", "1G", "--align", "1G", "--json");
  assertEquals([code, err], [
    1,
    "lab: Cannot enable the namespace: ENXIO (align 1G leaves no room for data in 1G; 3G or a smaller align works)\n",
  ]);
  assertEquals(JSON.parse(out).error, {
    kind: "kernel",
    message: "Cannot enable the namespace: ENXIO (align 1G leaves no room for data in 1G; 3G or a smaller align works)",
    errno: "ENXIO",
  });
});

Deno.test("lab without a command, or with an empty value: one line, exit 2", async () => {
  for (
    const [args, message] of [[[], "no command: expected namespace, gup"], [["layout", "--svg", ""], "needs one"]]
  ) {
    const { code, out, err } = await lab(...args);
    assertEquals([code, out], [2, ""]);
    assertMatch(err, /^lab: [^\n]+\n$/);
    assertStringIncludes(err, message as string);
  }
});

Deno.test("lab --version says version, commit and Deno", async () => {
  const { code, out } = await lab("--version");
  assertEquals(code, 0);
  assertMatch(out, /^vmemmap-lab \d+\.\d+\.\d+, commit (unknown|[0-9a-f]{40}), Deno \d/);
});

Deno.test("--set changes the kernel of every command that boots one, and the difference is printed", async () => {
  const { out } = await lab("namespace", "--size", "256M", "--set", "dedup=pte+head,gup=compound");
  assertStringIncludes(out, "kernel 6.1 with gup=compound (was per-page), dedup=pte+head (was pte)\n256M devdax");
  for (
    const args of [
      ["namespace", "--size", "64M"],
      ["gup", "--size", "4M", "--repeats", "1"],
      ["hugetlb", "--count", "4"],
      ["hotplug", "--size", "128M", "--no-contents"],
      ["layout"],
      ["plan", "--pmem", "64M", "--align", "2M", "--kernel", "6.1"],
    ]
  ) {
    const { config } = await json(...args, "--set", "hugetlbFlush=batch");
    assertEquals((config as Record<string, unknown>).kernel, "6.1,hugetlbFlush=batch", args[0]);
  }
});

Deno.test("lab hugetlb flushes as its kernel does unless told otherwise", async () => {
  const flushes = async (...args: string[]) => {
    const { allocCounters } = await json("hugetlb", "--count", "64", ...args);
    return (allocCounters as { tlbFlushes: number }).tlbFlushes;
  };
  const { allocCounters } = hugetlbReport({ size: 2 ** 21, count: 64, kernel: "6.1,hugetlbFlush=batch" });
  assertEquals(await flushes("--set", "hugetlbFlush=batch"), allocCounters.tlbFlushes);
  assertEquals(await flushes("--flush", "batch"), allocCounters.tlbFlushes);
  assertEquals(await flushes("--set", "hugetlbFlush=batch", "--flush", "page"), await flushes());
  assert(allocCounters.tlbFlushes < 4 && await flushes() > 64);
});

Deno.test("--check runs the invariant checker; a violation is exit 1", async () => {
  for (
    const args of [
      ["namespace", "--size", "64M"],
      ["gup", "--size", "4M", "--repeats", "1"],
      ["hugetlb", "--count", "4"],
      ["hotplug", "--size", "128M"],
    ]
  ) {
    const { invariants } = await json(...args, "--check");
    assertEquals(invariants, { objection: null }, args[0]);
    assertEquals((await json(...args)).invariants, null);
    assertMatch((await lab(...args, "--check")).out, /invariants +all hold/);
  }
  const broken = await lab(
    "namespace",
    "--size",
    "256M",
    "--check",
    "--set",
    "dedup=pte+head,compoundHeadUnadjusted=true",
  );
  assertEquals(broken.code, 1);
  assertMatch(broken.out, /invariants +violated: \w+: I\d+/);
});

Deno.test("lab gup that holds fewer pages than requested exits with 1", () => {
  const report = gupReport({ size: 2 ** 22, repeats: 1 });
  assertEquals([gupCode(report), gupCode({ ...report, heldPages: 1023 }), gupCode({ ...report, heldPages: 0 })], [
    0,
    1,
    1,
  ]);
});

Deno.test("lab namespace: fsdax, and a region at a given address", async () => {
  const fsdax = await json("namespace", "--size", "256M", "--mode", "fsdax");
  // Base pages share no memmap.
  assertEquals([(fsdax.pages as Record<string, number>).vmemmap, (fsdax.pages as Record<string, number>).altmap], [
    1024,
    0,
  ]);
  const there = await json("namespace", "--size", "256M", "--start", "0x241000000", "--align", "2M");
  assertEquals((there.config as Record<string, number>).start, 0x241000000);
  // A compound of 1 GiB may not begin inside a section, except on kernels that do not check.
  const inside = ["namespace", "--size", "3G", "--align", "1G", "--start", "0x241000000"];
  assertEquals([(await lab(...inside)).code, (await lab(...inside, "--kernel", "v7")).code].includes(0), true);
  assertStringIncludes(
    (await lab("namespace", "--size", "256M", "--start", "0x1000")).err,
    "does not begin at a multiple of 2M",
  );
  assertStringIncludes((await lab("namespace", "--size", "256M", "--start", "0x241000001")).err, "a multiple of 4K");
});

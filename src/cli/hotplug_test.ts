// SPDX-License-Identifier: GPL-2.0-only
import { assert, assertEquals, assertMatch, assertStringIncludes, assertThrows } from "@std/assert";
import { CommandError, type CommandResult } from "./command.ts";
import { parseFlags } from "./flags.ts";
import { hotplugCommand } from "./hotplug.ts";
import { lab } from "./lab_testing.ts";

const run = (...args: string[]) =>
  hotplugCommand.run(parseFlags("hotplug", hotplugCommand.flags, args)) as CommandResult;

Deno.test("lab hotplug reports every field of the contract, and the costs without memmap_on_memory", () => {
  const { report, text, code } = run("--size", "128M", "--memmap-on-memory", "--kernel", "6.1", "--no-contents");
  const { blocks, vmemmapPages, selfHostedPages, joinedZone } = JSON.parse(JSON.stringify(report));
  assertEquals([blocks.length, vmemmapPages, selfHostedPages, code], [1, 512, 512, 0]);
  assertEquals(Object.keys(joinedZone).sort(), ["managedPages", "name", "presentPages", "spannedPages"]);
  assertMatch(text, /memmap on it +512 pages/);
  assertMatch(text, /memmap_on_memory off\n +added +128 MiB\n +taken before it +513 pages/);
});

Deno.test("lab hotplug says which rule refused", () => {
  assertStringIncludes(run("--size", "1G", "--memmap-on-memory", "--no-contents").text, "refused by: block");
});

Deno.test("lab hotplug of more than fits prints the kernel's refusal and exits with 1", () => {
  const { text, code } = run("--size", "12G", "--free-memory", "128M", "--no-contents");
  assertEquals(code, 1);
  assertStringIncludes(text, "added             0 B, then ENOMEM");
});

Deno.test("lab hotplug --fences lists every machine without plugging anything", () => {
  const { report, text } = run("--fences");
  assertEquals((report as { fences: unknown[] }).fences.length, text.split("\n").length - 1);
  assertMatch(text, /^arm64 64K +64 +512M +512K .* pmd, pageblock$/m);
  assertMatch(text, /^x86-64 +64 +128M +2M +126M +-$/m);
});

for (
  const [args, message] of [
    [["--fragment", "1.5", "--size", "1G"], "expected a share from 0 to 1"],
    [["--size", "1G", "--online", "offline"], "expected online or online_kernel"],
    [["--memmap-on-memory"], "--size SIZE is required"],
    [["--range", "1G"], "expected START-END such as 0x240000000"],
    [["--range", "2M-1M"], "Cannot plug 0x200000-0x100000: expected an end beyond the start"],
    [["--range", "4097-8192"], "expected whole pages of 4K"],
    [["--size", "1G", "--range", "0x240000000-0x27fffffff"], "expected a size or a range"],
    [["--size", "1G", "--no-offline"], "Cannot leave DIMMs online"],
    [["--dax", "--size", "1000"], "plug a namespace of 1000 bytes"],
    [["--size", "1G", "--align", "2M"], 'unknown argument "--align"'],
  ] as const
) {
  Deno.test(`lab hotplug ${args.join(" ")} is bad usage`, () => {
    const error = assertThrows(() => run(...args));
    assert(error instanceof CommandError || error instanceof RangeError);
    assertStringIncludes(error.message, message);
  });
}

Deno.test("lab hotplug separates the columns of large counts, and names only nodes that hold memmap", () => {
  const { text } = run("--size", "4T", "--block", "1T", "--dimm", "1T", "--node", "2", "--no-contents");
  assertMatch(text, /^online( +\d+){4}$/m);
  assertMatch(text, /^ +memmap by node +node 0: \d+$/m);
});

Deno.test("lab hotplug --dax RANGE is --range, a switch without one", async () => {
  const [start, end] = ["0x240000000", "0x27fffffff"];
  const { report: range } = JSON.parse((await lab("hotplug", "--range", `${start}-${end}`, "--json")).out);
  for (const args of [["--dax", `${start}-${end}`], [`--dax=${start}-${end}`]]) {
    const { code, out } = await lab("hotplug", ...args, "--json");
    assertEquals([code, JSON.parse(out).report.blocks], [0, range.blocks]);
  }
  assertEquals((await lab("hotplug", "--dax", "--size", "1G", "--no-contents")).code, 0);
});

Deno.test("lab hotplug prints where memory goes, what was free before and what must fit", () => {
  const { text } = run("--dax", "--size", "1G", "--target-node", "1", "--guest-used", "1G", "--no-contents");
  assertMatch(
    text,
    /^1G of device-dax into 4G, near node 0, System RAM of node 1, memory blocks of 128M, kernel 6\.1$/m,
  );
  assertMatch(text, /^ +free before it +\d+ pages +2\.94 GiB, 1 GiB are in use$/m);
  assertMatch(text, /^ +memmap of all +3584 pages +14 MiB$/m);
});

Deno.test("lab hotplug lists every kind of page that adding took", () => {
  // A table of PMDs for each GiB of memmap, and those that map it.
  for (const args of [["--size", "128G"], ["--dax", "--size", "16G"], ["--size", "128M", "--memmap-on-memory"]]) {
    const taken = /taken before it +(\d+) pages .*\((.*)\)/.exec(run(...args, "--no-contents").text)!;
    const parts = taken[2].match(/\d+/g)!.map(Number);
    assertEquals(parts.reduce((sum, n) => sum + n, 0), Number(taken[1]), taken[0]);
  }
});

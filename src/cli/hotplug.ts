// SPDX-License-Identifier: GPL-2.0-only
// `lab hotplug`: what plugging memory costs, with its memmap elsewhere or on the memory itself; `--fences` lists the
// machines that allow the latter.

import { pageBytes } from "../arch/arch.ts";
import { ARCHS } from "../arch/archs.ts";
import { formatSize, humanSize } from "../lib/units.ts";
import { type HotplugReport, hotplugReport, type HotplugRun } from "../scenario/hotplug.ts";
import { HOTPLUG_ROWS } from "../scenario/hotplug_box.ts";
import { type MhpFence, mhpFences } from "../scenario/mhp_fences.ts";
import { type Command, CommandError, type Flag } from "./command.ts";
import { onlyWith } from "./flags.ts";
import { checkedText, exitCode } from "./checked.ts";
import { flagsOf, optionsOf } from "./option_flags.ts";
import { table } from "./table.ts";

const FENCES: Flag = {
  value: "",
  help: "only list which machines allow memmap_on_memory, and which rule refuses the others",
};

/** The command. */
export const hotplugCommand: Command = {
  name: "hotplug",
  summary: "hot-add memory, with its memmap in DRAM or on the memory itself",
  example: "--size 256M --memmap-on-memory",
  flags: { ...flagsOf(HOTPLUG_ROWS), fences: FENCES },
  csv: (report) => "fences" in report ? report.fences as MhpFence[] : (report as HotplugReport).states,
  translate: rangeOfDax,
  run: (flags) => {
    if (flags.has("fences")) {
      onlyWith(flags, hotplugCommand, "fences", []);
      const fences = mhpFences();
      return { report: { fences }, text: fenceText(fences) };
    }
    if (!flags.has("size") && !flags.has("range")) {
      throw new CommandError("hotplug: --size SIZE is required, or --range START-END");
    }
    const report = hotplugReport(optionsOf(flags, HOTPLUG_ROWS));
    return { report, text: text(report), code: report.errno === null ? exitCode(report.invariants) : 1 };
  },
};

/** Rewrites `--dax START-END` as `--range START-END`. */
function rangeOfDax(args: readonly string[]): string[] {
  return args.flatMap((arg, i) => {
    if (arg.startsWith("--dax=")) return [`--range=${arg.slice("--dax=".length)}`];
    return arg === "--dax" && /^[^-]/.test(args[i + 1] ?? "") ? ["--range"] : [arg];
  });
}

function text(report: HotplugReport): string {
  const { config, joinedZone: zone, blocks } = report;
  const page = pageBytes(ARCHS[config.arch]);
  const ms = (n: number) => `${n.toFixed(1)} ms`;
  const refused = report.refusedBy.length > 0 ? `, refused by: ${report.refusedBy.join(", ")}` : "";
  return [
    `${formatSize(config.size)} of ${config.dax ? "device-dax" : `DIMMs of ${formatSize(config.dimm)}`} ` +
    `into ${formatSize(config.dram)}${nodeText(config)}, memory blocks of ${
      formatSize(report.blockBytes)
    }, kernel ${config.kernel}`,
    config.memmapOnMemory
      ? `memmap_on_memory ${config.memmapForce ? "force" : "on"}${refused}`
      : "memmap_on_memory off",
    ...beforeText(report, page),
    ...runText(report, page),
    `  blocks            ${numbers(blocks)}, ${blocks.filter((b) => b.state === "online").length} online` +
    ` in zone ${zone.name}: ${zone.spannedPages} spanned, ${zone.presentPages} present, ${zone.managedPages} managed`,
    ...cutText(report),
    "",
    ...stateText(report),
    ...checkedText(report.invariants),
    ...(report.baseline === null ? [] : ["", "memmap_on_memory off", ...runText(report.baseline, page)]),
    "",
    `host time: add ${ms(report.hostAddMs)}, online ${ms(report.hostOnlineMs)}, ` +
    `offline ${ms(report.hostOfflineMs)}, remove ${ms(report.hostRemoveMs)}`,
  ].join("\n");
}

/** A device that is near one node and becomes memory of another. */
function nodeText({ node, targetNode }: HotplugReport["config"]): string {
  return node === targetNode ? "" : `, near node ${node}, System RAM of node ${targetNode}`;
}

/** The free memory that the memmap must fit into, unless it lies on the plugged memory. */
function beforeText({ before, config }: HotplugReport, page: number): string[] {
  const used = config.guestUsed > 0 ? `, ${humanSize(config.guestUsed)} are in use` : "";
  return [
    `  free before it    ${String(before.freePages).padStart(9)} pages  ${humanSize(before.freePages * page)}${used}`,
    `  memmap of all     ${String(before.memmapPages).padStart(9)} pages  ${humanSize(before.memmapPages * page)}`,
  ];
}

/** How many blocks, and their numbers in /sys/devices/system/memory. */
function numbers(blocks: HotplugReport["blocks"]): string {
  if (blocks.length === 0) return "0";
  const [first, last] = [blocks[0].blockNumber, blocks.at(-1)!.blockNumber];
  return `${blocks.length} (memory${first}${last === first ? "" : `..memory${last}`})`;
}

/** The parts of a DAX device that are not System RAM, what leaked, and the lines in dmesg. */
function cutText({ cut, leakedBytes, joinedZone: zone }: HotplugReport): string[] {
  if (cut === null) return [];
  const { reserveBytes, frontBytes, backBytes, dmesg } = cut;
  const lost = reserveBytes + frontBytes + backBytes;
  return [
    `  in no block       ${humanSize(lost)}: ${humanSize(reserveBytes)} reserve, ${humanSize(frontBytes)} before ` +
    `the first, ${humanSize(backBytes)} after the last`,
    ...(leakedBytes === 0
      ? []
      : [`  leaked            ${humanSize(leakedBytes)}, still online in zone ${zone.name} without its device`]),
    ...dmesg.map((line) => `  dmesg             ${line}`),
  ];
}

function runText({ errno: error, addedBytes, pages, mapping, usableBytes }: HotplugRun, page: number): string[] {
  const frames = (n: number) => `${String(n).padStart(9)} pages  ${humanSize(n * page)}`;
  const nodes = mapping.byNode.map((n, node) => n === 0 ? "" : `node ${node}: ${n}`).filter((text) => text !== "");
  return [
    `  added             ${humanSize(addedBytes)}${error === null ? "" : `, then ${error}`}`,
    `  taken before it   ${frames(pages.dramTotal)}   (${pages.vmemmap} memmap, ${pages.pteTables} PTE tables, ` +
    `${pages.pmdTables + pages.pudTables} PMD and PUD tables, ${pages.directMap} direct map)`,
    `  memmap on it      ${frames(mapping.selfHostedPages)}`,
    `  memmap by node    ${nodes.length === 0 ? "none" : nodes.join(", ")}`,
    `  mapped by         ${mapping.pmdLeaves} PMD leaves, ${mapping.pteEntries} entries: ` +
    `one translation describes ${humanSize(mapping.bytesPerTlbEntry)}`,
    `  usable            ${humanSize(usableBytes)} (${usableBytes} bytes)`,
  ];
}

function stateText({ states }: HotplugReport): string[] {
  return table([
    ["pages", "free", "managed", "present", "spanned"],
    ...states.map((s) => [s.state, s.freePages, s.managedPages, s.presentPages, s.spannedPages].map(String)),
  ], 1);
}

function fenceText(fences: readonly MhpFence[]): string {
  return table([
    ["machine", "struct page", "block", "memmap", "usable", "refused by"],
    ...fences.map((f) => [
      f.machine,
      String(f.structPageBytes),
      formatSize(f.blockBytes),
      formatSize(f.vmemmapBytes),
      formatSize(f.usableBytes),
      f.refusedBy.length === 0 ? "-" : f.refusedBy.join(", "),
    ]),
  ], 6).join("\n");
}

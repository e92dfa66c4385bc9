// SPDX-License-Identifier: GPL-2.0-only
// `lab hotplug`: what it takes to plug memory, with its memmap elsewhere or on it; `--fences` lists who may do the
// latter.

import { pageBytes } from "../arch/arch.ts";
import { ARCHS } from "../arch/archs.ts";
import { formatSize, humanSize } from "../lib/units.ts";
import { type HotplugReport, hotplugReport, type HotplugRun } from "../scenario/hotplug.ts";
import type { HotplugOptions } from "../scenario/hotplug_box.ts";
import { type MhpFence, mhpFences } from "../scenario/mhp_fences.ts";
import { type Command, CommandError, type Flag, type Flags } from "./command.ts";
import { choiceFlag, KERNEL_FLAGS, kernelFlag, NAMESPACE_FLAGS, numberFlag, onlyWith, sizeFlag } from "./flags.ts";
import { hostMemory } from "./host.ts";
import { table } from "./table.ts";

const FLAGS: Readonly<Record<string, Flag>> = {
  size: { value: "SIZE", help: "memory to plug, whole memory blocks" },
  "memmap-on-memory": { value: "", help: "memory_hotplug.memmap_on_memory=on, and the same with off" },
  dimm: { value: "SIZE", help: "size of each DIMM; default: one DIMM" },
  ...KERNEL_FLAGS,
  arch: NAMESPACE_FLAGS.arch,
  "struct-page": NAMESPACE_FLAGS["struct-page"],
  dram: { value: "SIZE", help: "DRAM of the machine; default 4G and room for the memmap" },
  "free-memory": { value: "SIZE", help: "memory left free before plugging; default: all there is" },
  fragment: { value: "SHARE", help: "share of DRAM that is broken up, 0 to 1", fallback: "0" },
  online: { value: "TYPE", help: "online, online_kernel, online_movable", fallback: "online" },
  "auto-online": { value: "", help: "put blocks online as they are added" },
  node: { value: "N", help: "node of the memory; nodes from 1 on have no DRAM", fallback: "0" },
  block: { value: "SIZE", help: "size of a memory block; default: the architecture's choice" },
  "bare-metal": { value: "", help: "not a virtual machine: 2G blocks from 64G of memory on" },
  "hugetlb-free-vmemmap": { value: "", help: "hugetlb_free_vmemmap=on" },
  dax: { value: "", help: "plug a device-dax namespace through kmem instead of DIMMs" },
  "no-contents": { value: "", help: "count frames and tables without writing struct pages" },
  fences: { value: "", help: "list which machines may, and which rule refuses the others; plugs nothing" },
};

/** The command. */
export const hotplugCommand: Command = {
  name: "hotplug",
  summary: "plug memory, with its memmap elsewhere or on the memory itself",
  flags: FLAGS,
  run: (flags) => {
    if (flags.has("fences")) {
      onlyWith(flags, hotplugCommand, "fences", []);
      const fences = mhpFences();
      return { report: { fences }, text: fenceText(fences) };
    }
    const report = hotplugReport(hotplugOptions(flags));
    return { report, text: text(report), code: report.error === null ? 0 : 1 };
  },
};

/** What the flags ask for. */
export function hotplugOptions(flags: Flags): HotplugOptions {
  const memory = hostMemory();
  return {
    size: sizeFlag(flags, "size"),
    memmapOnMemory: flags.has("memmap-on-memory"),
    kernel: kernelFlag(flags),
    arch: flags.text("arch"),
    structPageSize: numberFlag(flags, "struct-page"),
    fragment: shareFlag(flags, "fragment"),
    online: choiceFlag(flags, "online", ["online", "online_kernel", "online_movable"]),
    autoOnline: flags.has("auto-online"),
    node: numberFlag(flags, "node"),
    bareMetal: flags.has("bare-metal"),
    hugetlbFreeVmemmap: flags.has("hugetlb-free-vmemmap"),
    dax: flags.has("dax"),
    contents: !flags.has("no-contents"),
    ...(flags.has("dimm") ? { dimm: sizeFlag(flags, "dimm") } : {}),
    ...(flags.has("dram") ? { dram: sizeFlag(flags, "dram") } : {}),
    ...(flags.has("free-memory") ? { freeMemory: sizeFlag(flags, "free-memory") } : {}),
    ...(flags.has("block") ? { block: sizeFlag(flags, "block") } : {}),
    ...(memory === undefined ? {} : { hostMemory: memory }),
  };
}

function shareFlag(flags: Flags, name: string): number {
  const text = flags.text(name);
  const share = /^[\d.]+(e-?\d+)?$/i.test(text) ? Number(text) : NaN;
  if (!(share >= 0 && share <= 1)) {
    throw new CommandError(`--${name}: expected a share from 0 to 1, got "${text}"`);
  }
  return share;
}

function text(report: HotplugReport): string {
  const { config, zone, blocks } = report;
  const page = pageBytes(ARCHS[config.arch]);
  const refused = report.refusedBy.length > 0 ? `, refused by: ${report.refusedBy.join(", ")}` : "";
  return [
    `${formatSize(config.size)} of ${config.dax ? "device-dax" : `DIMMs of ${formatSize(config.dimm)}`} ` +
    `into ${formatSize(config.dram)}, memory blocks of ${formatSize(report.blockBytes)}, kernel ${config.kernel}`,
    config.memmapOnMemory ? `memmap_on_memory on${refused}` : "memmap_on_memory off",
    ...runText(report, page),
    `  blocks            ${blocks.length}, ${blocks.filter((b) => b.state === "online").length} online` +
    ` in zone ${zone.name}: ${zone.spanned} spanned, ${zone.present} present, ${zone.managed} managed`,
    "",
    ...stateText(report),
    ...(report.baseline === null ? [] : ["", "memmap_on_memory off", ...runText(report.baseline, page)]),
    "",
    `host time: ${Object.entries(report.hostMs).map(([step, ms]) => `${step} ${ms.toFixed(1)} ms`).join(", ")}`,
  ].join("\n");
}

function runText({ error, addedBytes, pages, mapping, usableBytes }: HotplugRun, page: number): string[] {
  const frames = (n: number) => `${String(n).padStart(9)} pages  ${humanSize(n * page)}`;
  const nodes = mapping.byNode.map((n, node) => n === 0 ? "" : `node ${node}: ${n}`).filter((text) => text !== "");
  return [
    `  added             ${humanSize(addedBytes)}${error === null ? "" : `, then ${error}`}`,
    `  taken before it   ${frames(pages.dramTotal)}   (${pages.vmemmap} memmap, ${pages.pteTables} PTE tables)`,
    `  memmap on it      ${frames(mapping.selfHosted)}`,
    `  memmap by node    ${nodes.length === 0 ? "none" : nodes.join(", ")}`,
    `  mapped by         ${mapping.pmdLeaves} PMD leaves, ${mapping.pteEntries} entries: ` +
    `one translation describes ${humanSize(mapping.bytesPerTlbEntry)}`,
    `  usable            ${humanSize(usableBytes)} (${usableBytes} bytes)`,
  ];
}

function stateText({ states }: HotplugReport): string[] {
  return table([
    ["pages", "free", "managed", "present", "spanned"],
    ...states.map((s) => [s.state, s.free, s.managed, s.present, s.spanned].map(String)),
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

// SPDX-License-Identifier: GPL-2.0-only
// `lab namespace`: what one device-dax namespace costs.

import { pageBytes } from "../arch/arch.ts";
import { ARCHS } from "../arch/archs.ts";
import { formatSize, humanSize } from "../lib/units.ts";
import { type NamespaceReport, namespaceReport } from "../scenario/namespace.ts";
import { NAMESPACE_ROWS, type NamespaceOptions } from "../scenario/box.ts";
import type { Command, Flags } from "./command.ts";
import { modelText } from "./flags.ts";
import { checkedText, exitCode } from "./checked.ts";
import { flagsOf, optionsOf } from "./option_flags.ts";

/** The command. */
export const namespaceCommand: Command = {
  name: "namespace",
  summary: "create a device-dax namespace and count what its memmap costs",
  flags: flagsOf(NAMESPACE_ROWS),
  run: (flags) => {
    const report = namespaceReport(namespaceOptions(flags));
    return { report, text: text(report), code: exitCode(report.invariants) };
  },
};

/** What the flags ask for. */
export function namespaceOptions(flags: Flags): NamespaceOptions {
  return optionsOf(flags, NAMESPACE_ROWS);
}

function text(report: NamespaceReport): string {
  const { config, pages, baseline, structPages } = report;
  const page = pageBytes(ARCHS[config.arch]);
  const frames = (n: number) => `${String(n).padStart(9)} pages  ${humanSize(n * page)}`;
  return [
    `${formatSize(config.size)} ${config.namespaceMode}, align ${
      formatSize(config.align)
    }, map=${config.map}, kernel ${config.kernel}` +
    (config.namespaceMode === "fsdax" && config.map === "dev" ? "" : " (ndctl's default is fsdax, map=dev)"),
    `  memmap in DRAM    ${frames(pages.vmemmap)}`,
    `  memmap in pmem    ${frames(pages.altmap)}`,
    `  PTE tables        ${frames(pages.pteTables)}`,
    `  PMD, PUD tables   ${frames(pages.pmdTables + pages.pudTables)}`,
    `  DRAM in all       ${frames(pages.dramTotal)}   (kernel 5.14: ${humanSize(baseline.pages.dramTotal * page)})`,
    `  struct pages      ${String(structPages.mapped).padStart(9)} mapped, ${structPages.initialised} written`,
    `  pgmap references  ${String(report.pgmapRefs).padStart(9)}`,
    `  usable            ${humanSize(report.usableBytes)} (${report.usableBytes} bytes)`,
    `  overhead          ${report.overheadPercent.toFixed(4)} %   (kernel 5.14: ${
      baseline.overheadPercent.toFixed(4)
    } %)`,
    `  model time        ${modelText(report.modelMs, config.cost)}`,
    `    struct pages    ${modelText(report.modelInitMs, config.cost)} (as dmesg prints it)`,
    `  host time         ${report.hostMs.toFixed(1)} ms of the emulator`,
    ...checkedText(report.invariants),
  ].join("\n");
}

// SPDX-License-Identifier: GPL-2.0-only
// `lab namespace`: what a device-dax namespace costs, or several in one region.

import { pageBytes } from "../arch/arch.ts";
import { ARCHS } from "../arch/archs.ts";
import { formatSize, humanSize } from "../lib/units.ts";
import { type NamespaceReport, namespaceReport } from "../scenario/namespace.ts";
import { NAMESPACE_ROWS } from "../scenario/box.ts";
import {
  NAMESPACES_ROWS,
  type NamespacesOptions,
  type NamespacesReport,
  namespacesReport,
  REGION_ROWS,
} from "../scenario/namespaces.ts";
import { optional } from "../scenario/option_row.ts";
import { type Command, CommandError, type CommandResult, type Flag, type Flags } from "./command.ts";
import { modelText } from "./flags.ts";
import { checkedText, exitCode } from "./checked.ts";
import { namespacesText } from "./namespaces_text.ts";
import { flagsOf, optionsOf } from "./option_flags.ts";

const MEMMAP: Flag = {
  value: "SIZE!START",
  help: "the region that memmap=nn!ss reserves in DRAM; sets --size, --start and --no-labels",
};

/** Rewrites `--memmap 4G!12G` as other flags; other forms are kept and refused later. */
function memmapFlags(arg: string, next: string | undefined): string[] {
  const value = arg === "--memmap" ? next ?? "" : arg.startsWith("--memmap=") ? arg.slice("--memmap=".length) : null;
  if (value === null) return [arg];
  const [, size, start] = /^([^!]+)!([^!]+)$/.exec(value) ?? [];
  return size === undefined ? [`--memmap=${value}`] : [`--size=${size}`, `--start=${start}`, "--no-labels"];
}

/** The command. */
export const namespaceCommand: Command = {
  name: "namespace",
  summary: "create namespaces and count what their memmap costs",
  example: "--size 256M --align 2M --kernel v7",
  flags: { ...flagsOf(NAMESPACE_ROWS), ...flagsOf(REGION_ROWS), memmap: MEMMAP },
  translate: (args) => {
    const given = (name: string) => args.some((arg) => arg === `--${name}` || arg.startsWith(`--${name}=`));
    const twice = given("memmap") ? ["size", "start"].find(given) : undefined;
    if (twice !== undefined) throw new CommandError(`--memmap includes the ${twice}: leave out --${twice}`);
    return args.flatMap((arg, i) => args[i - 1] === "--memmap" ? [] : memmapFlags(arg, args[i + 1]));
  },
  csv: (report) => "namespaces" in report ? regionRows(report as NamespacesReport) : [report],
  run: (flags) => {
    if (flags.has("memmap")) {
      throw new CommandError(`--memmap: expected SIZE!START such as 4G!12G, got "${flags.text("memmap")}"`);
    }
    const ofRegion = Object.values(REGION_ROWS).filter(({ flag }) => flags.has(flag));
    if (ofRegion.length > 0) return region(flags, ofRegion[0].flag);
    const report = namespaceReport(optionsOf(flags, NAMESPACE_ROWS));
    return { report, text: text(report), code: exitCode(report.invariants) };
  },
};

/** A row for each namespace, and one for the rest of their region. */
function regionRows({ namespaces, regionState: region }: NamespacesReport): object[] {
  return [...namespaces.map((row) => ({ table: "namespace", ...row })), { table: "region", ...region }];
}

/** Several namespaces, or one in a special region (`flag`). */
function region(flags: Flags, flag: string): CommandResult {
  if (flags.has("cost")) throw new CommandError(`namespace: --cost has no effect with --${flag}: no time is modelled`);
  if (flags.has("size") === flags.has("namespaces")) {
    const what = flags.has("size") ? "--size and --namespaces exclude each other" : `--${flag} needs sizes`;
    throw new CommandError(`namespace: ${what}: give --size SIZE or --namespaces SIZE,...`);
  }
  const { size, ...options } = optionsOf<NamespacesOptions & { size?: number }>(flags, {
    ...NAMESPACES_ROWS,
    size: optional(NAMESPACE_ROWS.size, ""),
  });
  const report = namespacesReport(size === undefined ? options : { ...options, namespaces: [{ size }] });
  const refused = report.regionState.alignErrno !== null ||
    report.namespaces.some(({ errno: error }) => error !== null);
  return { report, text: namespacesText(report), code: refused ? 1 : exitCode(report.invariants) };
}

function text(report: NamespaceReport): string {
  const { config, pages, baseline, structPages } = report;
  const page = pageBytes(ARCHS[config.arch]);
  const frames = (n: number) => `${String(n).padStart(9)} pages  ${humanSize(n * page)}`;
  return [
    `${formatSize(config.size)} ${config.namespaceMode}, align ${
      formatSize(config.align)
    }, map=${config.map}, kernel ${config.kernel}${defaultText(report, page)}`,
    `  memmap in DRAM    ${frames(pages.vmemmap)}`,
    `  memmap in pmem    ${frames(pages.altmap)}`,
    `  PTE tables        ${frames(pages.pteTables)}`,
    `  PMD, PUD tables   ${frames(pages.pmdTables + pages.pudTables)}`,
    `  direct map        ${frames(pages.directMap)}`,
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

/** What ndctl creates by default, and what that costs. */
function defaultText({ config, ndctlDefault }: NamespaceReport, page: number): string {
  if (config.namespaceMode === "fsdax" && config.map === "dev") return "";
  if (ndctlDefault === null) return "; ndctl's fsdax, map=dev is refused";
  const { pages, usableBytes } = ndctlDefault;
  const [dram, pmem] = [pages.dramTotal * page, config.size - usableBytes].map(humanSize);
  return `; ndctl's fsdax, map=dev: ${dram} of DRAM, ${pmem} of pmem`;
}

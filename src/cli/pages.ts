// SPDX-License-Identifier: GPL-2.0-only
// `lab pages`: prints frames in the columns of page-types.

import { bitsOf, flagLetters } from "../inspect/page_types.ts";
import { PAGES_ROWS, type PagesOptions, type PagesReport, pagesReport } from "../inspect/pages.ts";
import { checkedText, exitCode } from "./checked.ts";
import type { Command } from "./command.ts";
import { flagsOf, optionsOf } from "./option_flags.ts";

/** The command. */
export const pagesCommand: Command = {
  name: "pages",
  summary: "show frames and their flags as page-types does, including device memory",
  example: "--size 64M --range 0x0-0x10",
  flags: flagsOf(PAGES_ROWS),
  csv: (report) => {
    const { rows: pages, runs } = report as PagesReport;
    return [...pages, ...runs];
  },
  run: (flags) => {
    const report = pagesReport(optionsOf<PagesOptions>(flags, PAGES_ROWS));
    return { report, text: text(report), code: exitCode(report.invariants) };
  },
};

/** The column heads of page-types; offset and len are hexadecimal. */
function text({ rows: pages, runs, summary, namespaceSpan: namespace, invariants }: PagesReport): string {
  const hex = (n: number) => n.toString(16);
  const named = (flags: readonly string[]) =>
    `${flagLetters(flags)}\t0x${hex(bitsOf(flags)).padStart(16, "0")}\t${flags.join()}`;
  return [
    ...(summary === null ? [] : [summary.trimEnd()]),
    ...(runs.length === 0 ? [] : [
      "offset\tlen\tflags",
      ...runs.map(({ startPfn: offset, pageCount: len, flags }) => `${hex(offset)}\t${hex(len)}\t${named(flags)}`),
    ]),
    ...(pages.length === 0 ? [] : [
      "offset\tflags",
      ...pages.map(({ pfn, flags, zone, node, refcount, headPfn: head, order }) =>
        `${hex(pfn)}\t${named(flags)}` +
        (zone === null ? "" : `\t${zone}, node ${node}`) + (refcount === null ? "" : `, ${refcount} references`) +
        (head === null ? "" : `, order ${order} from ${hex(head)}`)
      ),
    ]),
    `namespace: frames ${hex(namespace.startPfn)}-${hex(namespace.endPfn)}, data from ${hex(namespace.dataPfn)}`,
    ...checkedText(invariants),
  ].join("\n");
}

// SPDX-License-Identifier: GPL-2.0-only
// `lab layout`: draws how the memmap is shared, as text or SVG.

import { layoutSvg } from "../draw/layout_svg.ts";
import { layoutText } from "../draw/layout_text.ts";
import { LAYOUT_ROWS, type LayoutReport, layoutReport } from "../scenario/layout.ts";
import { checkedText, exitCode } from "./checked.ts";
import type { Command } from "./command.ts";
import { flagsOf, optionsOf } from "./option_flags.ts";
import { writeFile } from "./write_file.ts";

/** The command. */
export const layoutCommand: Command = {
  name: "layout",
  summary: "show the frame of each vmemmap page, and the page tables",
  example: "--align 2M --kernel 6.1",
  flags: { ...flagsOf(LAYOUT_ROWS), svg: { value: "FILE", help: "write the drawing to this file" } },
  csv: (report) => (report as LayoutReport).frames,
  run: async (flags) => {
    const report = layoutReport(optionsOf(flags, LAYOUT_ROWS));
    if (flags.has("svg")) await writeFile(flags.text("svg"), layoutSvg(report));
    const text = [layoutText(report), ...checkedText(report.invariants)].join("\n");
    return { report, text, code: exitCode(report.invariants) };
  },
};

// SPDX-License-Identifier: GPL-2.0-only
// `lab layout`: the memmap's sharing as a drawing in text, as SVG or as JSON.

import { layoutSvg } from "../draw/layout_svg.ts";
import { layoutText } from "../draw/layout_text.ts";
import { layoutReport } from "../scenario/layout.ts";
import type { Command } from "./command.ts";
import { NAMESPACE_FLAGS, sizeFlag } from "./flags.ts";
import { namespaceOptions } from "./namespace.ts";
import { writeFile } from "./write_file.ts";

/** The command. */
export const layoutCommand: Command = {
  name: "layout",
  summary: "show which vmemmap page maps to which frame, and the tables",
  flags: {
    ...NAMESPACE_FLAGS,
    window: { value: "SIZE", help: "memory whose memmap is shown, from the first aligned page on; default: one page" },
    svg: { value: "FILE", help: "write the drawing there" },
  },
  run: async (flags) => {
    const window = flags.has("window") ? { window: sizeFlag(flags, "window") } : {};
    const report = layoutReport({ ...namespaceOptions(flags), ...window });
    if (flags.has("svg")) await writeFile(flags.text("svg"), layoutSvg(report));
    return { report, text: layoutText(report) };
  },
};

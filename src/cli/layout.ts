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
    size: { value: "SIZE", help: "size of the namespace; default: what the window needs" },
    offset: { value: "SIZE", help: "where the window begins, from the first aligned page on; default: there" },
    window: { value: "SIZE", help: "memory whose memmap is shown, from the first aligned page on; default: one page" },
    svg: { value: "FILE", help: "write the drawing there" },
  },
  run: async (flags) => {
    const given = ["size", "offset", "window"].filter((name) => flags.has(name));
    const sizes = Object.fromEntries(given.map((name) => [name, sizeFlag(flags, name)]));
    const report = layoutReport({ ...namespaceOptions(flags), ...sizes });
    if (flags.has("svg")) await writeFile(flags.text("svg"), layoutSvg(report));
    return { report, text: layoutText(report) };
  },
};

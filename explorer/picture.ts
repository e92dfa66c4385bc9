// SPDX-License-Identifier: GPL-2.0-only
// `deno task picture`: README's pictures. results/per-tib.svg is drawn from the emulator's counts (verify/results);
// results/explorer.png shows the explorer on a first visit, and is left unchanged without a Chromium.

import type { Command } from "../src/cli/command.ts";
import { runTask } from "../src/cli/run.ts";
import { writeFile } from "../src/cli/write_file.ts";
import { perTibBars, perTibSvg } from "../verify/results/picture.ts";
import { chromium, launch, NO_CHROMIUM, settled } from "./browser.ts";
import { buildExplorer } from "./build.ts";

const FILE = "results/explorer.png";
const PER_TIB = "results/per-tib.svg";

/** Pixels. */
const SIZE = { width: 1280, height: 800 };

async function takePicture(path: string): Promise<void> {
  const page = await Deno.makeTempFile({ suffix: ".html" });
  const browser = await launch(path);
  try {
    await Deno.writeTextFile(page, await buildExplorer());
    const tab = await browser.newPage();
    await tab.setViewport(SIZE);
    await tab.goto(`file://${page}`);
    await settled(tab);
    await Deno.writeFile(FILE, await tab.screenshot());
  } finally {
    await browser.close();
    await Deno.remove(page);
  }
}

const COMMAND: Command = {
  name: "picture",
  summary: "draw README's pictures: DRAM per TiB, and the explorer in Chromium",
  flags: {},
  run: async () => {
    await writeFile(PER_TIB, perTibSvg(perTibBars()));
    const path = chromium();
    if (path === null) console.error(`${FILE} ${NO_CHROMIUM}`);
    else await takePicture(path);
    const files = path === null ? [PER_TIB] : [PER_TIB, FILE];
    return { report: { files }, text: files.join("\n") };
  },
};

if (import.meta.main) Deno.exit(await runTask(COMMAND, Deno.args));

// SPDX-License-Identifier: GPL-2.0-only
// The explorer's picture in README, results/explorer.png: what a first visit sees. The last part of `deno task picture`;
// without a Chromium the picture stays as it is.

import type { Command } from "../src/cli/command.ts";
import { runTask } from "../src/cli/run.ts";
import { chromium, launch, NO_CHROMIUM, settled } from "./browser.ts";
import { buildExplorer } from "./build.ts";

const FILE = "results/explorer.png";

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
  summary: "take the explorer's picture for README in Chromium",
  flags: {},
  run: async () => {
    const path = chromium();
    if (path === null) console.error(`${FILE} ${NO_CHROMIUM}`);
    else await takePicture(path);
    return { report: { file: FILE }, text: path === null ? "" : FILE };
  },
};

if (import.meta.main) Deno.exit(await runTask(COMMAND, Deno.args));

// SPDX-License-Identifier: GPL-2.0-only
// `deno task rooms`: draws docs/rooms.svg, the picture at the top of ARCHITECTURE.md. It shows every room, and an arrow
// for each import between rooms unless other arrows imply it. Graphviz does the layout. A test fails when the picture
// is out of date.

import { instance } from "@viz-js/viz";
import type { Command } from "../../src/cli/command.ts";
import { runTask } from "../../src/cli/run.ts";
import { writeFile } from "../../src/cli/write_file.ts";
import { CODE, imports, ORDER, resolve, room } from "./sources.ts";

export const ROOMS_SVG = new URL("../../docs/rooms.svg", import.meta.url);

/** Rooms drawn inside the emulator's frame. */
const OUTSIDE = new Set(["mod", "charts", "fixtures", "results", "bench", "verify", "explorer"]);

const rank = (name: string) => ORDER.indexOf(name as typeof ORDER[number]);

/** The rooms that each room imports; house_test.ts checks that the order allows them. */
export function roomImports(): Map<string, Set<string>> {
  const arrows = new Map<string, Set<string>>();
  for (const source of CODE) {
    const from = room(source.path);
    const targets = arrows.get(from) ?? new Set();
    arrows.set(from, targets);
    for (const target of imports(source).filter((t) => t.startsWith("."))) {
      const to = room(resolve(source.path, target));
      if (rank(to) < rank(from)) targets.add(to);
    }
  }
  return arrows;
}

/** The same without arrows that a longer path implies. Rooms must have no cycles. */
export function reduced(arrows: ReadonlyMap<string, ReadonlySet<string>>): [from: string, to: string][] {
  const reaches = (from: string, to: string): boolean =>
    [...arrows.get(from) ?? []].some((next) => next === to || reaches(next, to));
  return [...arrows].flatMap(([from, targets]) =>
    [...targets]
      .filter((to) => ![...targets].some((other) => other !== to && reaches(other, to)))
      .map((to): [string, string] => [from, to])
  );
}

/** The rooms in Graphviz's language: importers above what they import. */
function roomsDot(): string {
  const node = (name: string) => `"${name}";`;
  const inside = ORDER.filter((name) => !OUTSIDE.has(name)).map(node);
  const outside = ORDER.filter((name) => OUTSIDE.has(name)).map(node);
  const arrows = reduced(roomImports()).map(([from, to]) => `"${from}" -> "${to}";`).sort();
  return [
    "digraph {",
    'node [shape=box style="rounded,filled" fillcolor="#eef3f8" color="#5b7083" fontname="Helvetica" fontsize=11];',
    'edge [color="#5b7083" arrowsize=0.6]; ranksep=0.3; nodesep=0.25;',
    `subgraph cluster_src { label="src"; labeljust=l; fontname="Helvetica"; color="#b8c4cf"; ${inside.join(" ")} }`,
    ...outside,
    ...arrows,
    "}",
  ].join("\n");
}

export async function roomsSvg(): Promise<string> {
  return (await instance()).renderString(roomsDot(), { format: "svg" });
}

const COMMAND: Command = {
  name: "rooms",
  summary: "draw docs/rooms.svg, the rooms and their imports",
  flags: {},
  run: async () => {
    await writeFile(ROOMS_SVG.pathname, await roomsSvg());
    return { report: { file: "docs/rooms.svg" }, text: "docs/rooms.svg" };
  },
};

if (import.meta.main) Deno.exit(await runTask(COMMAND, Deno.args));

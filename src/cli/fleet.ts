// SPDX-License-Identifier: GPL-2.0-only
// `lab box --fleet`: reads machine after machine; machines of the same shape are brought up once, by a worker, while
// reading goes on. Rows come in the order of the input.

import { anonymous } from "../box/anonymous.ts";
import { type FleetFigures, type FleetRow, FleetSums, type FleetTotal, shapeKey } from "../box/fleet.ts";
import { isEmpty, readBox } from "../box/join.ts";
import { noteText } from "./box_text.ts";
import { type FleetMachine, openFleet } from "./fleet_input.ts";
import { FleetTeam } from "./fleet_team.ts";
import { ProgressBar } from "./progress.ts";

/** A machine whose figures may be pending. */
interface Pending {
  readonly name: string;
  readonly error: string | null;
  readonly figures: Promise<FleetFigures | string> | null;
}

/** Limit of machines read ahead of the workers: enough to keep them busy without filling memory. */
const MOST_PENDING = 4096;

/** Runs a fleet: `each` receives every row, in order. Returns the totals and the number of kinds of machine. */
export async function runFleet(
  path: string,
  hideNames: boolean,
  each: (row: FleetRow) => void,
  team: FleetTeam = new FleetTeam(),
): Promise<FleetTotal & { readonly shapes: number }> {
  const { machines, total } = openFleet(path);
  const bar = new ProgressBar("machines");
  const shapes = new Map<string, Promise<FleetFigures | string>>();
  const sums = new FleetSums();
  const pending: Pending[] = [];
  let done = 0;
  const settle = async ({ name, error, figures }: Pending) => {
    const answer = figures === null ? error : await figures;
    const row: FleetRow = typeof answer === "object" && answer !== null
      ? { name, why: null, figures: answer }
      : { name, why: answer ?? "nothing that is known", figures: null };
    sums.add(row);
    each(row);
    bar.update(++done, total);
  };
  try {
    let count = 0;
    const unread: string[] = [];
    for await (const machine of machines) {
      unread.push(...machine.unread);
      const shown = hideNames ? `machine ${++count}` : machine.name;
      pending.push(begin(machine, shown, hideNames, shapes, team));
      if (pending.length >= MOST_PENDING) { for (const row of pending.splice(0, MOST_PENDING / 2)) await settle(row); }
    }
    for (const row of pending) await settle(row);
    for (const file of hideNames ? [] : unread.slice(0, MOST_UNREAD)) console.error(`lab: box: ${file}: not read`);
    const more = unread.length - (hideNames ? 0 : MOST_UNREAD);
    if (more > 0) console.error(`lab: box: ${more} folders or pipes in machines' folders: not read`);
  } finally {
    bar.end();
    team.end();
  }
  return { ...sums.total(), shapes: shapes.size };
}

/** Limit of unread folders and pipes that a message names. */
const MOST_UNREAD = 3;

/** Reads one machine; the first of its shape goes to a worker. */
function begin(
  machine: FleetMachine,
  name: string,
  hideNames: boolean,
  shapes: Map<string, Promise<FleetFigures | string>>,
  team: FleetTeam,
): Pending {
  if (machine.error !== null) return { name, error: hideNames ? "cannot be read" : machine.error, figures: null };
  const read = readBox(machine.texts);
  const box = hideNames ? anonymous(read) : read;
  const damage = box.notes.find((note) => note.kind === "error");
  if (damage !== undefined) return { name, error: noteText(damage), figures: null };
  if (isEmpty(box)) return { name, error: "nothing tells of memory, pmem or huge pages", figures: null };
  const key = shapeKey(box);
  let figures = shapes.get(key);
  if (figures === undefined) {
    figures = team.figures(box);
    shapes.set(key, figures);
  }
  return { name, error: null, figures };
}

// SPDX-License-Identifier: GPL-2.0-only
// A worker of a fleet: receives machines, returns their figures, and caches the parts it brought up.

import type { Box } from "../box/box.ts";
import { newEmulator } from "../box/emulate.ts";
import { figuresOf, type FleetFigures } from "../box/fleet.ts";
import { reportBy } from "../box/report.ts";

/** A machine to bring up. */
export interface FleetTask {
  readonly id: number;
  readonly box: Box;
}

/** Its figures, or what went wrong. */
export type FleetAnswer =
  | { readonly id: number; readonly figures: FleetFigures }
  | { readonly id: number; readonly error: string };

const emulator = newEmulator();

const port = self as unknown as { postMessage(answer: FleetAnswer): void };
self.addEventListener("message", (event) => {
  const { id, box } = (event as MessageEvent<FleetTask>).data;
  port.postMessage(answer(id, box));
});

function answer(id: number, box: Box): FleetAnswer {
  try {
    return { id, figures: figuresOf(reportBy(emulator, box)) };
  } catch (error) {
    // A broken invariant of the emulator must not end the whole run.
    return { id, error: error instanceof Error ? error.message : String(error) };
  }
}

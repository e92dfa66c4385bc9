// SPDX-License-Identifier: GPL-2.0-only
// Workers for a fleet, one per CPU. Each kind of machine goes to the least busy worker.

import type { Box } from "../box/box.ts";
import type { FleetFigures } from "../box/fleet.ts";
import type { FleetAnswer, FleetTask } from "./fleet_worker.ts";

interface Member {
  readonly worker: Worker;
  /** Tasks it has not answered. */
  readonly tasks: Set<number>;
}

/** A team; end() must be called. */
export class FleetTeam {
  readonly #members: Member[] = [];
  readonly #waiting = new Map<number, (answer: FleetAnswer) => void>();
  #next = 0;

  /** Workers are started on demand. */
  constructor(readonly size: number = Math.max(1, navigator.hardwareConcurrency)) {}

  /** The figures of a machine, or a text that says what went wrong. */
  async figures(box: Box): Promise<FleetFigures | string> {
    const member = this.#idlest();
    const task: FleetTask = { id: this.#next++, box };
    member.tasks.add(task.id);
    const answer = await new Promise<FleetAnswer>((resolve) => {
      this.#waiting.set(task.id, resolve);
      member.worker.postMessage(task);
    });
    return "figures" in answer ? answer.figures : answer.error;
  }

  /** Stops the workers. */
  end(): void {
    for (const { worker } of this.#members) worker.terminate();
  }

  #idlest(): Member {
    const idle = this.#members.find(({ tasks }) => tasks.size === 0);
    if (idle !== undefined) return idle;
    if (this.#members.length < this.size) return this.#start();
    return this.#members.reduce((least, member) => member.tasks.size < least.tasks.size ? member : least);
  }

  #start(): Member {
    const worker = new Worker(new URL("./fleet_worker.ts", import.meta.url), { type: "module" });
    const member: Member = { worker, tasks: new Set() };
    const answered = (answer: FleetAnswer) => {
      member.tasks.delete(answer.id);
      this.#waiting.get(answer.id)?.(answer);
      this.#waiting.delete(answer.id);
    };
    worker.onmessage = ({ data }: MessageEvent<FleetAnswer>) => answered(data);
    // A worker that dies (out of memory) does not answer, so its tasks are rejected.
    worker.onerror = (event) => {
      event.preventDefault();
      for (const id of member.tasks) answered({ id, error: `the worker failed: ${event.message}` });
    };
    this.#members.push(member);
    return member;
  }
}

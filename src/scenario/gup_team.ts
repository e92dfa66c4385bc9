// SPDX-License-Identifier: GPL-2.0-only
// Several CPUs in parallel: each is a worker on one machine whose memory is a SharedArrayBuffer, and a run of gup_test
// starts on all of them at once. The main thread keeps CPU 0's kernel and reads the counts while all workers wait.

import { panic } from "../lib/bug.ts";
import type { Kernel, VmArea } from "../mm/kernel.ts";
import type { GupTestResult } from "../mm/gup/ioctl.ts";
import { type CpuBooks, smpTicket } from "../smp.ts";
import { CONTROL_WORDS, GO, type GupAnswer, type GupRun, type Join, PUT } from "./gup_protocol.ts";

/** Result of a run on one CPU. */
export interface GupTeamResult {
  readonly result: GupTestResult;
  readonly books: CpuBooks;
}

/** A run as the caller describes it; `how` defaults to gup_test. */
export type GupTeamRun = Omit<GupRun, "run" | "how"> & { readonly how?: "test" | "spin" };

interface Member {
  readonly worker: Worker;
  readonly port: MessagePort;
  /** Answers not consumed yet, and the pending request. */
  readonly answers: GupAnswer[];
  wake: () => void;
}

/** Workers that joined a machine. Until it is closed, the program does not end. */
export class GupTeam {
  readonly #members: Member[];
  readonly #control = new Int32Array(new SharedArrayBuffer(4 * CONTROL_WORDS));
  #run = 0;

  /** Brings up `jobs` CPUs, 0 to `jobs - 1`. RangeError if the machine has fewer, or no shared memory. */
  constructor(k: Kernel, area: VmArea, jobs: number) {
    const ticket = smpTicket(k);
    if (!Number.isInteger(jobs) || jobs < 1 || jobs > ticket.spec.cpus) {
      throw new RangeError(`Cannot run ${jobs} jobs: the machine has ${ticket.spec.cpus} CPUs`);
    }
    this.#members = Array.from({ length: jobs }, (_, cpu) => {
      const worker = new Worker(new URL("./gup_worker.ts", import.meta.url), { type: "module" });
      const channel = new MessageChannel();
      const member: Member = { worker, port: channel.port1, answers: [], wake: () => {} };
      const heard = (answer: GupAnswer) => {
        member.answers.push(answer);
        member.wake();
      };
      channel.port1.onmessage = ({ data }: MessageEvent<GupAnswer>) => heard(data);
      worker.onerror = (event) => {
        event.preventDefault();
        heard({ kind: "failed", message: event.message });
      };
      const join: Join = { ticket, cpu, mmRootPfn: area.mm.rootPfn, control: this.#control, port: channel.port2 };
      worker.postMessage(join, [channel.port2]);
      return member;
    });
  }

  /**
   * Runs gup_test on every CPU at once. With `whileHeld`, each stops in its first round with its pages held while
   * `whileHeld` is called.
   */
  async run(run: GupTeamRun, whileHeld?: () => void): Promise<GupTeamResult[]> {
    const how = whileHeld === undefined ? run.how ?? "test" : "hold";
    const order: GupRun = { ...run, run: ++this.#run, how };
    for (const { port } of this.#members) port.postMessage(order);
    await this.#all("ready");
    this.#signal(GO);
    if (whileHeld !== undefined) {
      await this.#all("held");
      whileHeld();
    }
    this.#signal(PUT);
    return await this.#all("done");
  }

  /** Ends the workers. */
  close(): void {
    for (const { worker, port } of this.#members) {
      port.close();
      worker.terminate();
    }
  }

  #signal(word: number): void {
    Atomics.store(this.#control, word, this.#run);
    Atomics.notify(this.#control, word);
  }

  #all<K extends GupAnswer["kind"]>(kind: K): Promise<Extract<GupAnswer, { kind: K }>[]> {
    return Promise.all(this.#members.map((member) => nextAnswer(member, kind)));
  }
}

/** The next answer of a worker, which must be of this kind. */
async function nextAnswer<K extends GupAnswer["kind"]>(
  member: Member,
  kind: K,
): Promise<Extract<GupAnswer, { kind: K }>> {
  if (member.answers.length === 0) await new Promise<void>((resolve) => member.wake = resolve);
  const answer = member.answers.shift()!;
  if (answer.kind === "failed") throw new Error(`Cannot go on: a worker failed: ${answer.message}`);
  if (answer.kind !== kind) panic(`GupTeam: a worker answered "${answer.kind}", not "${kind}"`);
  return answer as Extract<GupAnswer, { kind: K }>;
}

// SPDX-License-Identifier: GPL-2.0-only
// The two processes of a comparison, as seen by bench:compare: side/main.ts started in a checkout, asked line by line.

import { CommandError } from "../src/cli/command.ts";
import { type LineStream, lineStream, within } from "../src/cli/line_stream.ts";

/** Longer than any request takes, even on a heavily loaded host. */
const ANSWER_MS = 120_000;

/** One run of a case: its time, and the wall time that passed meanwhile. */
export interface Sample {
  readonly ms: number;
  readonly wallMs: number;
}

/** A running side. */
export class SideProcess {
  readonly names: readonly string[];
  /** Name of the clock. */
  readonly clock: string;
  readonly #child: Deno.ChildProcess;
  readonly #lines: LineStream;

  private constructor(child: Deno.ChildProcess, lines: LineStream, hello: { clock: string; names: string[] }) {
    this.#child = child;
    this.#lines = lines;
    this.names = hello.names;
    this.clock = hello.clock;
  }

  /** Starts the side of the checkout at `dir`. CommandError with the reason if it does not start. */
  static async start(dir: string): Promise<SideProcess> {
    const child = new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "--quiet",
        "--no-check",
        "--allow-read",
        "--allow-env",
        "--allow-sys",
        "--allow-ffi",
        "bench/side/main.ts",
      ],
      cwd: dir,
      env: { GLIBC_TUNABLES: "glibc.malloc.hugetlb=1", NO_COLOR: "1" },
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const stderr = new Response(child.stderr).text();
    const lines = lineStream({ readable: child.stdout, writable: child.stdin, close: () => {} });
    const hello = await within(ANSWER_MS, "start a bench process", lines.readLine()).catch(() => null);
    if (hello === null) {
      kill(child);
      const why = (await stderr).split("\n").find((line) => line.trim() !== "") ?? "it ends at once";
      throw new CommandError(`the cases do not run in ${dir}: ${why.trim()}`);
    }
    return new SideProcess(child, lines, JSON.parse(hello));
  }

  /** Builds a case's machine and warms it up. */
  async open(name: string): Promise<void> {
    await this.#ask(`open ${name}`);
  }

  /** Runs the open case once. */
  async run(): Promise<Sample> {
    return await this.#ask("run") as Sample;
  }

  /** Drops the machine. */
  async close(): Promise<void> {
    await this.#ask("close");
  }

  /** Ends the process. */
  async stop(): Promise<void> {
    kill(this.#child);
    await this.#child.status;
  }

  async #ask(request: string): Promise<unknown> {
    await this.#lines.writeLine(request);
    // Exit 1 says that a revision is slower; a failure here must not.
    const line = await within(ANSWER_MS, `${request} in a bench process`, this.#lines.readLine()).catch(() => null);
    if (line === null) throw new CommandError(`a bench process ends at "${request}"`);
    return JSON.parse(line);
  }
}

function kill(child: Deno.ChildProcess): void {
  try {
    child.kill("SIGKILL");
  } catch {
    // It has already ended.
  }
}

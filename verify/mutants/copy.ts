// SPDX-License-Identifier: GPL-2.0-only
// A copy of the project, for one mutant at a time. Each run is a new process: modules are loaded afresh, and an endless
// loop can be killed.

import { cpSync, readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
/** Not copied: no test needs these. */
const LEFT_OUT = new Set([".git", "node_modules", "coverage"].map((name) => ROOT + name));
/** MiB. A mutant that fills memory fails early and does not disturb the host. */
const HEAP = "--v8-flags=--max-old-space-size=1500";

/** How a process ended, and its output. */
export interface Ended {
  readonly success: boolean;
  readonly timedOut: boolean;
  readonly signal: Deno.Signal | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A copy in a temporary directory. */
export class ProjectCopy {
  readonly #dir = Deno.makeTempDirSync({ prefix: "mutants-" });

  constructor() {
    cpSync(ROOT, this.#dir, { recursive: true, filter: (path) => !LEFT_OUT.has(path) });
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.#dir, { recursive: true });
  }

  /** Files below a directory, as paths from the root. */
  files(room: string): string[] {
    const entries = readdirSync(`${this.#dir}/${room}`, { recursive: true, withFileTypes: true });
    const paths = entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => `${parentPath}/${name}`);
    return paths.map((path) => path.slice(this.#dir.length + 1)).sort();
  }

  read(file: string): string {
    return Deno.readTextFileSync(`${this.#dir}/${file}`);
  }

  write(file: string, text: string): void {
    Deno.writeTextFileSync(`${this.#dir}/${file}`, text);
  }

  /** Runs `deno COMMAND` within a limit of CPU seconds, which do not depend on the load of the host. */
  async run(command: string, args: readonly string[], seconds: number, stdin = ""): Promise<Ended> {
    const options = ["--no-check", "--no-prompt", "--quiet", HEAP];
    const child = new Deno.Command("sh", {
      args: ["-c", `ulimit -t ${seconds}; exec "$@"`, "sh", Deno.execPath(), command, ...options, ...args],
      cwd: this.#dir,
      env: { NO_COLOR: "1" },
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const [{ success, signal, stdout, stderr }] = await Promise.all([
      child.output(),
      new Response(stdin).body!.pipeTo(child.stdin),
    ]);
    return {
      success,
      signal,
      timedOut: signal === "SIGXCPU" || signal === "SIGKILL",
      stdout: new TextDecoder().decode(stdout),
      stderr: new TextDecoder().decode(stderr),
    };
  }
}

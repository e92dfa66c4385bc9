// SPDX-License-Identifier: GPL-2.0-only
// The host's end of init.sh: sends a line of shell and collects the output up to "@@ EXIT-CODE".

import { type LineStream, within } from "../../../src/cli/line_stream.ts";

/** Result of a line of shell. */
export interface ShellResult {
  readonly code: number;
  /** Standard output and error together. */
  readonly text: string;
}

/** The guest's shell. */
export class Shell {
  readonly #lines: LineStream;
  readonly #timeoutMs: number;

  constructor(lines: LineStream, timeoutMs: number) {
    this.#lines = lines;
    this.#timeoutMs = timeoutMs;
  }

  /** Waits until the guest's init reports that it is listening. */
  async ready(timeoutMs: number): Promise<void> {
    await within(timeoutMs, "boot the guest", this.#until(/^@@ ready$/));
  }

  /** Runs one line and returns its exit code and output. */
  async run(line: string): Promise<ShellResult> {
    await this.#lines.writeLine(line);
    const [lines, end] = await within(this.#timeoutMs, `run "${line}" in the guest`, this.#until(/^@@ (\d+)$/));
    return { code: Number(end[1]), text: lines.join("\n").trim() };
  }

  /** Output of a line that must succeed. */
  async text(line: string): Promise<string> {
    const { code, text } = await this.run(line);
    if (code !== 0) throw new Error(`Cannot run "${line}" in the guest: exit ${code}: ${text}`);
    return text;
  }

  close(): void {
    this.#lines.close();
  }

  async #until(mark: RegExp): Promise<[string[], RegExpExecArray]> {
    const lines: string[] = [];
    for (;;) {
      const line = await this.#lines.readLine();
      if (line === null) throw new Error("Cannot read from the guest: qemu has closed the line");
      const end = mark.exec(line);
      if (end !== null) return [lines, end];
      lines.push(line);
    }
  }
}

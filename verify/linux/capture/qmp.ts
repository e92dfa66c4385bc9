// SPDX-License-Identifier: GPL-2.0-only
// The qemu machine protocol (docs/interop/qmp-spec.txt): one JSON object per line. A command is answered by "return" or
// "error"; lines with "event" may come in between and are kept for waitEvent().

import type { LineStream } from "../../../src/cli/line_stream.ts";

interface Message {
  readonly QMP?: unknown;
  readonly return?: unknown;
  readonly error?: { readonly desc: string };
  readonly event?: string;
}

/** A monitor, after its greeting. */
export class Qmp {
  readonly #lines: LineStream;
  readonly #events: string[] = [];

  private constructor(lines: LineStream) {
    this.#lines = lines;
  }

  /** Reads the greeting and leaves capability negotiation. */
  static async open(lines: LineStream): Promise<Qmp> {
    const qmp = new Qmp(lines);
    if ((await qmp.#read()).QMP === undefined) throw new Error("Cannot open the monitor: expected a QMP greeting");
    await qmp.execute("qmp_capabilities");
    return qmp;
  }

  /** Runs a command; Error with qemu's message when it fails. */
  async execute(command: string, args: Record<string, unknown> = {}): Promise<unknown> {
    await this.#lines.writeLine(JSON.stringify({ execute: command, arguments: args }));
    for (;;) {
      const message = await this.#read();
      if (message.error !== undefined) throw new Error(`Cannot execute ${command}: ${message.error.desc}`);
      if (message.return !== undefined) return message.return;
      if (message.event !== undefined) this.#events.push(message.event);
    }
  }

  /** Runs a command of the human monitor and returns its text. */
  async human(line: string): Promise<string> {
    return String(await this.execute("human-monitor-command", { "command-line": line }));
  }

  /** Waits for an event, or finds it among those already received. */
  async waitEvent(name: string): Promise<void> {
    while (!this.#events.includes(name)) {
      const { event } = await this.#read();
      if (event !== undefined) this.#events.push(event);
    }
    this.#events.splice(this.#events.indexOf(name), 1);
  }

  close(): void {
    this.#lines.close();
  }

  async #read(): Promise<Message> {
    const line = await this.#lines.readLine();
    if (line === null) throw new Error("Cannot read from the monitor: qemu has closed it");
    return JSON.parse(line) as Message;
  }
}

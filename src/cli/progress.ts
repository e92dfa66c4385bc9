// SPDX-License-Identifier: GPL-2.0-only
// A progress bar on a terminal, drawn on standard error so that output can be piped. Nothing is drawn if standard error
// is not a terminal.

const WIDTH = 30;
/** Milliseconds between two drawings. */
const PAUSE = 100;

/** Shows the progress of a command. */
export class ProgressBar {
  readonly #what: string;
  readonly #shown = Deno.stderr.isTerminal();
  readonly #encoder = new TextEncoder();
  #last = -Infinity;
  #drawn = false;

  /** Nothing is drawn before the first update(). */
  constructor(what: string) {
    this.#what = what;
  }

  /** Shows that `done` of `total` are done, null if the total is unknown, and the name of the current one. */
  update(done: number, total: number | null, current = ""): void {
    const now = performance.now();
    if (!this.#shown || now - this.#last < PAUSE) return;
    this.#last = now;
    this.#drawn = true;
    this.#write(`\r\x1b[K${clipped(barText(this.#what, done, total, current))}`);
  }

  /** Removes the bar; what is printed next starts on an empty line. */
  end(): void {
    if (this.#drawn) this.#write("\r\x1b[K");
    this.#drawn = false;
  }

  /** Ends the bar when its scope ends. */
  [Symbol.dispose](): void {
    this.end();
  }

  #write(text: string): void {
    Deno.stderr.writeSync(this.#encoder.encode(text));
  }
}

/** `machines  [#########.....]  300 of 1000  the current one`. */
export function barText(what: string, done: number, total: number | null, current = ""): string {
  const name = current === "" ? "" : `  ${current}`;
  if (total === null || total <= 0) return `${what}  ${done}${name}`;
  const filled = Math.min(WIDTH, Math.floor(WIDTH * done / total));
  return `${what}  [${"#".repeat(filled)}${".".repeat(WIDTH - filled)}]  ${done} of ${total}${name}`;
}

/** Cuts a line to the terminal's width: a longer one would wrap, and its first half would stay on the screen. */
function clipped(text: string): string {
  return text.slice(0, (columns() || 80) - 1);
}

/** Columns of the terminal; 0 if unknown. */
function columns(): number {
  try {
    return Deno.consoleSize().columns;
  } catch {
    return 0;
  }
}

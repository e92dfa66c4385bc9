// SPDX-License-Identifier: GPL-2.0-only
// A bar on a terminal, on standard error so that output can be piped on; elsewhere nothing.

const WIDTH = 30;
/** Milliseconds between two drawings. */
const PAUSE = 100;

/** Draws how far something is; `total` is null while nobody knows. */
export class ProgressBar {
  readonly #what: string;
  readonly #shown = Deno.stderr.isTerminal();
  readonly #encoder = new TextEncoder();
  #last = 0;

  /** Nothing is drawn before the first update(). */
  constructor(what: string) {
    this.#what = what;
  }

  /** So many are done. */
  update(done: number, total: number | null): void {
    const now = performance.now();
    if (!this.#shown || now - this.#last < PAUSE) return;
    this.#last = now;
    this.#write(`\r\x1b[K${barText(this.#what, done, total)}`);
  }

  /** Takes the bar away: what follows has a line of its own. */
  end(): void {
    if (this.#shown && this.#last > 0) this.#write("\r\x1b[K");
  }

  #write(text: string): void {
    Deno.stderr.writeSync(this.#encoder.encode(text));
  }
}

/** `machines  [#########.....]  300 of 1000`. */
export function barText(what: string, done: number, total: number | null): string {
  if (total === null || total <= 0) return `${what}  ${done}`;
  const filled = Math.min(WIDTH, Math.floor(WIDTH * done / total));
  return `${what}  [${"#".repeat(filled)}${".".repeat(WIDTH - filled)}]  ${done} of ${total}`;
}

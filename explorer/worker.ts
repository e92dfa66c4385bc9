// SPDX-License-Identifier: GPL-2.0-only
// The page's worker: runs the emulator off the thread that draws. One message asks, one answers.

import { QUESTIONS } from "./questions.ts";

/** A question with a number that its answer carries. */
export interface Asked {
  readonly id: number;
  readonly question: keyof typeof QUESTIONS;
  readonly options: unknown;
}

/** An answer, or the one-line reason why there is none. */
export interface Answered {
  readonly id: number;
  readonly ms: number;
  readonly report?: unknown;
  readonly error?: string;
}

/** The part of a worker's scope that is used here. */
interface Scope {
  onmessage: ((event: { readonly data: Asked }) => void) | null;
  postMessage(message: Answered): void;
}

const scope = globalThis as unknown as Scope;

scope.onmessage = async ({ data: { id, question, options } }) => {
  const t0 = performance.now();
  try {
    const ask = QUESTIONS[question] as (options: unknown) => unknown;
    const report = await ask(options);
    scope.postMessage({ id, ms: performance.now() - t0, report });
  } catch (error) {
    const [message] = String(error instanceof Error ? error.message : error).split("\n");
    scope.postMessage({ id, ms: performance.now() - t0, error: message });
  }
};

// SPDX-License-Identifier: GPL-2.0-only
// The page's side of the worker. The worker's program is in the page as text, since a page opened from a file may load
// nothing else. Questions are answered in order; outdated answers are not drawn.
/// <reference lib="dom" />

import { useEffect, useState } from "preact/hooks";
import type { Questions } from "./questions.ts";
import type { Answered } from "./worker.ts";

/** The state of an answer on the page. */
export interface Answer<T> {
  /** The last report; kept while the next one is counted. */
  readonly report: T | null;
  readonly error: string | null;
  readonly pending: boolean;
  /** Milliseconds the worker took. */
  readonly ms: number;
}

type Options<Q extends keyof Questions> = Parameters<Questions[Q]>[0];
type Report<Q extends keyof Questions> = Awaited<ReturnType<Questions[Q]>>;

const waiting = new Map<number, (answer: Answered) => void>();
let worker: Promise<Worker> | null = null;
let lastId = 0;

/** A part of the page that build.ts packed. */
export async function unpacked(id: string): Promise<string> {
  const bytes = Uint8Array.from(atob(document.getElementById(id)!.textContent!), (c) => c.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return await new Response(stream).text();
}

async function start(): Promise<Worker> {
  const source = await unpacked("worker");
  const started = new Worker(URL.createObjectURL(new Blob([source], { type: "text/javascript" })));
  started.onmessage = ({ data }: MessageEvent<Answered>) => {
    waiting.get(data.id)?.(data);
    waiting.delete(data.id);
  };
  started.onerror = () => {
    // A worker that ran out of memory no longer answers; the next question starts another.
    for (const [id, answer] of waiting) {
      answer({ id, ms: 0, error: "The worker ended: this browser has too little memory" });
    }
    waiting.clear();
    worker = null;
  };
  return started;
}

/** Questions without an answer yet, for tests only; the parts that wait show it to readers. */
let asking = 0;

function count(more: number): void {
  asking += more;
  document.documentElement.setAttribute("data-busy", String(asking > 0));
}

/** Asks once. Rejects with the one-line reason if there is no answer. */
export async function ask<Q extends keyof Questions>(
  question: Q,
  options: Options<Q>,
): Promise<{ report: Report<Q>; ms: number }> {
  count(1);
  try {
    worker ??= start();
    const id = ++lastId;
    const asked = await worker;
    return await new Promise((resolve, reject) => {
      waiting.set(id, ({ report, error, ms }) => {
        if (error === undefined) resolve({ report: report as Report<Q>, ms });
        else reject(new Error(error));
      });
      asked.postMessage({ id, question, options });
    });
  } finally {
    count(-1);
  }
}

/** Answers kept. */
const MOST_KEPT = 64;
const kept = new Map<string, Promise<unknown>>();

/** The answer of a moment ago to the same question, or a new one: a machine answers the same each time. */
export function recall<Q extends keyof Questions>(
  question: Q,
  options: Options<Q>,
): Promise<{ report: Report<Q>; ms: number }> {
  const key = JSON.stringify([question, options]);
  const answer = (kept.get(key) ?? ask(question, options)) as Promise<{ report: Report<Q>; ms: number }>;
  // The most recently used one goes to the end.
  kept.delete(key);
  kept.set(key, answer);
  if (kept.size > MOST_KEPT) kept.delete(kept.keys().next().value!);
  // A worker that ran out of memory may have enough the next time.
  answer.catch(() => kept.delete(key));
  return answer;
}

/** Forgets the answers kept, and what was asked. */
export function forgetAnswers(): void {
  kept.clear();
}

/** Asks whenever the options change; null asks nothing. A function may throw to refuse unreadable options. */
export function useAnswer<Q extends keyof Questions>(
  question: Q,
  read: () => Options<Q> | null,
  inputs: readonly unknown[],
): Answer<Report<Q>> {
  const [answer, setAnswer] = useState<Answer<Report<Q>>>({ report: null, error: null, pending: true, ms: 0 });
  useEffect(() => {
    let wanted = true;
    setAnswer((last) => ({ ...last, pending: true }));
    const done = (next: Answer<Report<Q>>) => {
      if (wanted) setAnswer(next);
    };
    const failed = (error: unknown) =>
      done({ report: null, error: error instanceof Error ? error.message : String(error), pending: false, ms: 0 });
    try {
      const options = read();
      if (options === null) done({ report: null, error: null, pending: false, ms: 0 });
      else {
        // A step back runs its path again.
        const answered = question === "moment" ? ask(question, options) : recall(question, options);
        answered.then(({ report, ms }) => done({ report, error: null, pending: false, ms }), failed);
      }
    } catch (error) {
      failed(error);
    }
    return () => {
      wanted = false;
    };
  }, inputs);
  return answer;
}

// SPDX-License-Identifier: GPL-2.0-only
// A trace at one step: the functions that have not returned, the work so far and of this step, and the steps
// around it as function_graph prints them.

import { Figure, figureText } from "../parts/figure.tsx";
import type { Questions } from "../questions.ts";

type Events = ReturnType<Questions["trace"]>["events"];

interface At {
  readonly events: Events;
  /** Steps done. */
  readonly at: number;
}

/** Symbols entered and not left, outermost first. */
export function Stack({ events, at }: At) {
  const open: Events[number][] = [];
  for (const event of events.slice(0, at)) {
    if (event.kind === "enter") open.push(event);
    else open.pop();
  }
  return (
    <section aria-label="Call stack">
      <h2>Call stack</h2>
      {open.length === 0
        ? <p class="note">{at === 0 ? "Nothing was called yet." : "Everything has returned."}</p>
        : (
          <ol class="stack">
            {open.map(({ symbol, args }, i) => (
              <li key={i} class={i === open.length - 1 ? "top" : ""}>
                <code>{symbol}</code> <span class="args">{argsText(args)}</span>
              </li>
            ))}
          </ol>
        )}
    </section>
  );
}

function argsText(args: Events[number]["args"]): string {
  return Object.entries(args).map(([name, value]) => `${name}=${value}`).join(", ");
}

/** Counters that moved, in total and by this step, and model time. */
export function Work({ events, at }: At) {
  const now = events[at - 1];
  const before = events[at - 2];
  const counted = { ...now?.counters } as Record<string, number>;
  const earlier = (before?.counters ?? {}) as Record<string, number>;
  const frames = { ...now?.framesTaken } as Record<string, number>;
  const rows = [
    ...Object.entries(frames).map((
      [name, n],
    ) => [`frames: ${name}`, `framesTaken.${name}`, n, n - (before?.framesTaken[name] ?? 0)]),
    ...Object.entries(counted).map(([name, n]) => [name, `counters.${name}`, n, n - (earlier[name] ?? 0)]),
  ] as [string, string, number, number][];
  return (
    <section aria-label="Work so far">
      <h2>Work so far</h2>
      {now === undefined ? <p class="note">None.</p> : (
        <table class="figures work">
          <caption class="read">Counters that moved, and by this step</caption>
          <tbody>
            <tr>
              <th scope="row">model time</th>
              <td>
                <Figure path={`events.${at - 1}.modelMs`} value={now.modelMs} unit="ms" />
              </td>
              <td />
            </tr>
            {rows.map(([label, path, n, step]) => (
              <tr key={path} class={step === 0 ? "" : "moved"}>
                <th scope="row">{label}</th>
                <td>
                  <Figure path={`events.${at - 1}.${path}`} value={n} />
                </td>
                <td class="num">{step === 0 ? "" : `${step > 0 ? "+" : "−"}${figureText(Math.abs(step))}`}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}

/** Steps shown before and after. */
const AROUND = 9;

/** The steps around this one; a click goes there. */
export function Calls({ events, at, go }: At & { readonly go: (step: number) => void }) {
  const first = Math.max(0, Math.min(at - AROUND, events.length - 2 * AROUND));
  const lines = events.slice(first, first + 2 * AROUND);
  return (
    <section aria-label="Steps">
      <h2>Steps</h2>
      <ol class="calls" start={first + 1}>
        {lines.map((event, i) => {
          const step = first + i + 1;
          const text = event.kind === "enter"
            ? `${event.symbol}(${argsText(event.args)}) {`
            : `} ${event.symbol}${event.result === null ? "" : `, returned ${event.result}`}`;
          return (
            <li key={step} class={step === at ? "now" : step < at ? "past" : ""}>
              <button type="button" aria-current={step === at ? "step" : undefined} onClick={() => go(step)}>
                <span class="number">{step}</span>
                {"  ".repeat(event.depth)}
                {text}
              </button>
            </li>
          );
        })}
      </ol>
    </section>
  );
}

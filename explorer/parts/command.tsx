// SPDX-License-Identifier: GPL-2.0-only
// The command line that answers the same question in a terminal, above the figures of the answer. A test runs these
// commands and compares both, figure by figure.

import type { ComponentChildren } from "preact";

interface AskedProps {
  /** Arguments of `lab`. */
  readonly command: readonly string[];
  readonly children: ComponentChildren;
}

/** Figures of one report, and the command that prints it. */
export function Asked({ command, children }: AskedProps) {
  return (
    <div class="asked" data-command={JSON.stringify(command)}>
      {children}
      <p class="command">
        <span class="read">The same in a terminal:</span>
        <code>deno task lab {command.join(" ")}</code>
      </p>
    </div>
  );
}

/** Flags for a namespace's options: those that differ from `lab`'s defaults. */
export function flags(given: Readonly<Record<string, string | undefined>>, defaults: Readonly<Record<string, string>>) {
  return Object.entries(given)
    .filter(([name, value]) => value !== undefined && value !== defaults[name])
    .flatMap(([name, value]) => value === "" ? [`--${name}`] : [`--${name}`, value!]);
}

/** `lab`'s defaults for the flags of a namespace. */
export const NAMESPACE_DEFAULTS = {
  map: "mem",
  kernel: "6.1",
  arch: "x86-64",
  "struct-page": "64",
} as const;

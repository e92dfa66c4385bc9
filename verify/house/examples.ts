// SPDX-License-Identifier: GPL-2.0-only
// The examples in the documentation as modules with a test each, as `deno test --doc` makes them; that starts an isolate
// for every example, and for every source that has some. Their types are checked by `deno check --doc`.

import type { Source } from "./sources.ts";

/** An example: its source and first line, and its module. */
interface Example {
  readonly name: string;
  readonly module: string;
}

/** The examples of a source. Each line of theirs has the number that it has in the source. */
export function examples({ path, text }: Source): Example[] {
  return [...text.matchAll(/^ *\* ```ts\n(.*?)^ *\* ```$/gms)].map(({ index, 1: comment }) => {
    const line = text.slice(0, index).split("\n").length + 1;
    const code = comment.replaceAll(/^ *\* ?/gm, "");
    const [imports] = /^(import [^;]*;\n)*/.exec(code)!;
    const name = `${path}:${line}`;
    const body = `Deno.test(${JSON.stringify(name)}, async () => {${code.slice(imports.length)}});\n`;
    return { name, module: "\n".repeat(line - 1) + imports + body };
  });
}

// SPDX-License-Identifier: GPL-2.0-only
// Records which code runs: every block, and every arrow function without braces, sets its byte of one array on entry.
// The array is a global, so that reloaded modules share it:
//
//   function f() { if (x) { g(); } }   ->   function f() {RAN[0]=1; if (x) {RAN[1]=1; g(); } }

import ts from "typescript";
import { MARKS } from "./marks.ts";

/** A piece of code that runs from start to end unless something throws. */
export interface Block {
  readonly file: string;
  /** Offsets in the text. */
  readonly start: number;
  readonly end: number;
}

interface Insertion {
  readonly at: number;
  readonly text: string;
}

const HEAD = `const RAN = globalThis.${MARKS} ?? [];`;

/** Every block of a source, in order of its start. */
export function blocksOf(file: string, text: string): Block[] {
  return [...visitBlocks(file, text)].map(({ block }) => block);
}

/** The source with marks in it, numbered from `first`. */
export function marked(file: string, text: string, first: number): string {
  const insertions: Insertion[] = [];
  for (const { block, expression } of visitBlocks(file, text)) {
    const mark = `RAN[${first++}]=1`;
    if (!expression) insertions.push({ at: block.start + 1, text: `${mark};` });
    else insertions.push({ at: block.start, text: `(${mark},` }, { at: block.end, text: ")" });
  }
  // At one offset, closing text precedes opening text; otherwise insertion order stands.
  insertions.sort((a, b) => a.at - b.at || Number(b.text === ")") - Number(a.text === ")"));
  let out = "";
  let from = 0;
  for (const { at, text: inserted } of insertions) {
    out += text.slice(from, at) + inserted;
    from = at;
  }
  return HEAD + out + text.slice(from);
}

/** Number of the innermost block around an offset, -1 for none. */
export function blockAround(blocks: readonly Block[], at: number): number {
  let found = -1;
  for (const [i, { start, end }] of blocks.entries()) if (start <= at && at < end) found = i;
  return found;
}

function* visitBlocks(file: string, text: string): Generator<{ block: Block; expression: boolean }> {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  function* visit(node: ts.Node): Generator<{ block: Block; expression: boolean }> {
    const expression = ts.isArrowFunction(node.parent) && node.parent.body === node && !ts.isBlock(node);
    if (expression || ts.isBlock(node)) yield { block: { file, start: node.getStart(), end: node.end }, expression };
    for (const child of node.getChildren(source)) yield* visit(child);
  }
  for (const statement of source.statements) yield* visit(statement);
}

// SPDX-License-Identifier: GPL-2.0-only
// Which code runs: every block of a source, and every arrow function that is an expression, leaves a mark when it is
// entered. Marks are bytes of one array that outlives the modules:
//
//   function f() { if (x) { g(); } }   ->   function f() {RAN[0]=1; if (x) {RAN[1]=1; g(); } }

import ts from "typescript";
import { MARKS } from "./marks.ts";

/** A piece of code that runs as a whole, as far as nothing throws. */
export interface Block {
  readonly file: string;
  /** Where it begins and ends in the text. */
  readonly start: number;
  readonly end: number;
}

/** A text to put at a place. */
interface Insertion {
  readonly at: number;
  readonly text: string;
}

const HEAD = `const RAN = globalThis.${MARKS} ?? [];`;

/** Every block of a source, by where it begins. */
export function blocksOf(file: string, text: string): Block[] {
  return [...visitBlocks(file, text)].map(({ block }) => block);
}

/** The source with marks; `first` is the number of its first block. */
export function marked(file: string, text: string, first: number): string {
  const insertions: Insertion[] = [];
  for (const { block, expression } of visitBlocks(file, text)) {
    const mark = `RAN[${first++}]=1`;
    if (!expression) insertions.push({ at: block.start + 1, text: `${mark};` });
    else insertions.push({ at: block.start, text: `(${mark},` }, { at: block.end, text: ")" });
  }
  // What is put at one place stands in the order of insertion; what closes there comes first.
  insertions.sort((a, b) => a.at - b.at || Number(b.text === ")") - Number(a.text === ")"));
  let out = "";
  let from = 0;
  for (const { at, text: inserted } of insertions) {
    out += text.slice(from, at) + inserted;
    from = at;
  }
  return HEAD + out + text.slice(from);
}

/** Number of the innermost block around a place, -1 for none. */
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

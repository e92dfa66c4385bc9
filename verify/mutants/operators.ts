// SPDX-License-Identifier: GPL-2.0-only
// The mutants of a source: every place where a small slip could be, found in the syntax tree, and what it becomes
// there. One place, one change, one mutant. What only says or times something (traces, probes, panics) is left alone,
// and so are types.

import ts from "typescript";

/** One change of one source. */
export interface Mutant {
  /** Path from the root, and the line, from 1. */
  readonly file: string;
  readonly line: number;
  /** Where the text that goes begins, that text, and what takes its place. */
  readonly at: number;
  readonly text: string;
  readonly replacement: string;
}

const BINARY: Readonly<Record<string, string>> = {
  "<": "<=",
  "<=": "<",
  ">": ">=",
  ">=": ">",
  "===": "!==",
  "!==": "===",
  "&&": "||",
  "||": "&&",
  "+": "-",
  "-": "+",
  "*": "/",
  "/": "*",
  "%": "*",
  "&": "|",
  "|": "&",
  "<<": ">>",
  ">>": "<<",
  ">>>": "<<",
  "+=": "-=",
  "-=": "+=",
  "|=": "&=",
  "&=": "|=",
};

const CALLED: Readonly<Record<string, string>> = {
  "Math.min": "Math.max",
  "Math.max": "Math.min",
  "Math.floor": "Math.ceil",
  "Math.ceil": "Math.floor",
  alignUp: "alignDown",
  alignDown: "alignUp",
};

/** Calls whose arguments are words for a reader. */
const SAYING = new Set(["panic", "RangeError", "TypeError"]);
/** What only watches. */
const WATCHING = /\b(tracer|probe|freeProbe|performance)\b/;

/** Every mutant of a source. */
export function mutantsOf(file: string, text: string): Mutant[] {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const found: Mutant[] = [];
  const add = (node: ts.Node, replacement: string) => {
    const at = node.getStart(source);
    const { line } = source.getLineAndCharacterOfPosition(at);
    found.push({ file, line: line + 1, at, text: text.slice(at, node.end), replacement });
  };
  const visit = (node: ts.Node): void => {
    if (skipped(node, source)) return;
    mutate(node, source, add);
    const { says, rest } = parts(node);
    (says ? rest : node.getChildren(source)).forEach(visit);
  };
  visit(source);
  return found;
}

/** Lists of a JSON text without their first item, each a mutant. */
export function shorterLists(file: string, text: string): Mutant[] {
  const source = ts.parseJsonText(file, text);
  const found: Mutant[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isArrayLiteralExpression(node) && node.elements.length > 1) {
      const [first, second] = node.elements;
      const at = first.getStart(source);
      const { line } = source.getLineAndCharacterOfPosition(at);
      found.push({ file, line: line + 1, at, text: text.slice(at, second.getStart(source)), replacement: "" });
    }
    node.forEachChild(visit);
  };
  visit(source);
  return found;
}

/** The source with a mutant in it. */
export function mutated(text: string, { at, text: old, replacement }: Mutant): string {
  return text.slice(0, at) + replacement + text.slice(at + old.length);
}

function skipped(node: ts.Node, source: ts.SourceFile): boolean {
  if (ts.isTypeNode(node) || ts.isImportDeclaration(node) || ts.isInterfaceDeclaration(node)) return true;
  if (ts.isTypeAliasDeclaration(node)) return true;
  const alone = ts.isExpressionStatement(node) || ts.isVariableStatement(node);
  return alone && WATCHING.test(node.getText(source)) && !node.getText(source).includes("=>");
}

/** Of a call that tells a reader something only what is called is code; the first argument of traced() is a name. */
function parts(node: ts.Node): { says: boolean; rest: readonly ts.Node[] } {
  if (!ts.isCallExpression(node) && !ts.isNewExpression(node)) return { says: false, rest: [] };
  const name = node.expression.getText();
  if (SAYING.has(name)) return { says: true, rest: [] };
  return { says: name === "traced", rest: node.arguments?.slice(1) ?? [] };
}

function mutate(node: ts.Node, source: ts.SourceFile, add: (node: ts.Node, replacement: string) => void): void {
  if (ts.isBinaryExpression(node)) {
    const other = BINARY[node.operatorToken.getText(source)];
    if (other !== undefined && !isCoercion(node)) add(node.operatorToken, other);
  } else if (ts.isPrefixUnaryExpression(node)) {
    const { ExclamationToken, TildeToken } = ts.SyntaxKind;
    if (node.operator === ExclamationToken || node.operator === TildeToken) add(node, node.operand.getText(source));
  } else if (ts.isNumericLiteral(node) && !isCoercion(node.parent)) add(node, String(Number(node.text) + 1));
  else if (node.kind === ts.SyntaxKind.TrueKeyword) add(node, "false");
  else if (node.kind === ts.SyntaxKind.FalseKeyword) add(node, "true");
  else if (ts.isIfStatement(node)) add(node.expression, "false");
  else if (ts.isConditionalExpression(node)) add(node.condition, `!(${node.condition.getText(source)})`);
  else if (ts.isCallExpression(node)) {
    const other = CALLED[node.expression.getText(source)];
    if (other !== undefined && available(other, source)) add(node.expression, other);
  } else if (ts.isExpressionStatement(node) && !says(node.expression)) add(node, ";");
}

/** `x | 0` and `x >>> 0` tell the engine what x is. */
function isCoercion(node: ts.Node): boolean {
  if (!ts.isBinaryExpression(node)) return false;
  const { operatorToken, right } = node;
  const { BarToken, GreaterThanGreaterThanGreaterThanToken } = ts.SyntaxKind;
  const coerces = operatorToken.kind === BarToken || operatorToken.kind === GreaterThanGreaterThanGreaterThanToken;
  return coerces && right.getText() === "0";
}

function says(node: ts.Expression): boolean {
  return ts.isCallExpression(node) && SAYING.has(node.expression.getText());
}

/** A function that the source does not import cannot take another's place. */
function available(name: string, source: ts.SourceFile): boolean {
  return name.startsWith("Math.") || new RegExp(`\\b${name}\\b`).test(source.text);
}

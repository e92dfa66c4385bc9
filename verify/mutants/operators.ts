// SPDX-License-Identifier: GPL-2.0-only
// The mutants of a source: every place in the syntax tree where a small slip is possible, and the slip. Each mutant is
// one change in one place. Types, and code that only reports or times (traces, probes, panics), are left alone.

import ts from "typescript";

export interface Mutant {
  /** Path from the root; line, counted from 1. */
  readonly file: string;
  readonly line: number;
  /** Offset of the replaced text, that text, and its replacement. */
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

/** Calls whose arguments are messages. */
const SAYING = new Set(["panic", "RangeError", "TypeError"]);
/** Names in statements that only observe. */
const WATCHING = /\b(tracer|probe|freeProbe|performance)\b/;

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

/** One mutant per list of a JSON text: the list without its first item. */
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

export function mutated(text: string, { at, text: old, replacement }: Mutant): string {
  return text.slice(0, at) + replacement + text.slice(at + old.length);
}

function skipped(node: ts.Node, source: ts.SourceFile): boolean {
  if (ts.isTypeNode(node) || ts.isImportDeclaration(node) || ts.isInterfaceDeclaration(node)) return true;
  if (ts.isTypeAliasDeclaration(node)) return true;
  const alone = ts.isExpressionStatement(node) || ts.isVariableStatement(node);
  return alone && WATCHING.test(node.getText(source)) && !node.getText(source).includes("=>");
}

/** Messages are not mutated: arguments of SAYING calls, and the first argument of traced(), which is a name. */
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

/** `x | 0` and `x >>> 0` are type hints for the engine. */
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

/** A function can be replaced only by one that the source imports. */
function available(name: string, source: ts.SourceFile): boolean {
  return name.startsWith("Math.") || new RegExp(`\\b${name}\\b`).test(source.text);
}

// SPDX-License-Identifier: GPL-2.0-only
// Measurements and formulas share no code: a wrong factor in both would go unnoticed. Names are followed through the
// syntax trees, from each side of a row, across declarations and imports:
//
//   claim("001-10", after.get, () => per2M("v4", "get").refs)
//                   '- formula       '- measurement
//                   reaches no src   reaches no function of verify/formulas
//
// Measurements may use sizes of verify/formulas, and basePages(): they only state what is measured. A row made of
// others has their measurements on one side and their formulas on the other.

import { assert, assertEquals } from "@std/assert";
import ts from "typescript";
import { CODE, resolve } from "../house/sources.ts";

/** A file's top-level names, and the origins of its imported names. */
interface Module {
  readonly source: ts.SourceFile;
  readonly declared: Map<string, ts.Node>;
  readonly imported: Map<string, { readonly file: string; readonly name: string }>;
}

/** A piece of code in a file. */
interface Place {
  readonly file: string;
  readonly node: ts.Node;
}

type Side = "measure" | "formula";

/** Position of a row's two sides in calls, and in object literals. */
const CALLS: Readonly<Record<string, Partial<Record<Side, number>>>> = {
  claim: { formula: 1, measure: 2 },
  modelled: { measure: 1 },
  byItsOwn: { formula: 1 },
};
const PROPERTIES: Readonly<Record<string, Side>> = {
  measure: "measure",
  observe: "measure",
  model: "measure",
  formula: "formula",
  wrong: "formula",
  right: "formula",
};
/** Directories that make rows. */
const MAKES_ROWS = /^verify\/(claims|errata|linux)\//;
/** Formulas that only state what is measured. */
const ASKS = new Set(["basePages"]);

function moduleOf(file: string, text: string): Module {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const declared = new Map<string, ts.Node>();
  const imported: Module["imported"] = new Map();
  for (const statement of source.statements) {
    if (ts.isFunctionDeclaration(statement) && statement.name !== undefined) {
      declared.set(statement.name.text, statement);
    }
    if (ts.isVariableStatement(statement)) {
      for (const { name, initializer } of statement.declarationList.declarations) {
        for (const bound of boundBy(name)) declared.set(bound, initializer ?? statement);
      }
    }
    if (!ts.isImportDeclaration(statement) || !ts.isStringLiteral(statement.moduleSpecifier)) continue;
    const bindings = statement.importClause?.namedBindings;
    if (bindings === undefined || !ts.isNamedImports(bindings) || statement.importClause!.isTypeOnly) continue;
    const target = statement.moduleSpecifier.text;
    const from = target.startsWith(".") ? resolve(file, target) : target;
    for (const { name, propertyName, isTypeOnly } of bindings.elements) {
      if (!isTypeOnly) imported.set(name.text, { file: from, name: (propertyName ?? name).text });
    }
  }
  return { source, declared, imported };
}

function boundBy(name: ts.BindingName): string[] {
  if (ts.isIdentifier(name)) return [name.text];
  return name.elements.flatMap((element) => ts.isBindingElement(element) ? boundBy(element.name) : []);
}

/** The modules of a set of sources. */
class Names {
  readonly modules: ReadonlyMap<string, Module>;
  readonly #direct = new Map<string, ReadonlySet<string>>();

  constructor(sources: readonly { readonly path: string; readonly text: string }[]) {
    this.modules = new Map(sources.map(({ path, text }) => [path, moduleOf(path, text)]));
  }

  /** Imported and top-level names used by one side of a row, directly or not, as `file#name`. */
  reached(place: Place, side: Side): Set<string> {
    const found = new Set(this.#uses(place, side));
    for (const name of found) for (const next of this.#usesOf(name, side)) found.add(next);
    return found;
  }

  /** Names used directly by a declaration. */
  #usesOf(name: string, side: Side): ReadonlySet<string> {
    const key = `${side} ${name}`;
    let uses = this.#direct.get(key);
    if (uses === undefined) {
      const [file, own] = name.split("#");
      const node = this.modules.get(file)?.declared.get(own);
      this.#direct.set(key, uses = node === undefined ? new Set() : this.#uses({ file, node }, side));
    }
    return uses;
  }

  /** Names used directly by code, without the other side of rows in it. */
  #uses({ file, node }: Place, side: Side): Set<string> {
    const { imported, declared } = this.modules.get(file)!;
    const found = new Set<string>();
    const local = new Set<ts.Node>();
    const follow = (name: string, from: ts.Node) => {
      const inner = innerDeclaration(name, from);
      if (inner !== null) {
        if (!local.has(inner)) visit([...local.add(inner)].at(-1)!);
      } else if (imported.has(name)) found.add(`${imported.get(name)!.file}#${imported.get(name)!.name}`);
      else if (declared.has(name)) found.add(`${file}#${name}`);
    };
    const visit = (at: ts.Node): void => {
      if (ts.isTypeNode(at)) return;
      if (ts.isIdentifier(at) && isUse(at)) follow(at.text, at);
      const other = sideOf(at, side === "measure" ? "formula" : "measure");
      ts.forEachChild(at, (child) => child === other ? undefined : visit(child));
    };
    visit(node);
    return found;
  }

  /** Every piece of code that is one side of a row. */
  sides(side: Side): Place[] {
    const found: Place[] = [];
    for (const [file, { source }] of this.modules) {
      if (!MAKES_ROWS.test(file)) continue;
      const visit = (node: ts.Node): void => {
        const at = sideOf(node, side);
        if (at !== undefined) found.push({ file, node: at });
        ts.forEachChild(node, visit);
      };
      visit(source);
    }
    return found;
  }

  /** Forbidden names that one side reaches, as `file: text: name`. */
  shared(side: Side, forbidden: (file: string, name: string) => boolean): string[] {
    return this.sides(side).flatMap((place) => {
      const wrong = [...this.reached(place, side)].filter((name) =>
        forbidden(...(name.split("#") as [string, string]))
      );
      return wrong.map((name) => `${place.file}: ${place.node.getText().replace(/\s+/g, " ").slice(0, 60)}: ${name}`);
    });
  }

  /** Whether a name of a file is a function. */
  isFunction(file: string, name: string): boolean {
    const node = this.modules.get(file)?.declared.get(name);
    return node !== undefined && ts.isFunctionLike(node);
  }
}

function sideOf(node: ts.Node, side: Side): ts.Node | undefined {
  if (ts.isCallExpression(node) && ts.isIdentifier(node.expression)) {
    const at = CALLS[node.expression.text]?.[side];
    return at === undefined ? undefined : node.arguments[at];
  }
  if (ts.isPropertyAssignment(node) && ts.isIdentifier(node.name) && PROPERTIES[node.name.text] === side) {
    return node.initializer;
  }
  return undefined;
}

/** Whether an identifier is looked up, and not the name of a property. */
function isUse(node: ts.Identifier): boolean {
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent)) return parent.expression === node;
  if (ts.isPropertyAssignment(parent)) return parent.initializer === node;
  return true;
}

/** The parameter or constant of an enclosing function that a name refers to; null for a name of the module. */
function innerDeclaration(name: string, from: ts.Node): ts.Node | null {
  for (let scope = from.parent; !ts.isSourceFile(scope); scope = scope.parent) {
    if (ts.isFunctionLike(scope)) {
      const parameter = scope.parameters.find((p) => boundBy(p.name).includes(name));
      if (parameter !== undefined) return parameter.initializer ?? parameter.name;
    }
    if (!ts.isBlock(scope)) continue;
    for (const statement of scope.statements.filter(ts.isVariableStatement)) {
      const found = statement.declarationList.declarations.find((d) => boundBy(d.name).includes(name));
      if (found !== undefined) return found.initializer ?? found.name;
    }
  }
  return null;
}

/** The emulator, except parsing and printing of sizes, and the names of kernels. */
const inSrc = (file: string, name: string) =>
  name !== "PRESETS" && /^src\/(?!lib\/units|include\/sizes)|^mod\.ts/.test(file);
/** The sources of verify. */
const names = new Names(CODE.filter(({ path }) => path.startsWith("verify/")));

Deno.test("no measurement reaches a function that formulas are made of", () => {
  assert(names.sides("measure").length > 200, `${names.sides("measure").length} measurements`);
  const formula = (file: string, name: string) =>
    file.startsWith("verify/formulas/") && names.isFunction(file, name) && !ASKS.has(name);
  assertEquals(names.shared("measure", formula), []);
});

Deno.test("no formula reaches the emulator", () => {
  assert(names.sides("formula").length > 200, `${names.sides("formula").length} formulas`);
  assertEquals(names.shared("formula", inSrc), []);
});

Deno.test("measurements import no formulas but sizes", () => {
  const wrong = [...names.modules].filter(([file]) => file.startsWith("verify/measure/"))
    .flatMap(([file, { imported }]) => [...imported.values()].map((target) => ({ file, target })))
    .filter(({ target }) => target.file.startsWith("verify/formulas/") && names.isFunction(target.file, target.name));
  assertEquals(wrong, []);
});

Deno.test("a formula in a measurement is found through functions, constants and other files", () => {
  const formulas = {
    path: "verify/formulas/x.ts",
    text: "export const GIB = 2 ** 30;\nexport function gib(n: number) {}\n",
  };
  const wrong = (text: string) => {
    const head = 'import { gib, GIB } from "../formulas/x.ts";\nimport { boot } from "../../src/boot.ts";\n';
    const names = new Names([formulas, { path: "verify/claims/y.ts", text: head + text }]);
    const found = names.shared("measure", (file, name) => names.isFunction(file, name) && file === formulas.path);
    return [found.length, names.shared("formula", inSrc).length];
  };
  assertEquals(wrong('claim("a", gib(4), () => boot(GIB).gib);'), [0, 0]);
  assertEquals(wrong('claim("a", 4, () => gib(boot()));'), [1, 0]);
  assertEquals(wrong('claim("a", boot(), () => 4);'), [0, 1]);
  assertEquals(
    wrong("const y = { formula: 1, measure: seen };\nfunction seen() { return more(); }\nconst more = () => gib(1);"),
    [1, 0],
  );
  assertEquals(wrong('function f() { const n = gib(3); claim("a", n, () => boot(n)); }'), [1, 0]);
  assertEquals(wrong('function f(gib: number) { claim("a", 3, () => boot(gib)); }'), [0, 0]);
});

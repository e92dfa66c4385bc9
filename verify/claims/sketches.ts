// SPDX-License-Identifier: GPL-2.0-only
// Checks code sketched in the thread of document 001 (fixtures/documents.json): undeclared names, calls of its own
// functions, parts of a loop's head. The expected values are the complaints of a C compiler (fixtures/sketches.json).

import documents from "../../fixtures/documents.json" with { type: "json" };
import compiled from "../../fixtures/sketches.json" with { type: "json" };
import type { Claim } from "./claim.ts";
import { claim } from "./documented.ts";

const { merged, entries, grabOne } = documents["001"].sketches;

export const SKETCHES: readonly Claim[] = [
  claim(
    "001-103",
    complaints("entries", /^'\w+' undeclared|undefined type '[\w ]+'$/),
    () => undeclared(entries.lines).length,
  ),
  claim(
    "001-103/address",
    complaints("entriesMended", /^lvalue required as unary '&' operand$/),
    () => addressesOfAddresses(entries.lines),
  ),
  claim(
    "001-104",
    1 - complaints("merged", /^'__gup_huge_range' defined but not used/),
    () => callsOf("__gup_huge_range", merged.lines),
  ),
  claim(
    "001-104/other",
    complaints("merged", /^implicit declaration of function '__gup_huge_page_range'/),
    () => callsOf("__gup_huge_page_range", merged.lines),
  ),
  claim("001-105", 3 - complaints("loop", /^expected ';' before '\)' token$/), () => partsOfLoop(grabOne.lines)),
];

/** The number of compiler messages of this kind about a sketch. */
function complaints(name: keyof typeof compiled.compiled, kind: RegExp): number {
  return compiled.compiled[name].messages.filter((message) => kind.test(message)).length;
}

/** Structures that the kernel declares, and words of C that look like names. */
const KNOWN = new Set(["page", "vm_area_struct"]);
const WORDS = new Set(["return", "if", "struct", "unsigned", "int", "long", "bool", "for"]);

/** Structures and variables that a sketch uses but does not declare. */
export function undeclared(lines: readonly string[]): string[] {
  const text = lines.join("\n").replace(/^#define(?:.*\\\n)*.*$/gm, "");
  const found = new Set<string>();
  const structs = new Set([...text.matchAll(/\bstruct (\w+)\s*\{/g)].map(([, tag]) => tag));
  for (const [, tag] of text.matchAll(/\bstruct (\w+)\b(?!\s*\{)/g)) {
    if (!structs.has(tag) && !KNOWN.has(tag)) found.add(`struct ${tag}`);
  }
  for (const [, parameters, body] of text.matchAll(/^static[^;{(]*\(([^)]*)\)\s*\{([^]*?)^\}/gm)) {
    const declared = new Set(parameters.split(",").map((parameter) => /(\w+)\s*$/.exec(parameter)?.[1]));
    for (const [, name] of body.matchAll(/^\s+(?:struct \w+|unsigned \w+|int|bool) \*?(\w+);/gm)) declared.add(name);
    // A name is a variable unless it is a call, a member, a tag or a constant.
    for (const [, name] of body.matchAll(/(?<!->|\.|struct |\w)([a-z_]\w*)\b(?!\s*\()/g)) {
      if (!declared.has(name) && !WORDS.has(name)) found.add(name);
    }
  }
  return [...found];
}

/** Macro arguments that are addresses and get another `&` in the expansion: `&&`. */
export function addressesOfAddresses(lines: readonly string[]): number {
  const text = lines.join("\n");
  let found = 0;
  for (const [definition, name, parameters] of text.matchAll(/^#define (\w+)\(([^)]*)\)(?:.*\\\n)*.*$/gm)) {
    const names = parameters.split(",").map((parameter) => parameter.trim());
    const rest = text.replace(definition, "");
    for (const [, given] of rest.matchAll(new RegExp(`\\b${name}\\(([^)]*)\\)`, "g"))) {
      given.split(",").forEach((argument, i) => {
        if (!argument.trim().startsWith("&")) return;
        found += [...definition.matchAll(new RegExp(`&${names[i]}\\b`, "g"))].length;
      });
    }
  }
  return found;
}

/** Calls of a function, without its definition. */
export function callsOf(name: string, lines: readonly string[]): number {
  return lines.filter((line) => !line.startsWith("static")).filter((line) => line.includes(`${name}(`)).length;
}

/** Parts of the head of the first `for`. */
export function partsOfLoop(lines: readonly string[]): number {
  const head = lines.flatMap((line) => /\bfor \((.*)\) *\{/.exec(line)?.[1] ?? [])[0] ?? "";
  return head.split(";").length;
}

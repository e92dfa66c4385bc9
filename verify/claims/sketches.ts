// SPDX-License-Identifier: GPL-2.0-only
// Code that the thread of document 001 sketches (fixtures/documents.json), read here: what it names and declares nowhere,
// which of its own functions it calls, how many parts the head of its loop has. Expected is what a C compiler complains
// of (fixtures/sketches.json).

import documents from "../../fixtures/documents.json" with { type: "json" };
import compiled from "../../fixtures/sketches.json" with { type: "json" };
import type { Claim } from "./claim.ts";
import { claim } from "./documented.ts";

const { merged, entries, grabOne } = documents["001"].sketches;

/** Claims about the sketches. */
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

/** How many messages a compiler has of this kind about a sketch. */
function complaints(name: keyof typeof compiled.compiled, kind: RegExp): number {
  return compiled.compiled[name].messages.filter((message) => kind.test(message)).length;
}

/** Structures that the kernel declares, and words of C that look like names. */
const KNOWN = new Set(["page", "vm_area_struct"]);
const WORDS = new Set(["return", "if", "struct", "unsigned", "int", "long", "bool", "for"]);

/** What a sketch uses and does not declare: structures by their tag, and variables of its functions. */
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
    // A name is a variable unless it is called, a member, a tag or a constant.
    for (const [, name] of body.matchAll(/(?<!->|\.|struct |\w)([a-z_]\w*)\b(?!\s*\()/g)) {
      if (!declared.has(name) && !WORDS.has(name)) found.add(name);
    }
  }
  return [...found];
}

/** Macros handed an address whose address they take again: `&&` once they are expanded. */
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

/** How often a function is called, its definition not counted. */
export function callsOf(name: string, lines: readonly string[]): number {
  return lines.filter((line) => !line.startsWith("static")).filter((line) => line.includes(`${name}(`)).length;
}

/** Parts of the head of the first `for`. */
export function partsOfLoop(lines: readonly string[]): number {
  const head = lines.flatMap((line) => /\bfor \((.*)\) *\{/.exec(line)?.[1] ?? [])[0] ?? "";
  return head.split(";").length;
}

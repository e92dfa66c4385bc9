// SPDX-License-Identifier: GPL-2.0-only
// Completion scripts, the bash one run by bash itself.

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { lab } from "./lab_testing.ts";
import { COMMANDS } from "./main.ts";

/** What bash offers after these words, the last of which is being typed. */
async function offered(script: string, ...words: string[]): Promise<string[]> {
  const run =
    `${script}\nCOMP_WORDS=(${words.map((w) => `'${w}'`).join(" ")})\nCOMP_CWORD=${words.length - 1}\n_lab\n` +
    'printf "%s\\n" "${COMPREPLY[@]}"';
  const { stdout } = await new Deno.Command("bash", { args: ["--norc", "-c", run] }).output();
  return new TextDecoder().decode(stdout).split("\n").filter((line) => line !== "");
}

Deno.test("lab completions bash offers commands, flags and words for values", async () => {
  const { code, out } = await lab("completions", "bash");
  assertEquals(code, 0);
  const all = await offered(out, "lab", "");
  for (const { name } of COMMANDS) assert(all.includes(name), name);
  assertEquals(await offered(out, "lab", "name"), ["namespace"]);
  assertEquals(await offered(out, "lab", "namespace", "--str"), ["--struct-page"]);
  assertEquals(await offered(out, "lab", "namespace", "--map", ""), ["mem", "dev"]);
  assertEquals(await offered(out, "lab", "gup", "--kernel", "v7"), ["v7", "v7+head"]);
  assertEquals(await offered(out, "lab", "namespace", "--size", ""), []);
  assertEquals(await offered(out, "lab", "completions", "f"), ["fish"]);
});

Deno.test("lab completions fish and zsh name every flag; another shell is refused", async () => {
  for (const shell of ["fish", "zsh"]) {
    const { out } = await lab("completions", shell);
    for (const { name, flags } of COMMANDS) {
      assertStringIncludes(out, name);
      for (const flag of Object.keys(flags)) assertStringIncludes(out, shell === "fish" ? ` -l ${flag} ` : `--${flag}`);
    }
  }
  const { code, err } = await lab("completions", "tcsh");
  assertEquals([code, err], [2, 'lab: completions: expected one of bash, zsh, fish, got "tcsh"\n']);
});

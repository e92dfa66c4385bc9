// SPDX-License-Identifier: GPL-2.0-only
// The envelope of --json: the same keys for success and failure, and a commit from any kind of checkout.

import { assertEquals } from "@std/assert";
import type { Command } from "./command.ts";
import { commit } from "./envelope.ts";
import { caught } from "./lab_testing.ts";
import { runTask } from "./run.ts";

const HASH = "0123456789abcdef0123456789abcdef01234567";

const command = (run: Command["run"]): Command => ({ name: "try", summary: "", flags: {}, run });

Deno.test("the envelope has config beside the report, and wraps errors of every kind", async () => {
  const cases: readonly (readonly [Command["run"], number, Record<string, unknown>])[] = [
    [() => ({ report: { config: { size: 1 }, pages: 2 }, text: "" }), 0, {
      config: { sizeBytes: 1 },
      report: { pages: 2 },
    }],
    [() => ({ report: { pages: 2 }, text: "", code: 1 }), 1, { config: null, report: { pages: 2 } }],
    [
      () => {
        throw new RangeError("size 0");
      },
      2,
      { config: null, error: { kind: "usage", message: "size 0", errno: null } },
    ],
    [
      () => {
        throw new Error("lost\n  at");
      },
      1,
      { config: null, error: { kind: "broken", message: "Error: lost", errno: null } },
    ],
  ];
  for (const [run, code, rest] of cases) {
    const result = await caught(() => runTask(command(run), ["--json"]));
    const { tool, version, commit, command: name, schema, ...found } = JSON.parse(result.out);
    assertEquals([result.code, tool, name, schema], [code, "vmemmap-lab", "try", null]);
    assertEquals([typeof version, commit === null || commit.length === 40], ["string", true]);
    assertEquals(found, rest);
  }
});

Deno.test("commit() reads branches, packed branches, detached heads and worktrees; null elsewhere", async () => {
  const dir = await Deno.makeTempDir();
  const root = new URL(`file://${dir}/`);
  const write = (path: string, text: string) => Deno.writeTextFileSync(`${dir}/${path}`, text);
  try {
    assertEquals(commit(root), null);
    Deno.mkdirSync(`${dir}/.git/refs/heads`, { recursive: true });
    write(".git/HEAD", `${HASH}\n`);
    assertEquals(commit(root), HASH);
    write(".git/HEAD", "ref: refs/heads/main\n");
    assertEquals(commit(root), null);
    write(".git/packed-refs", `# pack-refs\n${HASH} refs/heads/main\n`);
    assertEquals(commit(root), HASH);
    write(".git/refs/heads/main", HASH.replace("0", "f"));
    assertEquals(commit(root), HASH.replace("0", "f"));
    Deno.mkdirSync(`${dir}/.git/worktrees/w`, { recursive: true });
    Deno.mkdirSync(`${dir}/w`);
    write(".git/worktrees/w/HEAD", "ref: refs/heads/main\n");
    write(".git/worktrees/w/commondir", "../..\n");
    write("w/.git", `gitdir: ${dir}/.git/worktrees/w\n`);
    assertEquals(commit(new URL("w/", root)), HASH.replace("0", "f"));
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

// SPDX-License-Identifier: GPL-2.0-only
// Programs that must succeed: apt-get, dpkg, make.

/** Runs a program in a directory. Error with the first line of its complaint. */
export async function run(program: string, args: readonly string[], cwd: string): Promise<void> {
  const command = new Deno.Command(program, { args: [...args], cwd, stdout: "null", stderr: "piped" });
  const { success, stderr } = await command.output();
  if (success) return;
  const [why] = new TextDecoder().decode(stderr).trim().split("\n");
  throw new Error(`${program} ${args.at(-1)}: ${why}`);
}

// SPDX-License-Identifier: GPL-2.0-only
// The commit that figures were measured on.

const ROOT = new URL("../../", import.meta.url);

/** The checked-out commit, with `+` when the working tree differs; null without git. */
export function revision(): string | null {
  const git = (...args: string[]) => {
    try {
      const { code, stdout } = new Deno.Command("git", { args, cwd: ROOT, stderr: "null" }).outputSync();
      return code === 0 ? new TextDecoder().decode(stdout).trim() : null;
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return null;
      throw error;
    }
  };
  const commit = git("rev-parse", "HEAD");
  return commit === null ? null : `${commit}${git("status", "--porcelain") === "" ? "" : "+"}`;
}

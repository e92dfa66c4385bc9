// SPDX-License-Identifier: GPL-2.0-only
// `deno task capture:all [--kernels LIST] [--out DIR] [--scenario LIST]`: fetches Debian's kernels with apt-get, under a
// configuration of its own so that nothing of the host's changes, boots each and writes DIR/linux-VERSION-ARCH/default/,
// by default into fixtures/. Exit codes as capture's; a kernel that cannot be had or fails does not cost the next.

import { type Command, CommandError, type CommandResult, type Flags } from "../../../src/cli/command.ts";
import { runTask } from "../../../src/cli/run.ts";
import { isFile } from "./host.ts";
import { main as capture } from "./main.ts";
import { SCENARIOS } from "./options.ts";

/** Where Debian keeps a kernel. */
interface DebianKernel {
  readonly version: string;
  readonly source: Suite;
  readonly packages: readonly string[];
  /** Path of the image in the packages, and of what holds lib/modules. */
  readonly image: string;
  readonly modules: string;
}

const KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg";

/** A suite of one of Debian's archives, by the archive's name. */
interface Suite {
  readonly archive: "debian" | "debian-security";
  readonly suite: string;
}

const SECURITY: Suite = { archive: "debian-security", suite: "bookworm-security" };
const BACKPORTS: Suite = { archive: "debian", suite: "trixie-backports" };

/**
 * One of each generation. 6.12 is 6.12.113 since later ones up to 6.12.117 lose the pages of a HugeTLB pool that
 * shrinks.
 */
export const KERNELS: readonly DebianKernel[] = [
  bookworm("6.1", "6.1.0-54-amd64"),
  bookworm("6.12", "6.12.113+deb12-amd64"),
  {
    version: "7.3",
    source: BACKPORTS,
    packages: ["linux-binary-7.3.4+deb13-amd64", "linux-modules-7.3.4+deb13-amd64"],
    image: "usr/lib/modules/7.3.4+deb13-amd64/vmlinuz",
    modules: "usr",
  },
];

/** Image and modules in one package, as they were until Debian 13. */
function bookworm(version: string, release: string): DebianKernel {
  const packages = [`linux-image-${release}-unsigned`];
  return { version, source: SECURITY, packages, image: `boot/vmlinuz-${release}`, modules: "." };
}

const COMMAND: Command = {
  name: "capture:all",
  summary: "fetch Debian's kernels, boot them and write what they do to fixtures/",
  flags: {
    kernels: { value: "LIST", help: "which", fallback: KERNELS.map(({ version }) => version).join(",") },
    out: { value: "DIR", help: "where linux-VERSION-ARCH/default/ go", fallback: "fixtures" },
    scenario: { value: "LIST", help: "scenarios", fallback: Object.keys(SCENARIOS).join(",") },
  },
  run: captureAll,
};

async function captureAll(flags: Flags): Promise<CommandResult> {
  const kernels = flags.text("kernels").split(",").map(kernelOf);
  const dir = await Deno.makeTempDir({ prefix: "capture-all-" });
  try {
    const lines: string[] = [];
    let code = 0;
    for (const kernel of kernels) {
      const out = `${flags.text("out")}/linux-${kernel.version}-x86-64/default`;
      const result = await captureKernel(kernel, dir, out, flags.text("scenario"));
      code = Math.max(code, result);
      lines.push(`${kernel.version}: ${result === 0 ? `written to ${out}` : "not all of it, see above"}`);
    }
    return { report: { kernels: lines }, text: lines.join("\n"), code };
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

function kernelOf(version: string): DebianKernel {
  const kernel = KERNELS.find((each) => each.version === version);
  if (kernel !== undefined) return kernel;
  throw new CommandError(`--kernels: "${version}": known are ${KERNELS.map((each) => each.version).join(", ")}`);
}

async function captureKernel(kernel: DebianKernel, dir: string, out: string, scenario: string): Promise<number> {
  const root = `${dir}/${kernel.version}`;
  try {
    await fetchPackages(kernel, root);
  } catch (error) {
    console.error(`capture:all: ${kernel.version}: ${(error as Error).message}`);
    return 1;
  }
  const modules = `${root}/${kernel.modules}`;
  return await capture([
    ...["--kernel", `${root}/${kernel.image}`, "--modules", modules, "--out", out, "--scenario", scenario],
  ]);
}

/** The line of sources.list, from wherever this machine's apt gets the archive. */
async function sourceLine({ archive, suite }: Suite): Promise<string> {
  const args = ["indextargets", "--format", "$(REPO_URI)", "Created-By: Packages"];
  const { stdout } = await new Deno.Command("apt-get", { args, stderr: "inherit" }).output();
  const url = new TextDecoder().decode(stdout).split("\n").find((uri) =>
    uri.replace(/\/$/, "").endsWith(`/${archive}`)
  );
  if (url === undefined) throw new CommandError(`capture: apt knows no archive ${archive}: see its sources.list`);
  return `deb [signed-by=${KEYRING}] ${url} ${suite} main`;
}

/** Downloads the packages into `root` and unpacks them there. Error with what apt-get says. */
async function fetchPackages({ source, packages, image, version }: DebianKernel, root: string): Promise<void> {
  console.error(`capture:all: ${version}: fetching ${packages.join(", ")}`);
  for (const sub of ["lists/partial", "archives/partial"]) await Deno.mkdir(`${root}/apt/${sub}`, { recursive: true });
  await Deno.writeTextFile(`${root}/apt/sources.list`, `${await sourceLine(source)}\n`);
  const options = aptOptions(`${root}/apt`);
  await run("apt-get", [...options, "--quiet", "update"], root);
  await run("apt-get", [...options, "--quiet", "download", ...packages], root);
  for await (const { name } of Deno.readDir(root)) {
    if (name.endsWith(".deb")) await run("dpkg", ["-x", name, "."], root);
  }
  if (!isFile(`${root}/${image}`)) throw new Error(`the packages have no ${image}`);
}

/** A configuration in which nothing of the host's lists, sources or caches is read or written. */
export function aptOptions(dir: string): string[] {
  const settings = {
    "Dir::State::lists": `${dir}/lists`,
    "Dir::Cache": dir,
    "Dir::Cache::archives": `${dir}/archives`,
    "Dir::Etc::SourceList": `${dir}/sources.list`,
    "Dir::Etc::SourceParts": "/dev/null",
    "APT::Architecture": "amd64",
    "APT::Sandbox::User": "root",
  };
  return Object.entries(settings).flatMap(([name, value]) => ["-o", `${name}=${value}`]);
}

async function run(program: string, args: readonly string[], cwd: string): Promise<void> {
  const command = new Deno.Command(program, { args: [...args], cwd, stdout: "null", stderr: "piped" });
  const { success, stderr } = await command.output();
  if (success) return;
  const [why] = new TextDecoder().decode(stderr).trim().split("\n");
  throw new Error(`${program} ${args.at(-1)}: ${why}`);
}

if (import.meta.main) Deno.exit(await runTask(COMMAND, Deno.args));

// SPDX-License-Identifier: GPL-2.0-only
// `deno task capture:all [--kernels LIST] [--out DIR] [--scenario LIST]`: fetches Debian's kernels with apt-get (with
// its own configuration, so that the host's is left alone), boots each and writes DIR/linux-VERSION-ARCH/default/, by
// default into fixtures/. Exit codes as capture's; a kernel that is unavailable or fails does not stop the others.

import { type Command, CommandError, type CommandResult, type Flags } from "../../../src/cli/command.ts";
import { runTask } from "../../../src/cli/run.ts";
import { isFile, output, run } from "./host.ts";
import { buildKernel, type KernelBuild } from "./kernel_build.ts";
import { main as capture } from "./main.ts";
import { SCENARIOS } from "./options.ts";

/** A kernel's place in Debian's archives. */
interface DebianKernel {
  /** Name for --kernels, and its folder under fixtures/ without `linux-`: `6.12-arm64-16k`. */
  readonly name: string;
  readonly arch: "amd64" | "arm64";
  readonly sources: readonly Suite[];
  readonly packages: readonly string[];
  /** Where Debian has only the source; such a kernel is left out unless it is requested. */
  readonly build?: KernelBuild;
  /** Namespaces to measure instead of those of kernels with 4K pages. */
  readonly namespaces?: readonly string[];
  /** The scenarios it supports, if not all, and how many huge pages its guest has room for. */
  readonly scenarios?: readonly string[];
  readonly hugepages?: readonly number[];
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
const BOOKWORM: Suite = { archive: "debian", suite: "bookworm" };
const BACKPORTS: Suite = { archive: "debian", suite: "trixie-backports" };

/** Guest programs that the host cannot run, and the libraries that they need. */
const GUEST_PACKAGES: readonly string[] = [
  ...["busybox-static", "ndctl", "daxctl", "perl-base", "libndctl6", "libdaxctl1", "libc6", "libkmod2", "libudev1"],
  ...["libuuid1", "libjson-c5", "libkeyutils1", "libiniparser1", "libtraceevent1", "libtracefs1", "libcrypt1"],
  ...["libzstd1", "liblzma5", "libssl3", "libgcc-s1", "libcap2"],
];

/**
 * Scenarios for pages of any size, kernels without hot-plugged DIMMs (Debian's with 16K pages has no
 * CONFIG_ACPI_HOTPLUG_MEMORY) and those without kmem.
 */
const LARGE_PAGES: readonly string[] = ["namespaces", "vmemmap_maps", "hugetlb", "fsdax", "direct_map"];

/**
 * One of each generation. 6.12 is 6.12.113, since later ones up to 6.12.117 lose pages of a HugeTLB pool that
 * shrinks.
 */
export const KERNELS: readonly DebianKernel[] = [
  bookworm("6.1-x86-64", "6.1.0-54-amd64"),
  bookworm("6.12-x86-64", "6.12.113+deb12-amd64"),
  {
    name: "7.3-x86-64",
    arch: "amd64",
    sources: [BACKPORTS],
    packages: ["linux-binary-7.3.4+deb13-amd64", "linux-modules-7.3.4+deb13-amd64"],
    image: "usr/lib/modules/7.3.4+deb13-amd64/vmlinuz",
    modules: "usr",
  },
  foreign("6.12-arm64", "6.12.113+deb12-cloud-arm64"),
  {
    ...foreign("6.12-arm64-16k", "6.12.113+deb12-arm64-16k"),
    namespaces: ["1G-16K-mem", "1G-16K-dev", "1G-32M-mem", "1G-32M-dev"],
    scenarios: LARGE_PAGES,
    hugepages: [1, 40],
  },
  // Sizes that end inside a section, including some that cannot be mapped.
  built("6.1-arm64", 4, ["4K", "2M"], ["144M", "240M", "1040M", "1136M"]),
  {
    ...built("6.1-arm64-64k", 64, ["64K", "512M"], ["2000M", "2016M", "2032M"]),
    scenarios: LARGE_PAGES,
    hugepages: [1, 4],
  },
];

/** Image and modules in one package, as they were until Debian 13. */
function bookworm(name: string, release: string): DebianKernel {
  const packages = [`linux-image-${release}-unsigned`];
  return { name, arch: "amd64", sources: [SECURITY], packages, image: `boot/vmlinuz-${release}`, modules: "." };
}

/** The same for arm64, with the guest's programs. */
function foreign(name: string, release: string): DebianKernel {
  const kernel = bookworm(name, release);
  return {
    ...kernel,
    arch: "arm64",
    sources: [SECURITY, BOOKWORM],
    packages: [...kernel.packages, ...GUEST_PACKAGES],
  };
}

/** A kernel of arm64 built from Debian's source: 1G by every alignment and map, and map=dev of more sizes. */
function built(name: string, pageKiB: KernelBuild["pageKiB"], aligns: string[], sizes: string[]): DebianKernel {
  const source = "linux-source-6.1";
  const whole = aligns.flatMap((align) => ["mem", "dev"].map((map) => `1G-${align}-${map}`));
  return {
    name,
    arch: "arm64",
    sources: [SECURITY, BOOKWORM],
    packages: [source, ...GUEST_PACKAGES],
    build: { source, pageKiB },
    scenarios: [...LARGE_PAGES, "hotplug", "gigantic"],
    namespaces: [...whole, ...sizes.map((size) => `${size}-${aligns[0]}-dev`)],
    image: `boot/vmlinuz-${name}`,
    // The package has no modules; the directory must exist.
    modules: "lib",
  };
}

const COMMAND: Command = {
  name: "capture:all",
  summary: "fetch Debian's kernels, boot them in qemu and write measurements to fixtures/",
  flags: {
    kernels: {
      value: "LIST",
      help: "kernels to capture",
      fallback: KERNELS.filter((k) => k.build === undefined).map(({ name }) => name).join(","),
    },
    out: { value: "DIR", help: "parent directory of linux-VERSION-ARCH/default/", fallback: "fixtures" },
    scenario: { value: "LIST", help: `scenarios: ${Object.keys(SCENARIOS).join(", ")}; default: all` },
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
      const out = `${flags.text("out")}/linux-${kernel.name}/default`;
      const result = await captureKernel(kernel, dir, out, flags.has("scenario") ? flags.text("scenario") : null);
      code = Math.max(code, result);
      lines.push(`${kernel.name}: ${result === 0 ? `written to ${out}` : "not all of it, see above"}`);
    }
    return { report: { kernels: lines }, text: lines.join("\n"), code };
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

function kernelOf(name: string): DebianKernel {
  const kernel = KERNELS.find((each) => each.name === name);
  if (kernel !== undefined) return kernel;
  throw new CommandError(`--kernels: "${name}": expected ${KERNELS.map((each) => each.name).join(", ")}`);
}

async function captureKernel(
  kernel: DebianKernel,
  dir: string,
  out: string,
  scenario: string | null,
): Promise<number> {
  const scenarios = scenario ?? kernel.scenarios?.join(",");
  const root = `${dir}/${kernel.name}`;
  try {
    await fetchPackages(kernel, root);
  } catch (error) {
    console.error(`capture:all: ${kernel.name}: ${(error as Error).message}`);
    return 1;
  }
  const modules = `${root}/${kernel.modules}`;
  return await capture([
    ...["--kernel", `${root}/${kernel.image}`, "--modules", modules, "--out", out],
    ...(scenarios === undefined ? [] : ["--scenario", scenarios]),
    ...(kernel.hugepages === undefined ? [] : ["--hugepages", kernel.hugepages.join(",")]),
    ...(kernel.arch === "arm64" ? ["--arch", "arm64", "--programs", root] : []),
    ...(kernel.namespaces === undefined ? [] : ["--namespaces", kernel.namespaces.join(",")]),
  ]);
}

/** The line of sources.list, with the mirror that this machine's apt uses for the archive. */
async function sourceLine({ archive, suite }: Suite): Promise<string> {
  const args = ["indextargets", "--format", "$(REPO_URI)", "Created-By: Packages"];
  const url = (await output("apt-get", args)).split("\n").find((uri) => uri.replace(/\/$/, "").endsWith(`/${archive}`));
  if (url === undefined) throw new CommandError(`capture: apt knows no archive ${archive}: see its sources.list`);
  return `deb [signed-by=${KEYRING}] ${url} ${suite} main`;
}

/** Downloads the packages into `root` and unpacks them there. Error with apt-get's message. */
async function fetchPackages(
  { sources, arch, packages, image, name, build }: DebianKernel,
  root: string,
): Promise<void> {
  console.error(`capture:all: ${name}: fetching ${packages.join(", ")}`);
  for (const sub of ["lists/partial", "archives/partial"]) await Deno.mkdir(`${root}/apt/${sub}`, { recursive: true });
  const lines = await Promise.all(sources.map(sourceLine));
  await Deno.writeTextFile(`${root}/apt/sources.list`, `${lines.join("\n")}\n`);
  await Deno.writeTextFile(`${root}/apt/status`, "");
  const options = aptOptions(`${root}/apt`, arch);
  await run("apt-get", [...options, "--quiet", "update"], root);
  await run("apt-get", [...options, "--quiet", "download", ...packages], root);
  for await (const { name } of Deno.readDir(root)) {
    if (name.endsWith(".deb")) await run("dpkg", ["-x", name, "."], root);
  }
  if (build !== undefined) {
    console.error(`capture:all: ${name}: building the kernel, some 12 minutes of CPU time`);
    await buildKernel(build, root, image);
  }
  if (!isFile(`${root}/${image}`)) throw new Error(`the packages have no ${image}`);
}

/** A configuration that neither reads nor writes the host's lists, sources and caches. */
export function aptOptions(dir: string, arch: "amd64" | "arm64"): string[] {
  const settings = {
    "Dir::State::lists": `${dir}/lists`,
    "Dir::State::status": `${dir}/status`,
    "Dir::Cache": dir,
    "Dir::Cache::archives": `${dir}/archives`,
    "Dir::Etc::SourceList": `${dir}/sources.list`,
    "Dir::Etc::SourceParts": "/dev/null",
    "APT::Architecture": arch,
    "APT::Architectures": arch,
    "APT::Sandbox::User": "root",
  };
  return Object.entries(settings).flatMap(([name, value]) => ["-o", `${name}=${value}`]);
}

if (import.meta.main) Deno.exit(await runTask(COMMAND, Deno.args));

// SPDX-License-Identifier: GPL-2.0-only
// `deno task capture --kernel IMAGE`: boots a kernel in qemu, measures its struct page metadata, and writes the
// fixtures. Exit 0 ok, 1 a measurement failed, 2 bad usage or something missing (one line each).

import { type Command, CommandError, type CommandResult, type Flags } from "../../../src/cli/command.ts";
import { runTask } from "../../../src/cli/run.ts";
import { writeFile } from "../../../src/cli/write_file.ts";
import { kernelRelease } from "./release.ts";
import { Guest, type GuestOptions, type Host, qemuArgs } from "./guest.ts";
import { isFile, output } from "./host.ts";
import { buildInitramfs } from "./initramfs.ts";
import { kernelComplaints } from "./kernel_log.ts";
import { type CommandLine, commandLineOf, FLAGS, SCENARIOS } from "./options.ts";
import { findRequirements, type Found, moduleDirs } from "./requirements.ts";
import type { Capture } from "./scenario.ts";

const KVM_BOOT_MS = 20_000;

/** Runs one command line; returns the exit code. */
export function main(args: readonly string[]): Promise<number> {
  return runTask({ ...COMMAND, run: (flags) => run(flags, args) }, args);
}

const COMMAND: Omit<Command, "run"> = {
  name: "capture",
  summary: "boot a kernel in qemu and write measurements of its struct pages",
  flags: FLAGS,
};

async function run(flags: Flags, args: readonly string[]): Promise<CommandResult> {
  const line = commandLineOf(flags);
  const image = isFile(line.kernel) && line.board.arch === "x86-64" ? await Deno.readFile(line.kernel) : null;
  const release = image === null ? releaseOfName(line.kernel) : kernelRelease(image);
  const dirs = moduleDirs(line.kernel, release, line.modules);
  const found = findRequirements(line.board, line.kernel, dirs, line.programs ?? null);
  if (Array.isArray(found)) throw new CommandError(found.join("; "));
  return await captureAll(line, found, args);
}

async function captureAll(line: CommandLine, found: Found, args: readonly string[]): Promise<CommandResult> {
  const workDir = await Deno.makeTempDir({ prefix: "capture-" });
  try {
    const initramfs = `${workDir}/initramfs`;
    await Deno.writeFile(initramfs, await buildInitramfs(found.programs, found.moduleDir, line.board.shellPort));
    const append = line.append === undefined ? {} : { append: line.append };
    const host = await chooseAccel({ ...found, board: line.board, initramfs, workDir, ...append }, line.accel);
    console.error(`capture: qemu runs with ${host.accel}`);
    await Deno.mkdir(line.out, { recursive: true });
    const scenarios: { scenario: string; clean: boolean }[] = [];
    for (const scenario of line.scenarios) {
      // A failed scenario must not stop the next.
      const clean = await captureOne(scenario, line, host, args).catch((error: Error) => {
        console.error(`capture: ${scenario}: ${error.message}`);
        return false;
      });
      scenarios.push({ scenario, clean });
    }
    const text = scenarios.map(({ scenario, clean }) => `${scenario}: ${clean ? `written to ${line.out}` : "failed"}`);
    return { report: { scenarios }, text: text.join("\n"), code: scenarios.every(({ clean }) => clean) ? 0 : 1 };
  } finally {
    await Deno.remove(workDir, { recursive: true });
  }
}

/** KVM if requested, or if a small guest boots under it; the presence of /dev/kvm does not mean that it works. */
async function chooseAccel(found: Omit<Host, "accel" | "bootMs">, asked: "kvm" | "tcg" | undefined): Promise<Host> {
  const { bootMs, arch } = found.board;
  const tcg: Host = { ...found, accel: "tcg", bootMs };
  const kvm: Host = { ...found, accel: "kvm", bootMs: KVM_BOOT_MS };
  if (asked !== undefined) return asked === "kvm" ? { ...kvm, bootMs } : tcg;
  // KVM boots guests of the host's own architecture only.
  if ((arch === "arm64") !== (Deno.build.arch === "aarch64")) return tcg;
  try {
    await (await bootClean(kvm, { dram: 2 ** 30, pmem: 0 })).close();
    return kvm;
  } catch {
    return tcg;
  }
}

/** The release in the name of an image, `vmlinuz-6.12.113+deb12-cloud-arm64`: an arm64 Image's header has none. */
function releaseOfName(kernel: string): string {
  return kernel.replace(/^.*vmlinuz-/, "");
}

/** Removes the last guest's sockets, which would be in the way. */
async function bootClean(host: Host, options: GuestOptions): Promise<Guest> {
  for (const name of ["qmp", "shell"]) await Deno.remove(`${host.workDir}/${name}`).catch(() => {});
  return await Guest.boot(host, options);
}

/** Runs one scenario and writes its file; returns whether the guest's kernel had no complaints. */
async function captureOne(name: string, line: CommandLine, host: Host, args: readonly string[]): Promise<boolean> {
  const machines: string[] = [];
  const complaints: { line: string; expected: boolean }[] = [];
  let kernel = "";
  const capture: Capture = {
    options: line.capture,
    note: (text) => console.error(`capture: ${name}: ${text}`),
    async withGuest(options, work) {
      const guest = await bootClean(host, options);
      try {
        machines.push(withoutPaths([host.board.qemu[0], ...qemuArgs(host, options)], host));
        kernel = await guest.shell.text("cat /proc/version");
        return await work(guest);
      } finally {
        // Also read when the work failed: the kernel's log may say why.
        for (const line of kernelComplaints(await guest.log())) {
          complaints.push({ line, expected: guest.expected.some((pattern) => pattern.test(line)) });
        }
        const said = await guest.close();
        if (said !== "") console.error(`capture: ${name}: ${said}`);
      }
    },
  };
  const unexpected = () => complaints.filter(({ expected }) => !expected).map((c) => c.line);
  const fixture = await SCENARIOS[name](capture).catch((error: Error) => {
    const [first] = unexpected();
    throw first === undefined ? error : new Error(`${error.message}; the guest's kernel complained: ${first}`);
  });
  const capturedBy = {
    kernel,
    qemu: (await output(host.qemu, ["--version"])).split("\n")[0],
    date: new Date().toISOString().slice(0, 10),
    command: withoutPaths(["deno", "task", "capture", ...args], host),
    machines,
    ...(complaints.length > 0 ? { complaints: complaints.map((c) => c.line) } : {}),
  };
  const [complaint] = unexpected();
  const file = `${line.out}/${name}${complaint === undefined ? "" : ".complaints"}.json`;
  await writeFile(file, `${JSON.stringify({ capturedBy, ...fixture }, null, 1)}\n`);
  if (complaint !== undefined) console.error(`capture: ${name}: the kernel complained, see ${file}: ${complaint}`);
  return complaint === undefined;
}

/** A command line without the directories of this host. */
function withoutPaths(words: readonly string[], { workDir }: Host): string {
  return words.map((w) => w.replaceAll(`${workDir}/`, "").replace(/^(?:\.{0,2}\/)?(?:[^/,=]+\/)+/, "")).join(" ");
}

if (import.meta.main) Deno.exit(await main(Deno.args));

// SPDX-License-Identifier: GPL-2.0-only
// One booted guest: a machine (board.ts) with DRAM, an NVDIMM with a label area (so that namespaces can be cut from it), a
// monitor, and two serial ports: the console, which is logged, and the shell of init.sh.

import { connectUnix, within } from "../../../src/cli/line_stream.ts";
import type { Board } from "./board.ts";
import { findArm64Tables } from "./arm64_tables.ts";
import {
  type ReadFrame,
  type TableFormat,
  type Tables,
  translate,
  type Walk,
  walkDirectMap,
  walkVmemmap,
  X86_64,
} from "./page_walk.ts";
import { Qmp } from "./qmp.ts";
import { Shell } from "./shell.ts";

/** What to boot. Bytes. */
export interface GuestOptions {
  readonly dram: number;
  /** Bytes of pmem; 0 for a machine without it. */
  readonly pmem: number;
  /** Physical address of the NVDIMM; without it qemu puts it at the next GiB above DRAM. */
  readonly pmemStart?: number;
  /** Additional kernel parameters. */
  readonly append?: string;
}

/** What all guests of a run have in common. */
export interface Host {
  readonly board: Board;
  readonly qemu: string;
  readonly kernel: string;
  readonly initramfs: string;
  /** Directory for sockets, the pmem file, the console log. */
  readonly workDir: string;
  readonly accel: "kvm" | "tcg";
  /** Kernel parameters for every guest, from the harness's command line. */
  readonly append?: string;
  /** Time limit for the guest's boot. */
  readonly bootMs: number;
}

const LABEL_BYTES = 128 * 2 ** 10;
const COMMAND_MS = 300_000;

/** A running machine. */
export class Guest {
  readonly qmp: Qmp;
  readonly shell: Shell;
  /** Expected complaints of the kernel; a scenario adds them once it has seen the cause. */
  readonly expected: RegExp[] = [];
  readonly #arch: Board["arch"];
  readonly #child: Deno.ChildProcess;
  readonly #dumpFile: string;
  readonly #consoleFile: string;
  /** On arm64: the kernel's tables, once they have been looked for. */
  #arm64: { readonly root: number; readonly format: TableFormat } | undefined;

  private constructor(qmp: Qmp, shell: Shell, child: Deno.ChildProcess, { workDir, board }: Host) {
    this.#arch = board.arch;
    this.qmp = qmp;
    this.shell = shell;
    this.#child = child;
    this.#dumpFile = `${workDir}/frame`;
    this.#consoleFile = `${workDir}/console`;
  }

  /** Boots. Error with the end of the console log when the guest does not come up. */
  static async boot(host: Host, options: GuestOptions): Promise<Guest> {
    const { workDir } = host;
    if (options.pmem > 0) await sparseFile(`${workDir}/pmem`, options.pmem + LABEL_BYTES);
    const child = new Deno.Command(host.qemu, { args: qemuArgs(host, options), stdout: "null", stderr: "piped" })
      .spawn();
    try {
      const qmp = await Qmp.open(await connectUnix(`${workDir}/qmp`, 10_000));
      const shell = new Shell(await connectUnix(`${workDir}/shell`, 10_000), COMMAND_MS);
      const guest = new Guest(qmp, shell, child, host);
      await qmp.execute("cont");
      await shell.ready(host.bootMs);
      return guest;
    } catch (error) {
      kill(child);
      const stderr = new TextDecoder().decode((await child.output()).stderr);
      throw new Error(`${(error as Error).message}\n${stderr}${await consoleTail(workDir)}`);
    }
  }

  /** Page size and layout of the kernel's page tables. */
  async tableFormat(): Promise<TableFormat> {
    if (this.#arch === "x86-64") return X86_64;
    this.#arm64 ??= await findArm64Tables(this.shell, (work) => this.#stopped(work), this.#frameReader);
    return this.#arm64.format;
  }

  /** Bytes of a page. */
  async pageBytes(): Promise<number> {
    return (await this.tableFormat()).pageBytes;
  }

  /** Stops the machine, walks vmemmap pages [first, first + count), and resumes it. */
  walk(first: number, count: number): Promise<Walk> {
    return this.#withTables((tables) => walkVmemmap(tables, first, count));
  }

  /** The same for the direct map of frames [first, first + count). */
  walkDirect(first: number, count: number): Promise<Walk> {
    return this.#withTables((tables) => walkDirectMap(tables, first, count));
  }

  /** Physical address and bytes of vmemmap [offset, offset + length), which may not cross a page. Null if unmapped. */
  readVmemmap(offset: number, length: number): Promise<{ physical: number; bytes: Uint8Array } | null> {
    return this.#withTables(async (tables) => {
      const physical = await translate(tables, offset);
      if (physical < 0) return null;
      const { pageBytes } = tables.format;
      const frame = await tables.read(Math.floor(physical / pageBytes));
      const at = physical % pageBytes;
      return { physical, bytes: frame.slice(at, at + length) };
    });
  }

  /** The guest's kernel log since boot. */
  async log(): Promise<string> {
    return await Deno.readTextFile(this.#consoleFile);
  }

  /** Ends qemu, waits for it and returns its output, which is empty unless something went wrong. */
  async close(): Promise<string> {
    // A qemu that has already ended does not answer.
    await this.qmp.execute("quit").catch(() => {});
    const ended = within(10_000, "end qemu", this.#child.output());
    const said = await ended.then(({ stderr }) => new TextDecoder().decode(stderr).trim(), () => kill(this.#child));
    this.shell.close();
    this.qmp.close();
    return said ?? "";
  }

  async #withTables<T>(work: (tables: Tables) => Promise<T>): Promise<T> {
    const format = await this.tableFormat();
    const read = this.#frameReader(format.pageBytes);
    return await this.#stopped(async () => {
      const root = this.#arm64?.root ?? topLevelFrame(await this.qmp.human("info registers"));
      return await work({ read, root, format });
    });
  }

  async #stopped<T>(work: () => Promise<T>): Promise<T> {
    await this.qmp.execute("stop");
    try {
      return await work();
    } finally {
      await this.qmp.execute("cont");
    }
  }

  readonly #frameReader = (pageBytes: number): ReadFrame => async (frame) => {
    await this.qmp.execute("pmemsave", { val: frame * pageBytes, size: pageBytes, filename: this.#dumpFile });
    return await Deno.readFile(this.#dumpFile);
  };
}

/** Frame of the top-level page table in the monitor's register listing. */
export function topLevelFrame(registers: string): number {
  const cr3 = /\bCR3=([0-9a-f]+)/.exec(registers);
  if (cr3 === null) throw new Error("Cannot find CR3 in the monitor's registers");
  // Bits 0-11 are flags; with page-table isolation off (nopti) every CR3 has the kernel's half.
  return Number(BigInt(`0x${cr3[1]}`) >> 12n);
}

/** qemu's command line. The machine waits for "cont", so that nothing is missed. */
export function qemuArgs(host: Host, options: GuestOptions): string[] {
  const { workDir, accel, board } = host;
  const mib = (bytes: number) => `${bytes / 2 ** 20}M`;
  const maxmem = options.dram + options.pmem + 16 * 2 ** 30;
  const start = options.pmemStart === undefined ? "" : `,addr=0x${options.pmemStart.toString(16)}`;
  const pmem = options.pmem === 0 ? [] : [
    ...["-object", `memory-backend-file,id=pmem0,share=on,mem-path=${workDir}/pmem,size=${options.pmem + LABEL_BYTES}`],
    ...["-device", `nvdimm,id=nv0,memdev=pmem0,label-size=${LABEL_BYTES}${start}`],
  ];
  return [
    ...["-machine", board.machine, "-accel", accel, "-cpu", accel === "kvm" ? "host" : board.cpu, "-smp", "1"],
    ...(board.firmware === null ? [] : ["-bios", board.firmware[0]]),
    ...["-m", `${mib(options.dram)},slots=4,maxmem=${mib(Math.ceil(maxmem / 2 ** 30) * 2 ** 30)}`],
    ...pmem,
    ...["-nodefaults", "-display", "none", "-no-reboot", "-S"],
    ...["-chardev", `file,id=console,path=${workDir}/console`, "-serial", "chardev:console"],
    ...["-chardev", `socket,id=shell,path=${workDir}/shell,server=on,wait=off`, ...board.shellArgs],
    ...["-qmp", `unix:${workDir}/qmp,server=on,wait=off`],
    ...["-kernel", host.kernel, "-initrd", host.initramfs],
    ...["-append", [...board.words, options.append, host.append].filter((word) => word !== undefined).join(" ")],
  ];
}

/** Creates or empties a sparse file: unwritten parts take no space. */
async function sparseFile(path: string, bytes: number): Promise<void> {
  await Deno.writeFile(path, new Uint8Array(0));
  await Deno.truncate(path, bytes);
}

async function consoleTail(workDir: string): Promise<string> {
  const log = await Deno.readTextFile(`${workDir}/console`).catch(() => "");
  return log.split("\n").slice(-20).join("\n");
}

function kill(child: Deno.ChildProcess): void {
  try {
    child.kill("SIGKILL");
  } catch {
    // It has already ended.
  }
}

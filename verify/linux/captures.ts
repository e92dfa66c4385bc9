// SPDX-License-Identifier: GPL-2.0-only
// The captures of real kernels: every fixtures/linux-VERSION-ARCH/MACHINE/SCENARIO.json, and fixtures/linux-6.1, which
// was taken by hand. A new directory is picked up automatically; the version in the capture determines the preset that
// stands for its kernel.

import { readCaptured } from "../fixtures.ts";
import { PRESETS } from "../../src/include/kernel_config.ts";
import { SZ_1G } from "../../src/include/sizes.ts";
import { parseSize } from "../../src/lib/units.ts";
import { type NamespaceSpec, parseNamespaceSpec } from "./capture/namespace_spec.ts";
import { isSince } from "./capture/release.ts";

/** The scenarios that were captured: each has a file of this name, and a module of this name that emulates it. */
export const SCENARIOS = [
  "namespaces",
  "vmemmap_maps",
  "struct_pages",
  "hotplug",
  "hugetlb",
  "gigantic",
  "fsdax",
  "kmem",
  "direct_map",
] as const;
export type Scenario = typeof SCENARIOS[number];

/** The machine a capture was taken on. Bytes. */
export interface CapturedMachine {
  readonly arch: string;
  /** Preset for the kernel. */
  readonly kernel: string;
  readonly dram: number;
  readonly pmem: number;
  /** Address that qemu was given for the NVDIMM; undefined where qemu chose. */
  readonly pmemStart?: number;
  /** A namespace created first and left alone. */
  readonly beside?: NamespaceSpec;
}

/** One fixture. */
export interface Capture {
  /** Folder under fixtures/, `linux-6.1-x86-64/default`. */
  readonly folder: string;
  readonly scenario: Scenario;
  /** Release of the kernel, `6.12.107`. */
  readonly release: string;
  readonly machine: CapturedMachine;
  readonly data: unknown;
}

const FIXTURES = new URL("../../fixtures/", import.meta.url);
/** Files that a folder may hold besides scenarios: compared by verify/series, or documentation (fixtures/README.md). */
const OTHERS = ["gup_test.json", "bootstrap_instructions.json"];

/** Machines captured by hand, without qemu's command line in their files; fixtures/README.md describes them. */
const BY_HAND: Readonly<Record<string, { release: string; dram: (scenario: Scenario) => number; pmem: number }>> = {
  "linux-6.1": {
    release: "6.1.192",
    dram: (scenario) => (scenario === "namespaces" || scenario === "hugetlb" ? 6 : 4) * SZ_1G,
    pmem: 18 * SZ_1G,
  },
  "linux-6.12-arm64/default": { release: "6.12.107", dram: () => 4 * SZ_1G, pmem: 17 * SZ_1G },
  "linux-6.12-arm64/144M": { release: "6.12.107", dram: () => 4 * SZ_1G, pmem: 17 * SZ_1G },
};

/** Every capture, by folder and scenario. RangeError for a file under a capture's folder that is no scenario. */
export function captures(): Capture[] {
  const folders = [...Deno.readDirSync(FIXTURES)].filter(({ name }) => name.startsWith("linux-"))
    .flatMap(({ name }) => name === "linux-6.1" ? [name] : machinesOf(name)).sort();
  return folders.flatMap((folder) => {
    const names = [...Deno.readDirSync(new URL(`${folder}/`, FIXTURES))].map(({ name }) => name);
    const foreign = names.filter((name) => !OTHERS.includes(name) && !SCENARIOS.some((s) => name === `${s}.json`));
    if (foreign.length > 0) throw new RangeError(`Cannot compare fixtures/${folder}/${foreign[0]}: no such scenario`);
    return SCENARIOS.filter((scenario) => names.includes(`${scenario}.json`)).map((s) => readCapture(folder, s));
  });
}

function machinesOf(kernel: string): string[] {
  return [...Deno.readDirSync(new URL(`${kernel}/`, FIXTURES))].filter((e) => e.isDirectory)
    .map(({ name }) => `${kernel}/${name}`);
}

function readCapture(folder: string, scenario: Scenario): Capture {
  const data = readCaptured(`${folder}/${scenario}.json`) as {
    readonly capturedBy?: { readonly kernel: string; readonly machines: readonly string[] };
    readonly beside?: string;
  };
  const arch = archOf(folder);
  const byHand = BY_HAND[folder];
  if (data.capturedBy === undefined) {
    if (byHand === undefined) throw new RangeError(`Cannot compare fixtures/${folder}: it does not say what took it`);
    const { release, pmem } = byHand;
    const machine = { arch, kernel: presetOf(release), dram: byHand.dram(scenario), pmem };
    return { folder, scenario, release, machine, data };
  }
  const release = releaseOf(data.capturedBy.kernel);
  const machine = machineOf(data.capturedBy.machines[0], data.beside);
  return { folder, scenario, release, machine: { arch, kernel: presetOf(release), ...machine }, data };
}

/** `linux-6.12-arm64-16k/default`: the architecture by the emulator's name; arm64 without a size has 4K pages. */
function archOf(folder: string): string {
  const name = /^linux-[\d.]+-([^/]+)/.exec(folder)?.[1] ?? "x86-64";
  return name === "arm64" ? "arm64-4k" : name;
}

/** `6.1.190` from the kernel's own version string: Debian's package version if it has one. */
function releaseOf(banner: string): string {
  const found = / Debian (\d+\.\d+\.\d+)/.exec(banner) ?? /version (\d+\.\d+\.\d+)/.exec(banner);
  if (found === null) throw new RangeError(`Cannot tell the release of "${banner}"`);
  return found[1];
}

/** The newest preset of a Linux release that is not newer than this release. */
export function presetOf(release: string): string {
  const names = Object.keys(PRESETS).filter((name) => /^\d+\.\d+$/.test(name) && isSince(release, name));
  if (names.length === 0) throw new RangeError(`Cannot emulate Linux ${release}: no preset is that old`);
  return names.reduce((newest, name) => isSince(name, newest) ? name : newest);
}

/** A captured machine from qemu's command line, as stored in the fixtures. */
export function machineOf(qemuLine: string, beside?: string): Omit<CapturedMachine, "arch" | "kernel"> {
  const LABEL_BYTES = 128 * 2 ** 10;
  const [, memory, unit] = / -m (\d+)([MG])/.exec(qemuLine) ?? [];
  const pmem = Number(/mem-path=\S*?pmem\S*?,size=(\d+)/.exec(qemuLine)?.[1] ?? LABEL_BYTES) - LABEL_BYTES;
  const addr = /,addr=(0x[0-9a-f]+)/.exec(qemuLine)?.[1];
  return {
    dram: parseSize(`${memory}${unit}`),
    pmem,
    ...(addr === undefined ? {} : { pmemStart: Number(addr) }),
    ...(beside === undefined ? {} : { beside: parseNamespaceSpec(beside) }),
  };
}

// SPDX-License-Identifier: GPL-2.0-only
// The command line of the harness. A RangeError says what was given and what is allowed.

import { parseArgs } from "@std/cli/parse-args";
import { parseSize } from "../../../src/lib/units.ts";
import { type Board, BOARDS } from "./board.ts";
import { crossSpecs, parseNamespaceSpec } from "./namespace_spec.ts";
import type { CaptureOptions, Scenario } from "./scenario.ts";
import { hotplug } from "./scenario_hotplug.ts";
import { directMap } from "./scenario_direct_map.ts";
import { fsdax } from "./scenario_fsdax.ts";
import { gigantic } from "./scenario_gigantic.ts";
import { hugetlb } from "./scenario_hugetlb.ts";
import { kmem } from "./scenario_kmem.ts";
import { namespaces } from "./scenario_namespaces.ts";
import { structPages } from "./scenario_struct_pages.ts";
import { vmemmapMaps } from "./scenario_vmemmap_maps.ts";

/** Scenarios by name, which is also the name of the file they write. */
export const SCENARIOS: Readonly<Record<string, Scenario>> = {
  namespaces,
  vmemmap_maps: vmemmapMaps,
  hugetlb,
  hotplug,
  struct_pages: structPages,
  gigantic,
  fsdax,
  kmem,
  direct_map: directMap,
};

/** All but the raw struct pages, the layout of which is known for x86-64 only. */
const ARM64_SCENARIOS: readonly string[] = Object.keys(SCENARIOS).filter((name) => name !== "struct_pages");

/** The command line, read. */
export interface CommandLine {
  readonly board: Board;
  /** Unpacked packages with the guest's programs, where they are not the host's. */
  readonly programs?: string;
  readonly kernel: string;
  readonly modules?: string;
  readonly out: string;
  readonly scenarios: readonly string[];
  readonly accel?: "kvm" | "tcg";
  /** More words for every guest's kernel. */
  readonly append?: string;
  readonly capture: CaptureOptions;
}

const FLAGS = [
  "arch",
  "programs",
  "kernel",
  "modules",
  "out",
  "scenario",
  "dram",
  "pmem",
  "pmem-start",
  "namespaces",
  "beside",
  "hugepages",
  "accel",
  "append",
] as const;

/** What `--help` prints. */
export const USAGE = `usage: deno task capture --kernel IMAGE [flags]

  --kernel IMAGE       kernel to boot (bzImage; of arm64 an Image)
  --arch NAME          ${Object.keys(BOARDS).join(" or ")} (default x86-64); arm64 has ${ARM64_SCENARIOS.join(", ")}
  --programs DIR       for arm64: its busybox-static, ndctl, daxctl, perl-base and their libraries, unpacked
  --modules DIR        its modules (default: lib/modules beside the image's boot, then the host's)
  --out DIR            where the fixtures go (default captured)
  --scenario LIST      ${Object.keys(SCENARIOS).join(",")} (default all)
  --dram SIZE          DRAM of the guest (default: each scenario's own, 6G or 4G)
  --pmem SIZE          pmem of the guest (default 18G)
  --pmem-start ADDRESS physical address of the NVDIMM (default: the next GiB above DRAM)
  --namespaces LIST    instead of a scenario's own: 2G (every align and map) or 2G-1G-mem
  --beside NAMESPACE   create this one first and leave it, below the one measured
  --same-guest         go on in the guest of a namespace that failed, to see what it does to the next
  --hugepages LIST     steps of the hugetlb scenario (default 1,8,64,512)
  --append WORDS       more words for the kernel's command line
  --accel kvm|tcg      default: kvm if the guest boots under it, else tcg

Exit 0: every fixture is written. 1: a scenario failed or the guest's kernel complained of what no scenario expects; the
others are written. What such a kernel did goes to NAME.complaints.json, with what it said. 2: bad usage, or something is missing.`;

/** Reads the arguments. */
export function parseCommandLine(args: readonly string[]): CommandLine {
  const given = parseArgs([...args], {
    string: [...FLAGS],
    boolean: ["same-guest"],
    unknown: (arg) => {
      throw new RangeError(
        `Cannot use "${arg}": known are ${[...FLAGS, "same-guest"].map((f) => `--${f}`).join(", ")}`,
      );
    },
  }) as Record<string, unknown>;
  const value = (name: (typeof FLAGS)[number]): string | undefined => {
    const text = given[name];
    if (text === undefined) return undefined;
    if (typeof text !== "string" || text === "") throw new RangeError(`Cannot use --${name}: expected one value`);
    return text;
  };
  const kernel = value("kernel");
  if (kernel === undefined) throw new RangeError("Cannot start: --kernel IMAGE is required");
  const board = boardOf(value("arch") ?? "x86-64");
  const programs = value("programs");
  if (board.arch === "arm64" && programs === undefined) {
    throw new RangeError("Cannot start: --arch arm64 needs --programs DIR");
  }
  return {
    board,
    ...optional("programs", programs),
    kernel,
    ...optional("modules", value("modules")),
    out: value("out") ?? "captured",
    scenarios: scenarioList(value("scenario"), board),
    ...optional("append", value("append")),
    ...optional("accel", accelOf(value("accel"))),
    capture: {
      ...optional("dram", sizeOf(value("dram"))),
      pmem: sizeOf(value("pmem") ?? "18G")!,
      ...optional("pmemStart", addressOf(value("pmem-start"))),
      ...optional("namespaces", specList(value("namespaces"))),
      ...optional("beside", specOf(value("beside"))),
      sameGuest: given["same-guest"] === true,
      hugepages: (value("hugepages") ?? "1,8,64,512").split(",").map(wholeNumber),
    },
  };
}

/** `{ [name]: value }`, or nothing when there is no value. */
function optional<K extends string, T>(name: K, value: T | undefined): { [P in K]?: T } {
  return (value === undefined ? {} : { [name]: value }) as { [P in K]?: T };
}

function boardOf(arch: string): Board {
  if (arch === "x86-64" || arch === "arm64") return BOARDS[arch];
  throw new RangeError(`Cannot boot --arch ${arch}: known are ${Object.keys(BOARDS).join(", ")}`);
}

function scenarioList(text: string | undefined, { arch }: Board): string[] {
  const known = arch === "arm64" ? ARM64_SCENARIOS : Object.keys(SCENARIOS);
  const names = text === undefined ? known : text.split(",");
  for (const name of names) {
    if (!known.includes(name)) throw new RangeError(`Cannot run scenario "${name}": known are ${known.join(", ")}`);
  }
  return [...names];
}

function accelOf(text: string | undefined): "kvm" | "tcg" | undefined {
  if (text === undefined || text === "kvm" || text === "tcg") return text;
  throw new RangeError(`Cannot use --accel ${text}: known are kvm, tcg`);
}

function sizeOf(text: string | undefined): number | undefined {
  return text === undefined ? undefined : parseSize(text);
}

function addressOf(text: string | undefined): number | undefined {
  return text === undefined ? undefined : wholeNumber(text);
}

function specOf(text: string | undefined) {
  return text === undefined ? undefined : parseNamespaceSpec(text);
}

function specList(text: string | undefined) {
  return text?.split(",").flatMap((name) => name.includes("-") ? [parseNamespaceSpec(name)] : crossSpecs([name]));
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (text === "" || !Number.isSafeInteger(value) || value < 0) {
    throw new RangeError(`Cannot read "${text}": expected a whole number`);
  }
  return value;
}

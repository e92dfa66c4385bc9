// SPDX-License-Identifier: GPL-2.0-only
// The flags of `deno task capture`.

import { CommandError, type Flag, type Flags } from "../../../src/cli/command.ts";
import { choiceFlag, listFlag, sizeFlag } from "../../../src/cli/flags.ts";
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

/** Scenarios by name, which is also the name of their output file. */
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

/** All but the raw struct pages, whose layout is known for x86-64 only. */
const ARM64_SCENARIOS: readonly string[] = Object.keys(SCENARIOS).filter((name) => name !== "struct_pages");

/** The parsed command line. */
export interface CommandLine {
  readonly board: Board;
  /** Unpacked packages with the guest's programs, where they are not the host's. */
  readonly programs?: string;
  readonly kernel: string;
  readonly modules?: string;
  readonly out: string;
  readonly scenarios: readonly string[];
  readonly accel?: "kvm" | "tcg";
  /** Additional kernel parameters for every guest. */
  readonly append?: string;
  readonly capture: CaptureOptions;
}

/** The flags. */
export const FLAGS: Readonly<Record<string, Flag>> = {
  kernel: { value: "IMAGE", help: "kernel to boot: a bzImage, for arm64 an Image" },
  arch: {
    value: Object.keys(BOARDS).join("|"),
    help: `architecture of the guest; arm64 has the scenarios ${ARM64_SCENARIOS.join(", ")}`,
    fallback: "x86-64",
  },
  programs: { value: "DIR", help: "for arm64: unpacked busybox-static, ndctl, daxctl, perl-base and their libraries" },
  modules: {
    value: "DIR",
    help: "modules of the kernel; default: lib/modules next to the image's boot directory, then the host's",
  },
  out: { value: "DIR", help: "output directory", fallback: "captured" },
  scenario: { value: "LIST", help: `scenarios: ${Object.keys(SCENARIOS).join(", ")}; default: all` },
  dram: { value: "SIZE", help: "DRAM of the guest; default: each scenario's own, 6G or 4G" },
  pmem: { value: "SIZE", help: "pmem of the guest", fallback: "18G" },
  "pmem-start": { value: "ADDRESS", help: "physical address of the NVDIMM; default: the next GiB above DRAM" },
  namespaces: {
    value: "LIST",
    help: "namespaces instead of the scenario's own: 2G (every align and map) or 2G-1G-mem",
  },
  beside: { value: "NAMESPACE", help: "create this namespace first, below the measured one" },
  "same-guest": { value: "", help: "continue in the guest after a namespace failed, to see the effect on the next" },
  hugepages: { value: "N,...", help: "steps of the hugetlb scenario", fallback: "1,8,64,512" },
  append: { value: "WORDS", help: "append to the kernel's command line" },
  accel: { value: "kvm|tcg", help: "default: kvm if the guest boots under it, else tcg" },
};

/** Options from the flags. */
export function commandLineOf(flags: Flags): CommandLine {
  const board = BOARDS[choiceFlag(flags, "arch", Object.keys(BOARDS) as (keyof typeof BOARDS)[])];
  if (board.arch === "arm64" && !flags.has("programs")) {
    throw new CommandError("--arch arm64 needs --programs DIR");
  }
  return {
    board,
    kernel: flags.text("kernel"),
    out: flags.text("out"),
    scenarios: scenarioList(flags, board),
    ...given(flags, "programs", () => flags.text("programs")),
    ...given(flags, "modules", () => flags.text("modules")),
    ...given(flags, "append", () => flags.text("append")),
    ...given(flags, "accel", () => choiceFlag<"kvm" | "tcg">(flags, "accel", ["kvm", "tcg"])),
    capture: {
      ...given(flags, "dram", () => sizeFlag(flags, "dram")),
      pmem: sizeFlag(flags, "pmem"),
      ...flags.has("pmem-start") ? { pmemStart: wholeNumber("pmem-start", flags.text("pmem-start")) } : {},
      ...given(flags, "namespaces", () => specList(flags.text("namespaces"))),
      ...given(flags, "beside", () => parseNamespaceSpec(flags.text("beside"))),
      sameGuest: flags.has("same-guest"),
      hugepages: flags.text("hugepages").split(",").map((text) => wholeNumber("hugepages", text)),
    },
  };
}

/** `{ [name]: value }` if the flag was given. */
function given<K extends string, T>(flags: Flags, name: K, value: () => T): { [P in K]?: T } {
  return (flags.has(name) ? { [name]: value() } : {}) as { [P in K]?: T };
}

function scenarioList(flags: Flags, { arch }: Board): readonly string[] {
  const known = arch === "arm64" ? ARM64_SCENARIOS : Object.keys(SCENARIOS);
  return flags.has("scenario") ? listFlag(flags, "scenario", known) : known;
}

function specList(text: string) {
  return text.split(",").flatMap((name) => name.includes("-") ? [parseNamespaceSpec(name)] : crossSpecs([name]));
}

/** Decimal, or an address in hexadecimal. */
function wholeNumber(flag: string, text: string): number {
  const value = Number(text);
  if (text === "" || !Number.isSafeInteger(value) || value < 0) {
    throw new CommandError(`--${flag}: expected a whole number, got "${text}"`);
  }
  return value;
}

// SPDX-License-Identifier: GPL-2.0-only
// Accepts gup_test's own options (tools/testing/selftests/mm/gup_test.c) in `lab gup`, so that a command line from a
// cover letter runs here, and prints its output, so that scripts can read it. Options that mean nothing on an emulated
// device are refused with a reason.

import type { GupReport } from "../scenario/gup.ts";
import { CommandError } from "./command.ts";

/** Letters that stand for flags here. */
const FLAGS: Readonly<Record<string, readonly string[]>> = {
  a: ["--mode", "pin"],
  u: ["--mode", "get"],
  b: ["--mode", "pin", "--slow"],
  U: ["--mode", "get", "--slow"],
  L: ["--mode", "pin", "--longterm"],
  // A device mapping is always shared and writable.
  S: [],
  w: [],
  W: [],
};

/** Letters that choose the test: gup_test runs the last of them. */
const TESTS = "aubUL";

/** Letters with a value. */
const VALUES: Readonly<Record<string, (value: string) => readonly string[]>> = {
  m: (value) => ["--size", `${whole("m", value)}M`],
  r: (value) => ["--repeats", whole("r", value)],
  n: (value) => ["--batch", whole("n", value)],
  j: (value) => ["--jobs", whole("j", value)],
  F: follFlags,
  f: file,
};

/** Letters that mean nothing here, and why. */
const REFUSED: Readonly<Record<string, string>> = {
  c: "nothing dumps pages; lab pages shows struct pages",
  H: "HugeTLB pages are not mapped here; the mapping is of device-dax",
  t: "a device mapping has no transparent huge pages",
  T: "a device mapping has no transparent huge pages",
};

/** gup_test's default of -m, in MiB. */
const DEFAULT_MIB = 128;

/** Arguments with gup_test's letters written as flags; flags stay as they are. */
export function fromLetters(args: readonly string[]): string[] {
  const out: string[] = [];
  const tests: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const arg = args[i];
    // A flag, and the value of one.
    if (arg.startsWith("--") || !/^-[a-zA-Z]/.test(arg)) out.push(arg);
    else {
      tests.push(...[...arg.slice(1)].filter((letter) => TESTS.includes(letter)));
      i += letters(arg.slice(1), args[i + 1], out);
    }
  }
  const other = tests.find((letter) => letter !== tests[0]);
  if (other !== undefined) {
    throw new CommandError(`gup: -${tests[0]} and -${other} are different tests: give one of them`);
  }
  const sized = out.some((arg) => arg === "--size" || arg.startsWith("--size="));
  const onlyFlags = args.every((arg) => arg.startsWith("--") || !/^-[a-zA-Z]/.test(arg));
  return sized || onlyFlags ? out : [...out, "--size", `${DEFAULT_MIB}M`];
}

/** One argument of letters, as getopt reads it; returns how many arguments after it were a value. */
function letters(text: string, next: string | undefined, out: string[]): number {
  for (let i = 0; i < text.length; i++) {
    const letter = text[i];
    if (Object.hasOwn(REFUSED, letter)) throw new CommandError(`gup: -${letter}: ${REFUSED[letter]}`);
    if (Object.hasOwn(FLAGS, letter)) {
      out.push(...FLAGS[letter]);
      continue;
    }
    if (!Object.hasOwn(VALUES, letter)) throw new CommandError(`gup: unknown argument "-${letter}": see gup --help`);
    const rest = text.slice(i + 1);
    const value = rest === "" ? next : rest;
    if (value === undefined) throw new CommandError(`gup: -${letter} needs one value`);
    out.push(...VALUES[letter](value));
    return rest === "" ? 1 : 0;
  }
  return 0;
}

function whole(letter: string, value: string): string {
  if (/^\d+$/.test(value)) return value;
  throw new CommandError(`gup: -${letter}: expected a whole number, got "${value}"`);
}

/** -F: bits of gup_flags; FOLL_WRITE changes nothing here, others are not modelled. */
function follFlags(value: string): readonly string[] {
  const bits = /^(0x[0-9a-f]+|\d+)$/i.test(value) ? Number(value) : NaN;
  if (bits === 0 || bits === 1) return [];
  throw new CommandError(`gup: -F: expected 0 or FOLL_WRITE (0x1), got "${value}": other flags are not modelled`);
}

function file(value: string): readonly string[] {
  if (/^\/dev\/dax/.test(value)) return [];
  throw new CommandError(`gup: -f: the emulated device stands for /dev/dax..., got "${value}"`);
}

/** What gup_test prints: a line per round, its times in microseconds of the emulator. */
export function gupTestLines({ config, hostGetMs: getMs, hostPutMs: putMs }: GupReport, held: number): string {
  const name = config.longterm
    ? "PIN_LONGTERM_BENCHMARK"
    : `${config.mode === "pin" ? "PIN" : "GUP"}_${config.slow ? "BASIC_TEST" : "FAST_BENCHMARK"}`;
  const cut = held < config.size ? `, truncated (size: ${held})` : "";
  const us = (ms: number) => Math.round(ms * 1000);
  return getMs.map((ms, i) => {
    if (name.endsWith("_BASIC_TEST")) return `${name}: done${cut}`;
    return `${name}: Time: get:${us(ms)} put:${us(putMs[i])} us${cut}`;
  }).join("\n");
}

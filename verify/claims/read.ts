// SPDX-License-Identifier: GPL-2.0-only
// The few claims that only a reader can judge: history, what was tested, how many items a list calls itself. Each says
// with what result it was read (right, wrong, or open where nothing at hand decides) and why.

import type { Claim, Reading } from "./claim.ts";

/** A claim that was read. */
export function read(id: string, what: string, reading: Reading, reason: string): Claim {
  return { id, what, unit: "", without: `read ${reading}`, expected: `read ${reading}`, note: reason };
}

/** A claim that a later document of the set, or a later kernel, says otherwise. */
export function superseded(id: string, what: string, reason: string): Claim {
  return { id, what, unit: "", without: "superseded", expected: "superseded", note: reason };
}

/** Of seed 000. */
export const READ_000: readonly Claim[] = [
  read("000-01", "HugeTLB vmemmap freeing is merged since v5.14", "right", "commit f41f2ed43ca5, in v5.14"),
  read(
    "000-13",
    "5 patches: three clean-ups, the savings, fewer initialisations",
    "right",
    '"This patch (of 5)", 000:66',
  ),
  read(
    "000-24",
    "the call chain the plumbing passes through",
    "right",
    "the emulator's is the same with the two last in one; the outer of them only picks the memory model",
  ),
];

/** Of seed 001. */
export const READ_001: readonly Claim[] = [
  read(
    "001-03",
    "two bullets become unneeded once the extra reference goes",
    "right",
    "20210825034828.12927-3, which drops that reference, zeroes every count and deletes pfn_next(): both bullets fall",
  ),
  read("001-04", "v2 and v3 refer to different postings", "wrong", "[2] and [3] (001:238, 239) are the same link"),
  read(
    "001-21",
    "the altmap run holds 2018 MiB less",
    "right",
    "129022 - 127004 = 2018 as worded; map=dev takes 2016 of them (see /taken)",
  ),
  read("001-23", "numbers come from gup_benchmark", "wrong", "the command shown with them is gup_test (001:1003)"),
  read(
    "001-27",
    "build-tested on arm64 and ppc64",
    "open",
    "nothing here builds kernels; merged, it broke ppc64 at run time, hence the opt-in of 6.4",
  ),
  read(
    "001-90",
    "pud_devmap is device-dax's only, pmd_devmap fsdax's too",
    "right",
    "no other caller of vmf_insert_pfn_pud() then; the devmap bits are gone since 6.17",
  ),
];

/** Of seed 003. */
export const READ_003: readonly Claim[] = [
  read("003-01", "tested on x86_64 and arm64, 4K and 64K", "open", "a statement about the author's machines"),
  read(
    "003-04",
    "{online,offline}_pages() remain untouched",
    "wrong",
    'its own list of changes has "Relax check in {offline,online}_pages" (003:20), which is patch 3',
  ),
  read(
    "003-09",
    "only ARM, powerpc and x86_64 have altmap support",
    "right",
    "in 5.13 arm64, not arm; riscv's vmemmap ignores an altmap, s390 refuses it",
  ),
  read(
    "003-11",
    "only usable with CONFIG_SPARSEMEM_VMEMMAP",
    "right",
    "without a virtual memmap there is no mapping an altmap could serve; nothing else is modelled",
  ),
];

/** Of seed 003, beside those that were read. */
export const SUPERSEDED_003: readonly Claim[] = [
  superseded("003-03", "HugeTLB vmemmap freeing is withdrawn for now", "merged in 5.14, as 000:9 says"),
];

/** Of seed 004. */
export const READ_004: readonly Claim[] = [
  read(
    "004-25",
    "the config option defaults to y",
    "right",
    "5.14 kept the option and turned the default of the switch to off",
  ),
];

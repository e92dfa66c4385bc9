// SPDX-License-Identifier: GPL-2.0-only
// Reads dmesg, whole or in part, with or without time stamps: the command line, HugeTLB's messages since 5.14,
// memmap_init_zone_device(), kmem, virtio_mem, and the firmware's memory map. Other lines are ignored.

import { type Facts, type Place, place, type Source } from "./facts.ts";
import { exactly, middle, sizeOf } from "./size.ts";

/** A time stamp of dmesg, or the head of a line of a journal. */
const STAMP =
  /^(<\d+>)?(\[\s*\d+\.\d+\](\[\s*[TC]\d+\])?\s?|\w{3}\s+\d+ \d\d:\d\d:\d\d \S+ kernel: (\[\s*\d+\.\d+\] )?)/;

type Statement = readonly [RegExp, (match: RegExpExecArray, where: Place, facts: Facts) => void];

const hex = (text: string) => parseInt(text, 16);

const STATEMENTS: readonly Statement[] = [
  [/^Linux version (\S+)/, (m, at, facts) => facts.kernels.push({ ...at, word: m[1] })],
  // uname -a, with the host's name, and /proc/cmdline.
  [/^Linux \S+ (\d+\.\d+\S*) #\d/, (m, at, facts) => facts.kernels.push({ ...at, word: m[1] })],
  [/^(BOOT_IMAGE=.*)$/, (m, at, facts) => facts.commandLines.push({ ...at, word: m[1].trim() })],
  [/^(?:Kernel c|C)ommand line:\s*(.*)$/, (m, at, facts) => facts.commandLines.push({ ...at, word: m[1].trim() })],
  [/^HugeTLB: can (free|optimize) (\d+) vmemmap pages for hugepages-(\d+)kB/, (m, at, facts) => {
    const wording = m[1] === "free" ? "free" : "optimize";
    facts.freed.push({ ...at, size: Number(m[3]) * 1024, freed: Number(m[2]) * 4096, wording });
  }],
  [/^HugeTLB: (\d+) KiB vmemmap can be freed for a ([\d.]+ \w+) page/, (m, at, facts) => {
    const size = middle(sizeOf(m[2]) ?? exactly(0), 2 ** 16);
    facts.freed.push({ ...at, size, freed: Number(m[1]) * 1024, wording: "KiB" });
  }],
  [/^HugeTLB:? registered ([\d.]+ \w+) page size, pre-allocated (\d+) pages/, (m, at, facts) => {
    const size = middle(sizeOf(m[1]) ?? exactly(0), 2 ** 16);
    if (Number(m[2]) > 0) facts.pools.push({ ...at, size, count: Number(m[2]), node: null });
  }],
  [/^memmap_init_zone_device initiali[sz]ed (\d+) pages in (\d+)ms/, (m, at, facts) => {
    facts.initialised.push({ ...at, value: Number(m[1]) });
  }],
  [/^kmem (dax\d+\.\d+): DAX region truncated by (.+?) due to alignment/, (m, at, facts) => {
    const truncated = middle(sizeOf(m[2]) ?? exactly(0));
    facts.kmem.push({ ...at, dev: m[1], truncated, tooSmall: null });
  }],
  [/^kmem (dax\d+\.\d+): mapping\d+: 0x([0-9a-f]+)-0x([0-9a-f]+) too small after alignment/, (m, at, facts) => {
    facts.kmem.push({ ...at, dev: m[1], truncated: null, tooSmall: { start: hex(m[2]), end: hex(m[3]) + 1 } });
  }],
  [/^virtio_mem \S+: memory block size: (\S+)/, blockSize],
  [/^x86\/mm: Memory block size: (\S+)/, blockSize],
  [/^(?:user|BIOS-e820): \[mem 0x([0-9a-f]+)-0x([0-9a-f]+)\] (.+)$/, firmware],
  [/^ACPI: SRAT: Node (\d+) PXM \d+ \[mem 0x([0-9a-f]+)-0x([0-9a-f]+)\]/, (m, at, facts) => {
    const [start, end] = [hex(m[2]), hex(m[3]) + 1];
    facts.srat.push({ ...at, start, end, name: "SRAT", depth: 0, node: Number(m[1]) });
  }],
];

function blockSize(match: RegExpExecArray, where: Place, facts: Facts): void {
  const size = sizeOf(match[1]);
  if (size !== null) facts.blockBytes.push({ ...where, value: middle(size) });
}

function firmware(match: RegExpExecArray, where: Place, facts: Facts): void {
  const [start, end] = [hex(match[1]), hex(match[2]) + 1];
  facts.resources.push({ ...where, start, end, name: `e820 ${match[3].trim()}`, depth: 0 });
}

/** Other phrases of these subsystems that only dmesg contains. */
const OTHERS =
  /^(HugeTLB|kmem|virtio_mem|x86\/mm|ACPI|nd_pmem|nd_region|BIOS-|Memory: |e820|device_dax|NUMA: |Zone ranges)/;

/** One line of dmesg; without a time stamp it must be a known phrase. */
export function readDmesg(source: Source, at: number, facts: Facts): number {
  const line = source.lines[at];
  const stamp = STAMP.exec(line);
  const text = (stamp === null ? line : line.slice(stamp[0].length)).trimEnd();
  for (const [pattern, read] of STATEMENTS) {
    const match = pattern.exec(text);
    if (match === null) continue;
    read(match, place(source, at), facts);
    return at + 1;
  }
  return stamp !== null || OTHERS.test(text) ? at + 1 : at;
}

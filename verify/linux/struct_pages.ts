// SPDX-License-Identifier: GPL-2.0-only
// Raw struct pages of real kernels (struct_pages.json), eight 64-bit words each, bit by bit. Addresses of kernel objects
// differ between any two boots, so they are compared by the object they point to. page->flags has last_cpupid between
// the flags and the zone on kernels with CONFIG_NUMA_BALANCING (Debian's):
//
//   63      54 53  51 50          30        0          63    58 57  55
//  +----------+------+--------------+-------+         +--------+------+ ..
//  |   node   | zone | last_cpupid  | flags |         |  node  | zone |     here, and a kernel without
//  +----------+------+--------------+-------+         +--------+------+ ..
//
// In an unused page last_cpupid is all ones; it is removed before words are compared.

import { allocHugePageAt, sizeToHstate } from "../../src/mm/hugetlb/hugetlb.ts";
import { populateArea } from "../../src/mm/memory.ts";
import { type Kernel, objectAt } from "../../src/mm/kernel.ts";
import { pageAddressHi, pageAddressLo, readPage, vmemmapPage } from "../../src/mm/page.ts";
import { ndRegions } from "../../src/drivers/nvdimm/region.ts";
import { SZ_2M } from "../../src/include/sizes.ts";
import type { NdNamespace } from "../../src/drivers/nvdimm/namespace.ts";
import { latest, mapDevice } from "../measure/measure.ts";
import { parseNamespaceSpec } from "./capture/namespace_spec.ts";
import type { Capture, CapturedMachine } from "./captures.ts";
import type { CapturedRow, Fields } from "./row.ts";
import { bootCaptured, mustCreate } from "./emulated.ts";

interface RawPage {
  readonly pfn: number;
  readonly va: string;
  readonly pa: string;
  readonly words: readonly string[];
}

type RawPages = Readonly<Record<string, RawPage>>;

/** A machine with the namespace, or the huge page, that the pages of a group belong to. */
interface Box {
  readonly k: Kernel;
  readonly ns: NdNamespace | null;
  /** Frame of "data0", or of the huge page. */
  readonly first: number;
}

const CPUPID = ((1n << 21n) - 1n) << 30n;
const WORDS = [0, 1, 2, 3, 4, 5, 6, 7];
/** List words in the head of a pool's free huge page; the neighbours they point to are not compared. */
const LIST_WORDS = [1, 2];
/** Flags that the head of a free huge page keeps from an earlier use: uptodate, dirty. */
const FORMER_LIFE = 0xcn;

/** Rows of a capture: one per struct page. */
export function structPageRows({ data, machine, folder }: Capture): CapturedRow[] {
  const { pages } = data as { readonly pages: RawPages };
  return Object.entries(pages).map(([name, page]) => {
    const box = () => latest(`struct pages of ${folder} ${groupOf(name)}`, () => boxOf(machine, name, pages));
    return {
      name,
      linux: linuxFields(name, page, pages),
      emulate: () => emulatedFields(box(), name, page.pfn, pages),
    };
  });
}

/** Pages read from one machine in one state: `1G-2M-mem.data`, `1G-2M-mem.aftermap`, `hugetlb2M.`. */
function groupOf(name: string): string {
  return name.replace(/\d+$/, "");
}

function indexOf(name: string): number {
  return Number(/\d+$/.exec(name)![0]);
}

function linuxFields(name: string, { pfn, va, words }: RawPage, pages: RawPages): Fields {
  const fields: Record<string, unknown> = {
    pfn,
    va,
    frame: firstInFrame(name, pages, (of) => Number(BigInt(pages[of].pa) >> 12n)),
  };
  for (const i of WORDS) fields[`word ${i}`] = i === 0 ? flagsOf(name, words[0]) : linuxWord(name, i, words[i]);
  return fields;
}

/** The first page of the group whose struct page is in the same frame. */
function firstInFrame(name: string, pages: RawPages, frame: (of: string) => number): string {
  return Object.keys(pages).find((other) => groupOf(other) === groupOf(name) && frame(other) === frame(name))!;
}

/** page->flags with zone and node at their places in a kernel without last_cpupid. */
function flagsOf(name: string, word: string): string {
  const bits = BigInt(word);
  const head = isHugetlbHead(name) ? ~FORMER_LIFE : ~0n;
  if ((bits & CPUPID) !== CPUPID) return hex(bits & head);
  const low = bits & ((1n << 30n) - 1n);
  const zone = bits >> 51n & 7n;
  return hex((bits >> 54n) << 58n | zone << 55n | low & head);
}

function isHugetlbHead(name: string): boolean {
  return name === "hugetlb2M.0";
}

function linuxWord(name: string, i: number, word: string): string {
  if (isHugetlbHead(name) && LIST_WORDS.includes(i)) return "in a list";
  return word.startsWith("0xffff8881") ? "object" : word;
}

function hex(bits: bigint): string {
  return `0x${bits.toString(16)}`;
}

/** Boots a machine and creates the group's namespace or huge page. "aftermap": a process has the device mapped. */
function boxOf(machine: CapturedMachine, name: string, pages: RawPages): Box {
  const k = bootCaptured(machine, { contents: true });
  if (name.startsWith("hugetlb")) {
    const first = pages["hugetlb2M.0"].pfn;
    if (!allocHugePageAt(k, sizeToHstate(k, SZ_2M)!, first)) throw new Error(`Cannot have huge page ${first}`);
    return { k, ns: null, first };
  }
  const ns = mustCreate(k, ndRegions(k)[0], parseNamespaceSpec(name.split(".")[0]));
  const first = (ns.extent.start + ns.info.dataoff) / k.pageBytes;
  if (name.includes("aftermap")) {
    const built = { k, ns, start: ns.pgmap.ranges[0].start, data: first };
    populateArea(k, mapDevice(built, 8 * SZ_2M), SZ_2M / k.pageBytes);
  }
  return { k, ns, first };
}

function emulatedFields({ k, ns, first }: Box, name: string, linuxPfn: number, pages: RawPages): Fields {
  const pfn = first + indexOf(name);
  const fields: Record<string, unknown> = {
    pfn,
    va: word64(pageAddressLo(k, pfn), pageAddressHi(k, pfn)),
    frame: firstInFrame(name, pages, (of) => k.cpu.mmu.frame(vmemmapPage(k, pages[of].pfn + pfn - linuxPfn))),
  };
  for (const i of WORDS) {
    const lo = readPage(k, pfn, 8 * i);
    const hi = readPage(k, pfn, 8 * i + 4);
    fields[`word ${i}`] = isHugetlbHead(name) && LIST_WORDS.includes(i)
      ? "in a list"
      : ns !== null && [ns.dev, ns.pgmap].includes(objectAt(k, lo, hi) as never)
      ? "object"
      : word64(lo, hi);
  }
  return fields;
}

function word64(lo: number, hi: number): string {
  return hex(BigInt(hi >>> 0) << 32n | BigInt(lo >>> 0));
}

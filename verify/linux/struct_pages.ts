// SPDX-License-Identifier: GPL-2.0-only
// Raw struct pages of Linux 6.1, eight 64-bit words each, against the emulator's: flags, compound_head, order and
// counts bit by bit. Addresses of kernel objects differ between any two boots; there the object itself must be the
// right one.

import linux from "../../fixtures/linux-6.1/struct_pages.json" with { type: "json" };
import { populateArea } from "../../src/mm/memory.ts";
import { objectAt } from "../../src/mm/kernel.ts";
import { pageAddressHi, pageAddressLo, readPage, vmemmapPage } from "../../src/mm/page.ts";
import { parseSize } from "../../src/lib/units.ts";
import type { Claim } from "../claims/claim.ts";
import { keptPages, SIZE_2M } from "../formulas/vmemmap.ts";
import { machine61, MAPS_DRAM } from "./linux.ts";
import { type Built, latest, mapDevice } from "../measure/measure.ts";

type Name = keyof typeof linux.pages;

/** Words of a struct page, and its address. */
const PARTS = 9;

/** Claims about every device page in the fixture; those of HugeTLB are not checked yet. */
export function structPageClaims(): Claim[] {
  const names = (Object.keys(linux.pages) as Name[]).filter((name) => !name.startsWith("hugetlb"));
  const words = names.map((name): Claim => ({
    id: name,
    what: "words, and the address, as on Linux",
    unit: "",
    printed: String(linux.pages[name].words.length + 1),
    formula: PARTS,
    measure: () => matching(name),
    expected: "confirmed",
  }));
  return [...words, {
    id: "1G-2M-mem.data*",
    what: "frames that hold the struct pages shown",
    unit: "",
    printed: String(new Set(DATA_2M.map((name) => Math.floor(Number(linux.pages[name].pa) / 4096))).size),
    formula: keptPages(SIZE_2M, "pte"),
    measure: framesOfData,
    expected: "confirmed",
  }];
}

const DATA_2M: readonly Name[] = [
  "1G-2M-mem.data0",
  "1G-2M-mem.data1",
  "1G-2M-mem.data2",
  "1G-2M-mem.data64",
  "1G-2M-mem.data128",
];

/** The namespace of a page, on a machine of its own where a process maps the device ("aftermap"). */
function machineOf(name: string): Built {
  const [size, align] = name.split("-");
  const mapped = name.includes("aftermap");
  return latest(`struct pages of ${size} ${align}, ${mapped ? "mapped" : "fresh"}`, () => {
    const { k, ns } = machine61(MAPS_DRAM, parseSize(size), parseSize(align), "mem");
    if (typeof ns === "number") throw new Error(`verify: enabling the namespace fails with ${ns}`);
    const built = {
      k,
      ns,
      start: ns.pgmap.ranges[0].start,
      data: (ns.extent.start + ns.info.dataoff) / k.pageBytes,
    };
    if (mapped) populateArea(k, mapDevice(built, 8 * SIZE_2M), SIZE_2M / k.pageBytes);
    return built;
  });
}

/** How many words of this struct page, and its address, are those of Linux. */
function matching(name: Name): number {
  const { k, ns, data } = machineOf(name);
  const [, offset] = /\D(\d+)$/.exec(name)!;
  const pfn = data + Number(offset);
  const { words, va, pfn: linuxPfn } = linux.pages[name];
  if (pfn !== linuxPfn) return 0;
  const address = same(va, pageAddressLo(k, pfn), pageAddressHi(k, pfn));
  const right = words.filter((word, i) => {
    const lo = readPage(k, pfn, 8 * i);
    const hi = readPage(k, pfn, 8 * i + 4);
    if (!isObject(word)) return same(word, lo, hi);
    return objectAt(k, lo, hi) === (i === MAPPING_WORD ? ns.dev : ns.pgmap);
  });
  return right.length + (address ? 1 : 0);
}

/** page->mapping names the device, the other pointer to an object is page->pgmap. */
const MAPPING_WORD = 3;

/** An address in the direct map, where kernel objects live. */
function isObject(word: string): boolean {
  return word.startsWith("0xffff8881");
}

function same(word: string, lo: number, hi: number): boolean {
  const bits = BigInt(word);
  return Number(bits & 0xffffffffn) === lo >>> 0 && Number(bits >> 32n) === hi >>> 0;
}

function framesOfData(): number {
  const { k, data } = machineOf("1G-2M-mem");
  const frames = DATA_2M.map((name) => k.cpu.mmu.frame(vmemmapPage(k, data + Number(/\d+$/.exec(name)![0]))));
  return new Set(frames).size;
}

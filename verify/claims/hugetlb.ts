// SPDX-License-Identifier: GPL-2.0-only
// HugeTLB: the cover letter of seed 004 and what the document of seed 001 patch 11 says of huge pages, row by row of
// its table. What 1024 GiB of them save is in hugetlb_savings.ts, times are in hugetlb_times.ts.

import { formatSize } from "../../src/lib/units.ts";
import { hugetlbSizes } from "../../src/scenario/hugetlb.ts";
import type { Claim, Suite } from "./claim.ts";
import {
  basePagesOf,
  freedPages,
  headsSeen,
  netPages,
  type Row,
  ROWS,
  structSize,
  structSizePmd,
  structSizePud,
  tablesDense,
  usedSubpages,
} from "../formulas/hugetlb.ts";
import { savingsClaims } from "./hugetlb_savings.ts";
import { timingClaims } from "./hugetlb_times.ts";
import { diffstat, patchCount } from "./listings.ts";
import {
  entriesChangedByUse,
  entryBytes,
  gainOf,
  headsOf,
  leavesPerGib,
  poolOf,
  readOnlyEntries,
  restoredPages,
  structsOf,
  subpagesInUse,
  vmemmapFramesOf,
} from "../measure/hugetlb.ts";
import { READ_004 } from "./read.ts";

const PAGE = 4096;
const SIZE_2M = 2 ** 21;
const SIZE_1G = 2 ** 30;
const X86 = "x86-64";

/** Suite of seed 004 and of the document's HugeTLB half. */
export const HUGETLB: Suite = {
  name: "seed 004",
  title: "HugeTLB vmemmap freeing: seed 004, and the document of seed 001 patch 11",
  claims: (scale) => [
    ...document(),
    ...freedByOne(),
    ...series(),
    ...structsOfOne(),
    ...savedByOne(),
    ...leftAlone(),
    ...savingsClaims(scale),
    ...timingClaims(),
    ...ROWS.flatMap(rowChecks),
    patchCount("004-27", "004", 15),
    ...diffstat("004-27", "004"),
    ...READ_004,
  ],
};

/** What the document says of its table of sizes. */
function document(): Claim[] {
  const table = (id: string, arch: string) => ({
    id,
    what: `HugeTLB sizes of ${arch}, MiB in all`,
    unit: "MiB",
    formula: ROWS.filter((r) => r.arch === arch).reduce((sum, r) => sum + r.huge, 0) / 2 ** 20,
    measure: () => bytesOfSizes(arch) / 2 ** 20,
    expected: "equal" as const,
  });
  const small = ROWS.filter((r) => structSize(r.huge, r.page) <= 1).length;
  return [
    superseded("001-42"),
    superseded("001-60/hugetlb"),
    {
      id: "used struct pages",
      what: "struct pages of a huge page with a word of their own",
      unit: "",
      formula: usedSubpages(),
      measure: subpagesInUse,
      expected: "equal",
    },
    table("001-43", X86),
    table("001-44", "arm64-4k"),
    table("001-45", "arm64-16k"),
    table("001-46", "arm64-64k"),
    {
      id: "001-47",
      what: "sizes with no more than one page of struct pages",
      unit: "",
      printed: "0",
      formula: small,
      measure: () => ROWS.filter((r) => vmemmapFramesOf(r.arch, r.huge) <= 1).length,
      expected: "contradicted",
      note: '"more than one struct page structs", their size in pages, read as pages of them: not so of the smallest ' +
        "contiguous-bit size of each arm64 granule",
    },
    {
      id: "001-47/structs",
      what: "the same read to the letter: sizes with no more than one struct page",
      unit: "",
      printed: "0",
      formula: ROWS.filter((r) => basePagesOf(r.huge, r.page) <= 1).length,
      measure: () => ROWS.filter((r) => structsOf(r.arch, r.huge) <= 1).length,
      expected: "confirmed",
    },
  ];
}

/** What the document says one page frees, and which sizes free nothing. */
function freedByOne(): Claim[] {
  return [
    {
      id: "001-50",
      what: "pages freed of a 2M page with struct pages of 56, 72 and 80 bytes",
      unit: "",
      printed: "0",
      formula: 0,
      measure: () => [56, 72, 80].reduce((sum, structPageSize) => sum + gainOf(X86, SIZE_2M, 2, { structPageSize }), 0),
      expected: "confirmed",
    },
    {
      id: "001-50/pte",
      what: "bytes of a page-table entry",
      unit: "",
      printed: "8",
      formula: PAGE / 512,
      measure: () => entryBytes(X86),
      expected: "confirmed",
    },
    {
      id: "001-53",
      what: "vmemmap pages freed of a 2M page",
      unit: "",
      printed: "6",
      formula: freedPages(SIZE_2M, PAGE, 2),
      measure: () => gainOf(X86, SIZE_2M, 2),
      expected: "confirmed",
    },
    {
      id: "001-53/back",
      what: "vmemmap pages allocated when it is freed",
      unit: "",
      printed: "6",
      formula: freedPages(SIZE_2M, PAGE, 2),
      measure: () => restoredPages(SIZE_2M, 2),
      expected: "confirmed",
    },
    {
      id: "001-54",
      what: "vmemmap pages freed of a page at PUD level, PAGE_SIZE - 2",
      unit: "",
      printed: "4094",
      formula: structSizePud(PAGE) - 2,
      measure: () => gainOf(X86, SIZE_1G, 2),
      expected: "confirmed",
    },
    {
      id: "001-55",
      what: "contiguous-bit sizes that can be optimised: more than 2 pages of struct pages",
      unit: "",
      formula: ROWS.filter((r) => r.level === null && structSize(r.huge, r.page) > 2).length,
      measure: () => ROWS.filter((r) => r.level === null && gainOf(r.arch, r.huge, 2) > 0).length,
      expected: "equal",
    },
  ];
}

function superseded(id: string): Claim {
  return {
    id,
    what: "struct pages of a huge page in use",
    unit: "",
    printed: "4",
    without: "superseded",
    expected: "superseded",
    note:
      "one more since a poisoned frame is remembered in a tail of its own (as patch 11 of seed 004 needs; 6.1 does)",
  };
}

/** What the cover letter says of sizes and of the frames of a page. */
function series(): Claim[] {
  return [
    {
      id: "004-01",
      what: "PMD leaves of the memmap of 1 GiB with the feature on, as the series boots",
      unit: "",
      printed: "0",
      formula: 0,
      measure: () => leavesPerGib("base"),
      expected: "confirmed",
    },
    {
      id: "004-02",
      what: "HugeTLB sizes of x86-64",
      unit: "",
      printed: "2",
      formula: ROWS.filter((r) => r.arch === X86).length,
      measure: () => hugetlbSizes(2).filter((r) => r.arch === X86).length,
      expected: "confirmed",
    },
    {
      id: "001-52",
      what: 'page frames a 2M page "consists in"',
      unit: "",
      printed: "8",
      formula: basePagesOf(SIZE_2M, PAGE),
      measure: () => structsOf(X86, SIZE_2M),
      expected: "contradicted",
      note: "512, as 001:1494 says; 8 is the number of its vmemmap pages",
    },
    {
      id: "001-52/1G",
      what: 'page frames a 1G page "consists in"',
      unit: "",
      printed: "4096",
      formula: basePagesOf(SIZE_1G, PAGE),
      measure: () => structsOf(X86, SIZE_1G),
      expected: "contradicted",
      note: "262144; 4096 is the number of its vmemmap pages",
    },
    {
      id: "004-03",
      what: "base pages of a 1G page",
      unit: "",
      printed: "4096",
      formula: basePagesOf(SIZE_1G, PAGE),
      measure: () => structsOf(X86, SIZE_1G),
      expected: "contradicted",
      note: "262144; 4096 is the number of its vmemmap pages",
    },
  ];
}

/** What it says of the struct pages of one page. */
function structsOfOne(): Claim[] {
  return [
    superseded("004-04"),
    {
      id: "004-05",
      what: "struct pages of a 2M page",
      unit: "",
      printed: "512",
      formula: basePagesOf(SIZE_2M, PAGE),
      measure: () => structsOf(X86, SIZE_2M),
      expected: "confirmed",
    },
    {
      id: "004-05/pages",
      what: "pages they fill",
      unit: "",
      printed: "8",
      formula: structSizePmd(),
      measure: () => vmemmapFramesOf(X86, SIZE_2M),
      expected: "confirmed",
    },
  ];
}

/** What the cover letter says a page saves, and what its tails then look like. */
function savedByOne(): Claim[] {
  return [
    {
      id: "004-06",
      what: "pages saved by a 1G page, tables paid",
      unit: "",
      printed: "4088",
      formula: netPages(1, SIZE_1G, PAGE, 2, tablesDense(1, SIZE_1G, PAGE)),
      measure: () => poolOf(SIZE_1G, 1, 2, "dense").net,
      expected: "contradicted",
      note: "4096 - 2 - 8 = 4086",
    },
    {
      id: "004-07",
      what: "PTE tables for a 1G page whose memmap boot maps by leaves",
      unit: "",
      printed: "8",
      formula: tablesDense(1, SIZE_1G, PAGE),
      measure: () => poolOf(SIZE_1G, 1, 2, "dense").tables,
      expected: "confirmed",
    },
    {
      id: "004-07/base",
      what: "pages it gains where boot maps base pages, as the series does (004:18): no table is paid",
      unit: "",
      formula: freedPages(SIZE_1G, PAGE, 2),
      measure: () => gainOf(X86, SIZE_1G, 2),
      expected: "equal",
    },
    {
      id: "004-22",
      what: "vmemmap pages of a 2M page that could be freed",
      unit: "",
      printed: "7",
      formula: freedPages(SIZE_2M, PAGE, 1),
      measure: () => gainOf(X86, SIZE_2M, 1),
      expected: "confirmed",
    },
    {
      id: "004-23",
      what: "struct pages of it that then show PG_head",
      unit: "",
      printed: "8",
      formula: headsSeen(SIZE_2M, PAGE),
      measure: () => headsOf(SIZE_2M, 1),
      expected: "confirmed",
    },
  ];
}

/** What the feature leaves alone: pages in use, leaves with it off, odd struct pages. */
function leftAlone(): Claim[] {
  return [
    {
      id: "004-21",
      what: "entries, allocations and frees while 64 pages are taken from a pool and returned",
      unit: "",
      printed: "0",
      formula: 0,
      measure: () => entriesChangedByUse(SIZE_2M, 64),
      expected: "confirmed",
      note: "all of the overhead is in making the pool and giving it back",
    },
    {
      id: "004-24",
      what: "PMD leaves of the memmap of 1 GiB with the feature off",
      unit: "",
      formula: 2 ** 30 / 2 ** 27,
      measure: () => leavesPerGib("pmd"),
      expected: "equal",
    },
    {
      id: "004-26",
      what: "read-only entries of a 2M page's vmemmap",
      unit: "",
      formula: freedPages(SIZE_2M, PAGE, 2),
      measure: () => readOnlyEntries(SIZE_2M, 2),
      expected: "equal",
    },
    {
      id: "004-28",
      what: "pages freed of a 2M page when sizeof(struct page) is 56",
      unit: "",
      printed: "0",
      formula: 0,
      measure: () => gainOf(X86, SIZE_2M, 2, { structPageSize: 56 }),
      expected: "confirmed",
    },
  ];
}

/** Memory that huge pages of an architecture's sizes describe, one of each made and its struct pages counted. */
function bytesOfSizes(arch: string): number {
  const { page } = ROWS.find((row) => row.arch === arch)!;
  const sizes = hugetlbSizes(2).filter((row) => row.arch === arch);
  return sizes.reduce((sum, { size }) => sum + structsOf(arch, size) * page, 0);
}

/** Every row of the document's table: struct_size, and what one page frees of it. */
function rowChecks(row: Row): Claim[] {
  const name = `${row.arch} ${formatSize(row.huge)}`;
  const byLevel = row.level === "pmd" ? structSizePmd() : structSizePud(row.page);
  const freed = [1, 2].map((keep): Claim => ({
    id: `${name} keep ${keep}`,
    what: `pages a huge page of ${name} gains`,
    unit: "",
    formula: freedPages(row.huge, row.page, keep),
    measure: () => gainOf(row.arch, row.huge, keep),
    expected: "equal",
  }));
  return [{
    id: `${name} struct_size`,
    what: `vmemmap pages of a huge page of ${name}`,
    unit: "pages",
    formula: row.level === null ? structSize(row.huge, row.page) : byLevel,
    measure: () => vmemmapFramesOf(row.arch, row.huge),
    expected: "equal",
  }, ...freed];
}

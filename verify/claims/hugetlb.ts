// SPDX-License-Identifier: GPL-2.0-only
// HugeTLB: the cover letter of document 004, and patch 11 of document 001 on huge pages, row by row of its table.
// Savings of 1024 GiB are in hugetlb_savings.ts, times in hugetlb_times.ts.

import { formatSize } from "../../src/lib/units.ts";
import { hugetlbSizes } from "../../src/scenario/hugetlb.ts";
import { check, type Claim, type Suite } from "./claim.ts";
import { claim, withReadings } from "./documented.ts";
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
import { PAGE, SIZE_1G, SIZE_2M } from "../formulas/vmemmap.ts";
import { savingsClaims } from "./hugetlb_savings.ts";
import { timingClaims } from "./hugetlb_times.ts";
import { diffstat, patchCount } from "./listings.ts";
import {
  entriesChangedByUse,
  entriesToMake,
  entryBytes,
  gainOf,
  headsOf,
  leavesPerGib,
  poolOf,
  readOnlyEntries,
  restoredPages,
  sizesMade,
  structsOf,
  subpagesInUse,
  vmemmapFramesOf,
} from "../measure/hugetlb.ts";

const X86 = "x86-64";

/** Suite of document 004 and of document 001's HugeTLB part. */
export const HUGETLB: Suite = {
  name: "document 004",
  title: "HugeTLB vmemmap freeing: document 004, and patch 11 of document 001",
  claims: (scale) =>
    withReadings("004", [
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
    ]),
};

/** Claims about the document's table of sizes. */
function document(): Claim[] {
  const table = (id: string, arch: string) =>
    claim(
      id,
      ROWS.filter((r) => r.arch === arch).reduce((sum, r) => sum + r.huge, 0) / 2 ** 20,
      () => bytesOfSizes(arch) / 2 ** 20,
    );
  const small = ROWS.filter((r) => structSize(r.huge, r.page) <= 1).length;
  return [
    check("used struct pages", "struct pages of a huge page with a word of their own", usedSubpages(), subpagesInUse),
    table("001-43", X86),
    table("001-44", "arm64-4k"),
    table("001-45", "arm64-16k"),
    table("001-46", "arm64-64k"),
    claim("001-47", small, () => ROWS.filter((r) => vmemmapFramesOf(r.arch, r.huge) <= 1).length),
    claim(
      "001-47/structs",
      ROWS.filter((r) => basePagesOf(r.huge, r.page) <= 1).length,
      () => ROWS.filter((r) => structsOf(r.arch, r.huge) <= 1).length,
    ),
  ];
}

/** Claims about what one page frees, and which sizes free nothing. */
function freedByOne(): Claim[] {
  return [
    claim(
      "001-50",
      0,
      () => [56, 72, 80].reduce((sum, structPageSize) => sum + gainOf(X86, SIZE_2M, 2, { structPageSize }), 0),
    ),
    claim("001-50/pte", PAGE / 512, () => entryBytes(X86)),
    claim("001-53", freedPages(SIZE_2M, PAGE, 2), () => gainOf(X86, SIZE_2M, 2)),
    claim("001-53/back", freedPages(SIZE_2M, PAGE, 2), () => restoredPages(SIZE_2M, 2)),
    claim("001-54", structSizePud(PAGE) - 2, () => gainOf(X86, SIZE_1G, 2)),
    claim(
      "001-55",
      ROWS.filter((r) => r.level === null && structSize(r.huge, r.page) > 2).length,
      () => ROWS.filter((r) => r.level === null && gainOf(r.arch, r.huge, 2) > 0).length,
    ),
  ];
}

/** The cover letter on sizes and on the frames of a page. */
function series(): Claim[] {
  return [
    claim("004-01", 0, () => leavesPerGib("base")),
    claim(
      "004-02",
      ROWS.filter((r) => r.arch === X86).length,
      () => sizesMade(X86),
    ),
    claim("001-52", basePagesOf(SIZE_2M, PAGE), () => structsOf(X86, SIZE_2M)),
    claim("001-52/1G", basePagesOf(SIZE_1G, PAGE), () => structsOf(X86, SIZE_1G)),
    claim("004-03", basePagesOf(SIZE_1G, PAGE), () => structsOf(X86, SIZE_1G)),
  ];
}

/** The cover letter on the struct pages of one page. */
function structsOfOne(): Claim[] {
  return [
    claim("004-04"),
    claim("004-05", basePagesOf(SIZE_2M, PAGE), () => structsOf(X86, SIZE_2M)),
    claim("004-05/pages", structSizePmd(), () => vmemmapFramesOf(X86, SIZE_2M)),
  ];
}

/** The cover letter on what a page saves, and how its tails then look. */
export function savedByOne(): Claim[] {
  return [
    claim(
      "004-06",
      netPages(1, SIZE_1G, PAGE, 2, tablesDense(1, SIZE_1G, PAGE)),
      () => poolOf(SIZE_1G, 1, 2, "dense").net,
    ),
    claim("004-07", tablesDense(1, SIZE_1G, PAGE), () => poolOf(SIZE_1G, 1, 2, "dense").tables),
    claim("004-07/base", freedPages(SIZE_1G, PAGE, 2), () => gainOf(X86, SIZE_1G, 2)),
    claim("004-22", freedPages(SIZE_2M, PAGE, 1), () => gainOf(X86, SIZE_2M, 1)),
    claim("004-23", headsSeen(SIZE_2M, PAGE), () => headsOf(SIZE_2M, 1)),
  ];
}

/** What the feature does not change: pages in use, leaves while it is off, struct pages of odd size. */
function leftAlone(): Claim[] {
  return [
    claim("004-21", 0, () => entriesChangedByUse(SIZE_2M, 64)),
    claim("004-24", 2 ** 30 / 2 ** 27, () => leavesPerGib("pmd")),
    claim("004-26", freedPages(SIZE_2M, PAGE, 2), () => readOnlyEntries(SIZE_2M, 2)),
    claim("004-30", 0, () => entriesToMake(64, 56)),
    claim("004-30/otherwise", 64 * freedPages(SIZE_2M, PAGE, 2), () => entriesToMake(64, 64)),
    claim("004-28", 0, () => gainOf(X86, SIZE_2M, 2, { structPageSize: 56 })),
  ];
}

/**
 * Memory described by huge pages of each size of an architecture: one page of each is made and its struct pages
 * counted.
 */
function bytesOfSizes(arch: string): number {
  const { page } = ROWS.find((row) => row.arch === arch)!;
  const sizes = hugetlbSizes(2).filter((row) => row.arch === arch);
  return sizes.reduce((sum, { sizeBytes: size }) => sum + structsOf(arch, size) * page, 0);
}

/** Every row of the document's table: struct_size, and how much of it one page frees. */
function rowChecks(row: Row): Claim[] {
  const name = `${row.arch} ${formatSize(row.huge)}`;
  const byLevel = row.level === "pmd" ? structSizePmd() : structSizePud(row.page);
  const structs = row.level === null ? structSize(row.huge, row.page) : byLevel;
  return [
    check(
      `${name} struct_size`,
      `vmemmap pages of a huge page of ${name}`,
      structs,
      () => vmemmapFramesOf(row.arch, row.huge),
      "pages",
    ),
    ...[1, 2].map((keep) =>
      check(
        `${name} keep ${keep}`,
        `pages a huge page of ${name} gains`,
        freedPages(row.huge, row.page, keep),
        () => gainOf(row.arch, row.huge, keep),
      )
    ),
  ];
}

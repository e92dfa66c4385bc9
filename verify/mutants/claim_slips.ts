// SPDX-License-Identifier: GPL-2.0-only
// Slips in the paths that claims are about, each with the claims whose rows must change. A row that stays as it was is
// judged by something that cannot fail.

import type { Edit } from "../mutations/edits.ts";

/** One slip and who must notice it. */
export interface ClaimSlip {
  readonly what: string;
  readonly edits: readonly Edit[];
  readonly claims: readonly string[];
}

function slip(what: string, claims: readonly string[], file: string, text: string, replacement: string): ClaimSlip {
  return { what, claims, edits: [{ file: `src/${file}`, text, replacement }] };
}

/** Every slip. */
export const CLAIM_SLIPS: readonly ClaimSlip[] = [
  slip(
    "a compound keeps three vmemmap pages",
    ["000-04", "000-05", "001-63", "001-71"],
    "mm/vmemmap/sparse_vmemmap.ts",
    '"pte+zone" ? 1 : 2;',
    '"pte+zone" ? 1 : 3;',
  ),
  slip(
    "every struct page of a compound is written",
    ["000-17", "001-65", "001-66", "001-67"],
    "mm/mm_init.ts",
    "return Math.min(all, vmemmapReserveNr(k) * Math.floor(k.pageBytes / k.structPageSize));",
    "return all;",
  ),
  slip(
    "the walk of the tables leaves one entry of each leaf out",
    ["000-02", "001-48", "001-51", "001-58"],
    "scenario/layout.ts",
    "for (let p = from; p < to; p++) frame",
    "for (let p = from + 1; p < to; p++) frame",
  ),
  slip(
    "a tail does not lead to its head",
    ["001-31", "001-38", "001-40", "001-41"],
    "mm/mm_init.ts",
    "  setCompoundHead(k, tail, head, order);\n",
    "",
  ),
  slip(
    "a block's own memmap is initialised after the rest went online",
    ["003-15"],
    "drivers/base/memory.ts",
    `    if (own > 0) mhpInitMemmapOnMemory(k, start, own, zone);
    const err = onlinePages(k, start + own, end - start - own, zone);
`,
    `    const err = onlinePages(k, start + own, end - start - own, zone);
    if (own > 0) mhpInitMemmapOnMemory(k, start, own, zone);
`,
  ),
  slip(
    "a device is mapped at any alignment",
    ["001-37"],
    "drivers/dax/device.ts",
    "  if (vpn % unit !== 0 || pages % unit !== 0 || pgoff % unit !== 0) return -EINVAL;\n",
    "",
  ),
  slip(
    "a pgmap takes two references for each compound",
    ["001-34", "001-75"],
    "mm/memremap.ts",
    "pgmap.refs += pfnLen(k, pgmap, i);",
    "pgmap.refs += 2 * pfnLen(k, pgmap, i);",
  ),
  slip(
    "references on the head are added one by one",
    ["001-10", "001-98"],
    "mm/gup/refs.ts",
    "if (!addPageCountUnlessZero(k, head, PAGE_REFCOUNT, delta)) return false;",
    "for (let i = 0; i < delta; i++) if (!addPageCountUnlessZero(k, head, PAGE_REFCOUNT, 1)) return false;",
  ),
  slip(
    "a reference on the head is taken once less",
    ["001-82", "001-83"],
    "mm/gup/refs.ts",
    "if (!addPageCountUnlessZero(k, head, PAGE_REFCOUNT, delta)) return false;",
    "if (!addPageCountUnlessZero(k, head, PAGE_REFCOUNT, delta - 1)) return false;",
  ),
];

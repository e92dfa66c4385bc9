// SPDX-License-Identifier: GPL-2.0-only
// Checks the struct pages of ZONE_DEVICE (I2, I6, I7, I8, I20, I22): links, heads and orders through every alias,
// references against what gup handed out, and user mappings against the mapping and index of struct pages.

import { PAGE_FLAGS_HI, PAGE_MAPPING, PAGE_MAPPING_HI, PAGE_PGMAP, PAGE_PGMAP_HI } from "../include/mm_types.ts";
import { ZONE_DEVICE } from "../include/mmzone.ts";
import { flagsHiNid, flagsHiZone } from "../include/page_flags.ts";
import type { DevPagemap } from "../include/memremap.ts";
import { panic } from "../lib/bug.ts";
import type { Kernel } from "../mm/kernel.ts";
import { pfnFirst } from "../mm/memremap.ts";
import {
  addressToPfn,
  compoundHead,
  compoundOrder,
  hasPincount,
  isPageHead,
  pageAddressHi,
  pageAddressLo,
  pageFlags,
  pageIndex,
  pageRefcount,
  pincountPlace,
  readPage,
} from "../mm/page.ts";
import { levelPages } from "../mm/pgtable.ts";
import { walkTables } from "../mm/ptdump.ts";

/** Compounds of more pages than this are sampled. */
const ALL_PAGES = 2 ** 14;
const STRIDE = 509;

/** Checks every pgmap's struct pages and every user mapping. */
export function checkDevicePages(k: Kernel): void {
  let refs = 0;
  let pins = 0;
  for (const { range, pgmap } of k.pgmaps.entries) {
    const i = pgmap.ranges.indexOf(range);
    if (i >= pgmap.nrRange) continue;
    for (let pfn = pfnFirst(pgmap, i); pfn < range.end; pfn += pgmap.geometry) {
      if (pgmap.geometry === 1) checkBasePage(k, pfn, pgmap);
      else checkCompound(k, pfn, Math.min(pgmap.geometry, range.end - pfn), pgmap);
      refs += pageRefcount(k, pfn) - 1;
      if (pgmap.geometry > 1 && hasPincount(k, pfn)) {
        const { tail, offset } = pincountPlace(k);
        pins += readPage(k, pfn + tail, offset);
      }
    }
  }
  if (refs !== k.gupRefs) {
    panic(`checkInvariants: I20 device pages have ${refs} extra references, gup gave out ${k.gupRefs}`);
  }
  if (pins !== k.gupPins) panic(`checkInvariants: I20 device pages have ${pins} pins, gup gave out ${k.gupPins}`);
  for (const mm of k.mms) {
    walkTables(k, mm.rootPfn, 0, k.arch.vmemmapPgdIndex, {
      leaf: (level, vpn, pfn) => checkUserLeaf(k, mm.areas, level, vpn, pfn),
    });
  }
}

/** I6, I2: initialised, linked to its zone, node and pgmap; its address leads back to its pfn. */
function checkLinks(k: Kernel, pfn: number, pgmap: DevPagemap): void {
  const flags = pageFlags(k, pfn);
  const hi = readPage(k, pfn, PAGE_FLAGS_HI);
  if ((flags & k.layout.reserved) === 0 || flagsHiZone(hi) !== ZONE_DEVICE || flagsHiNid(hi) !== pgmap.nid) {
    panic(`checkInvariants: I6 struct page of device frame ${pfn} is not initialised`);
  }
  if (addressToPfn(k, pageAddressLo(k, pfn), pageAddressHi(k, pfn)) !== pfn) panic(`checkInvariants: I2 pfn ${pfn}`);
}

function checkBasePage(k: Kernel, pfn: number, pgmap: DevPagemap): void {
  checkLinks(k, pfn, pgmap);
  checkHeadLinks(k, pfn, pgmap);
  if (compoundHead(k, pfn) !== pfn || isPageHead(k, pfn)) {
    panic(`checkInvariants: I7 base page ${pfn} is in a compound`);
  }
}

function checkHeadLinks(k: Kernel, pfn: number, pgmap: DevPagemap): void {
  if (readPage(k, pfn, PAGE_PGMAP) !== pgmap.addrLo || readPage(k, pfn, PAGE_PGMAP_HI) !== pgmap.addrHi) {
    panic(`checkInvariants: I6 struct page of device frame ${pfn} names another pgmap`);
  }
  if (pageRefcount(k, pfn) < 1) panic(`checkInvariants: I20 device frame ${pfn} has no reference`);
}

/** I7, I8: there is one head, every other page leads to it, and the order is the pgmap's. */
function checkCompound(k: Kernel, head: number, pages: number, pgmap: DevPagemap): void {
  checkLinks(k, head, pgmap);
  checkHeadLinks(k, head, pgmap);
  if (!isPageHead(k, head)) panic(`checkInvariants: I7 device frame ${head} is not a head`);
  if (2 ** compoundOrder(k, head) !== pgmap.geometry) {
    panic(`checkInvariants: I8 compound ${head} has order ${compoundOrder(k, head)}`);
  }
  const dense = 2 * Math.ceil(k.pageBytes / k.structPageSize);
  const step = pages <= ALL_PAGES ? 1 : STRIDE;
  for (let i = 1; i < pages; i += i < dense || i >= pages - dense ? 1 : step) {
    if (compoundHead(k, head + i) !== head) {
      panic(`checkInvariants: I7 tail ${head + i} leads to ${compoundHead(k, head + i)}, not ${head}`);
    }
    if (isPageHead(k, head + i)) panic(`checkInvariants: I7 tail ${head + i} looks like a head`);
  }
}

/** I22: what a user leaf maps is what the struct page says it is. */
function checkUserLeaf(
  k: Kernel,
  areas: readonly { start: number; end: number; pgoff: number; mapping: { addrLo: number; addrHi: number } }[],
  level: number,
  vpn: number,
  pfn: number,
): void {
  const area = areas.find((a) => vpn >= a.start && vpn + levelPages(k, level) <= a.end);
  if (area === undefined) panic(`checkInvariants: I22 virtual page ${vpn} is mapped outside any area`);
  const head = compoundHead(k, pfn);
  const index = pageIndex(k, head);
  const wanted = vpn - area.start + area.pgoff - (pfn - head);
  if (
    readPage(k, head, PAGE_MAPPING) !== area.mapping.addrLo ||
    readPage(k, head, PAGE_MAPPING_HI) !== area.mapping.addrHi
  ) {
    panic(`checkInvariants: I22 frame ${pfn} is mapped and its struct page names no such file`);
  }
  // If a page is mapped at two offsets, its index is that of the first mapping.
  if (index !== wanted) {
    panic(`checkInvariants: I22 frame ${pfn} has index ${index}, virtual page ${vpn} says ${wanted}`);
  }
}

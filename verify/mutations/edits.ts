// SPDX-License-Identifier: GPL-2.0-only
// Defects as edits of the source: bugs that Linux had, and a slip for each invariant that none of those trips. A test
// reports an edit whose text is no longer in the source. The documents' errata are not here: they are switches of the
// kernel (Errata).

export interface Edit {
  /** Path from the root. */
  readonly file: string;
  /** The text to replace; it occurs once in the file. */
  readonly text: string;
  readonly replacement: string;
}

/** A defect, and the edits that make it. */
export interface Mutation {
  readonly what: string;
  readonly edits: readonly Edit[];
}

function mutation(what: string, file: string, text: string, replacement: string): Mutation {
  return { what, edits: [{ file: `src/${file}`, text, replacement }] };
}

const INIT = "mm/mm_init.ts";
const POPULATE = "mm/vmemmap/populate.ts";
const POOL = "mm/hugetlb/make_and_free.ts";

/** Every edit by name; `B` numbers refer to verify/MUTATIONS.md. */
export const MUTATIONS = {
  /** B4: memmap_init_zone_device() assumes shared tails where they are not shared. */
  initAssumesShared: mutation(
    "init skips tails although populate gave them their own memmap",
    INIT,
    " || !vmemmapCanOptimize(k, pgmap) || early",
    " || early",
  ),
  /** B8: the error path of __add_pages() forgets the altmap. */
  unwindWithoutAltmap: mutation(
    "a failed add frees altmap memmap to the buddy allocator",
    "mm/hotplug/memory_hotplug.ts",
    "removePages(k, pfn, at - pfn, altmap)",
    "removePages(k, pfn, at - pfn, null)",
  ),
  /** B9: a PMD-sized block of memmap is freed as one page. */
  leafFreedAsPage: mutation(
    "freeing a memmap leaf gives back one frame of its block",
    POPULATE,
    "freeMemmap(k, pfn, k.arch.format.tableShift, altmap)",
    "freeMemmap(k, pfn, 0, altmap)",
  ),
  /** B10: a new top-level entry of the kernel is not copied to processes. */
  noPgdSync: mutation(
    "a top-level entry for new memmap is not copied into processes",
    "mm/pgtable.ts",
    "if (l === k.arch.format.topLevel && use < 0) syncGlobalPgds(",
    "if (false) syncGlobalPgds(",
  ),
  /** B11: memset() at the new range instead of before it. */
  unusedMarkedAtStart: mutation(
    "the unused mark of a memmap leaf is written over the used part",
    POPULATE,
    "fillPages(k, leaf, start, PAGE_UNUSED_WORD)",
    "fillPages(k, start, start + start - leaf, PAGE_UNUSED_WORD)",
  ),
  /** B12: a leaf is freed although it holds struct pages of another subsection. */
  leafFreedInUse: mutation(
    "removing one section's memmap clears a leaf its neighbour uses",
    POPULATE,
    "if (!vmemmapPmdIsUnused(k, start - base, end - base)) return;",
    "",
  ),
  /**
   * B14: the rollback that had it does not exist here, since leaves are split first, so the edit is in restoring pages.
   */
  headFromTemplate: mutation(
    "restoring shared vmemmap also rebuilds the head's page, from a tail, as a rollback did",
    "mm/hugetlb/hugetlb_vmemmap.ts",
    "restoreTails(k, vmemmapPage(k, head) + k.config.hugetlbKeep, frames);",
    `restoreTails(k, vmemmapPage(k, head) + k.config.hugetlbKeep, frames);
    const first = vmemmapPage(k, head);
    copyTails(k, entryFrame(k, pteOf(k, first)), entryFrame(k, pteOf(k, first + k.config.hugetlbKeep - 1)));`,
  ),
  /** B17: synchronize_rcu() is called before checking whether there is anything to share. */
  graceAlways: {
    what: "a batch of huge pages pays a grace period even if none shares its vmemmap",
    edits: [
      { file: `src/${POOL}`, text: "  SYNCHRONIZE_RCU,\n", replacement: "  SYNCHRONIZE_RCU, synchronizeRcu,\n" },
      {
        file: `src/${POOL}`,
        text: "    let flags = BATCH_FLAGS;\n",
        replacement: "    synchronizeRcu(k);\n    let flags = REMAP_NO_TLB_FLUSH;\n",
      },
    ],
  },
  /** B17, its first fix: `&= FLAG` for `&= ~FLAG` after the first page of a batch. */
  graceFlagKept: mutation(
    "every page of a batch pays its own grace period and flush",
    POOL,
    `        hugetlbVmemmapOptimize(k, h, head, flags);
        flags &= ~SYNCHRONIZE_RCU;`,
    `        hugetlbVmemmapOptimize(k, h, head, flags);
        flags &= SYNCHRONIZE_RCU;`,
  ),
  /** B19: the page is not yet marked as a huge page, so the frame's own struct page is poisoned. */
  poisonsTail: mutation(
    "memory_failure() marks a tail of a huge page, which is read-only",
    "mm/memory_failure.ts",
    "setPageFlags(k, head, k.layout.hwpoison);\n  setSubpagePrivate(",
    "setPageFlags(k, pfn, k.layout.hwpoison);\n  setSubpagePrivate(",
  ),
  /** B20: restores a page whose vmemmap is not shared. */
  restoresWhole: mutation(
    "a huge page that shares nothing is restored before being freed",
    POOL,
    "if (vmemmapOptimized(k, head) && hugetlbVmemmapRestore(",
    "if (hugetlbVmemmapRestore(",
  ),
  /** B21: restore allocates on the page's own node only, which fails if that is all ZONE_MOVABLE, or full. */
  restoresOnOwnNode: mutation(
    "a pool on a node without free frames cannot shrink, even if other nodes have some",
    "mm/hugetlb/hugetlb_vmemmap.ts",
    "allocFrames(k, nid, USE_VMEMMAP, frames, count, !k.config.hugetlbRestoreFallback)",
    "allocFrames(k, nid, USE_VMEMMAP, frames, count, true)",
  ),
  /** 001:687: prep_compound_head() runs before the tails are initialised, which overwrites its work. */
  headBeforeTails: mutation(
    "the head's order is written to the first tail before that is initialised",
    INIT,
    "  const written = 1 + fillRun(k, head + 1, first, tail);\n  prepCompoundHead(k, head, order, COMPOUND_PAGE_DTOR);\n",
    "  prepCompoundHead(k, head, order, COMPOUND_PAGE_DTOR);\n  const written = 1 + fillRun(k, head + 1, first, tail);\n",
  ),
  /** Before 5.12, pfn_to_online_page() checked sections, not subsections. */
  onlineBySection: mutation(
    "a device page in an online section passes for System RAM",
    "mm/hotplug/memory_hotplug.ts",
    "return k.pgmaps.lookup(pfn) === null ? pfn : -1;",
    "return pfn;",
  ),
  leafNotCleared: mutation(
    "memmap stays mapped when its section is removed",
    POPULATE,
    "  const pfn = entryFrame(k, entry);\n  clearEntry(k, entry, 1);\n  freeMemmap(",
    "  if (true) return;\n  const pfn = entryFrame(k, entry);\n  clearEntry(k, entry, 1);\n  freeMemmap(",
  ),
  bootmemUnmarked: mutation(
    "boot's memmap is not registered as such (register_page_bootmem_info_section)",
    "boot.ts",
    "k.layout.reserved | k.layout.bootmem",
    "k.layout.reserved",
  ),
  bootmemFreedPlain: mutation(
    "boot's memmap is freed to the buddy allocator as if it came from there",
    "mm/page_alloc.ts",
    "if ((readPage(k, pfn, 0) & k.layout.reserved) !== 0) {\n    for (",
    "if (false) {\n    for (",
  ),
  deviceOnNodeZero: mutation(
    "struct pages of a device always name node 0",
    INIT,
    "initSinglePage(k, pfn, ZONE_DEVICE, pgmap.nid)",
    "initSinglePage(k, pfn, ZONE_DEVICE, 0)",
  ),
  ownMemmapNotPresent: mutation(
    "the zone does not count the frames that hold a block's own memmap",
    "drivers/base/memory.ts",
    "    adjustPresentPageCount(zone, own);\n    block.zone = zone.index;",
    "    block.zone = zone.index;",
  ),
  selfHostedUnmarked: mutation(
    "frames that hold their block's memmap are not marked",
    "mm/hotplug/ram.ts",
    'if (k.contents && k.config.selfHostedVmemmap === "marked") {',
    "if (false) {",
  ),
  selfHostedAnywhere: mutation(
    "a block may hold its own memmap even if that does not fill whole leaves",
    "mm/hotplug/memmap_on_memory.ts",
    "return mhpRefusals(mhpGeometry(k), bytes).length === 0;",
    "return true;",
  ),
  reuseWithoutGet: mutation(
    "shared memmap is mapped without a reference per entry",
    "mm/vmemmap/basepages.ts",
    "getEachPage(k, tails, gets, plan.shared);",
    "",
  ),
  sectionsNotJoined: mutation(
    "every section of a large compound gets memmap as if a compound began there",
    "mm/vmemmap/sparse_vmemmap.ts",
    "return !isAligned(offset, pgmap.geometry) && pgmap.geometry > k.pagesPerSubsection;",
    "return false;",
  ),
  sectionStaysPresent: mutation(
    "a section stays present after its last part is removed",
    "mm/sparse.ts",
    "if (sections.isEmpty(nr) && !early) sections.state[nr] = 0;",
    "",
  ),
  altmapPagesFreed: mutation(
    "base pages of an altmap go to the buddy allocator with the memmap they hold",
    POPULATE,
    "freeMemmap(k, pfn, 0, altmap)",
    "freeMemmap(k, pfn, 0, null)",
  ),
  altmapFreeLost: mutation(
    "removed memmap is not returned to its altmap",
    POPULATE,
    "altmapFree(altmap, 2 ** order);",
    "",
  ),
  memmapNotPoisoned: mutation(
    "a debug kernel does not poison uninitialised memmap",
    "mm/page_init.ts",
    "if (!poisons(k)) return;",
    "if (true) return;",
  ),
  poisonedTooLate: mutation(
    "the struct pages of a device are poisoned after their memmap is removed",
    "mm/memremap.ts",
    "      pageInitPoison(k, start, end - start);\n      removePages(k, start, end - start, pgmap.altmap);\n",
    "      removePages(k, start, end - start, pgmap.altmap);\n      pageInitPoison(k, start, end - start);\n",
  ),
  /** Early device-dax did this: 128 KiB, 16 of its info blocks (dax_label_reserve). */
  labelReserved: mutation(
    "space for a device-dax label is left between info block and data",
    "drivers/nvdimm/pfn_devs.ts",
    "alignUp(start + reserve + memmap, unit)",
    "alignUp(start + reserve + memmap + 16 * reserve, unit)",
  ),
  recordsHeads: mutation(
    "gup records pages from the head, not from the requested page",
    "mm/gup/hold.ts",
    "recordSubpages(call, pfn, n);",
    "recordSubpages(call, head, n);",
  ),
  pinWithoutReference: mutation(
    "a pin raises the pin count but takes no reference",
    "mm/gup/refs.ts",
    "if (!addPageCountUnlessZero(k, head, PAGE_REFCOUNT, delta)) return false;",
    "if (!addPageCountUnlessZero(k, head, PAGE_REFCOUNT, apart ? 0 : delta)) return false;",
  ),
} as const satisfies Record<string, Mutation>;

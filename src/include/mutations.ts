// SPDX-License-Identifier: GPL-2.0-only
// Defects that can be put into a kernel one at a time (KernelConfig.mutation), to show which invariant notices: bugs
// Linux had, and a slip for every invariant that none of those trips. "B" numbers are those of the table in
// verify/MUTATIONS.md. Never set outside verification. The errata of the documents are switches of their own (Errata).

/** Every mutation, and what it does. */
export const MUTATIONS = {
  /** B4: memmap_init_zone_device() takes tails for shared that were not. */
  initAssumesShared: "init skips tails although populate gave them memmap of their own",
  /** B5: a device in a free part of a boot section has boot memmap, whose tails are not shared. */
  earlySectionAssumedShared: "init skips tails in a section that has plain boot memmap",
  /** B8: the error path of __add_pages() forgets the altmap. */
  unwindWithoutAltmap: "a failed add gives memmap that lies in the altmap to the buddy allocator",
  /** B9: a PMD-sized block of memmap is freed as one page. */
  leafFreedAsPage: "freeing a memmap leaf gives back one frame of its block",
  /** B10: a new top-level entry of the kernel is not copied to processes. */
  noPgdSync: "a top-level entry for new memmap is not copied into processes",
  /** B11: memset() at the new range instead of before it. */
  unusedMarkedAtStart: "the unused part of a memmap leaf is marked where the used one begins",
  /** B12: a leaf goes although another subsection's struct pages are in it. */
  leafFreedInUse: "removing one section's memmap clears a leaf its neighbour uses",
  /**
   * B14: the rollback that did it does not exist here (leaves are split first), so it is done where pages are restored.
   */
  headFromTemplate: "restoring shared vmemmap rebuilds the page of the head too, from a tail, as a rollback did",
  /** B17: synchronize_rcu() before anybody asks whether there is anything to share. */
  graceAlways: "a batch of huge pages pays a grace period even if none shares its vmemmap",
  /** B17, its first fix: `&= FLAG` for `&= ~FLAG` after the first page of a batch. */
  graceFlagKept: "every page of a batch pays a grace period and a flush of its own",
  /** B19: the page is not known to be a huge page yet, so the frame's own struct page is marked. */
  poisonsTail: "memory_failure() marks a tail of a huge page, which is read-only",
  /** B20: restore of a page whose vmemmap is whole. */
  restoresWhole: "a huge page that shares nothing is restored before it is freed",
  /** 001:687: prep_compound_head() before the tails are initialised, which overwrite what it wrote. */
  headBeforeTails: "the head's order is written to the first tail before that is initialised",
  /** Before 5.12 pfn_to_online_page() knew sections, not subsections. */
  onlineBySection: "a device in an online section is taken for System RAM",
  leafNotCleared: "memmap is left mapped when its section goes",
  bootmemUnmarked: "boot's memmap is not registered as such (register_page_bootmem_info_section)",
  bootmemFreedPlain: "boot's memmap goes to the buddy allocator like a frame that came from it",
  deviceOnNodeZero: "struct pages of a device name node 0, whichever it is near",
  ownMemmapNotPresent: "the zone does not count the frames that hold a block's own memmap",
  selfHostedUnmarked: "frames that hold their block's memmap are not marked",
  selfHostedAnywhere: "a block may hold its own memmap whether that fills whole leaves or not",
  reuseWithoutGet: "shared memmap is mapped without a reference per entry",
  sectionsNotJoined: "every section of a large compound gets memmap as if it began one",
  sectionStaysPresent: "a section whose last part went stays present",
  altmapPagesFreed: "base pages of an altmap go to the buddy allocator with the memmap they hold",
  altmapFreeLost: "memmap that goes is not given back to its altmap",
  memmapNotPoisoned: "a debug kernel does not poison memmap that is not initialised",
  poisonedTooLate: "the struct pages of a device are poisoned when their memmap is gone",
  labelReserved: "room for a label of device-dax is left between info block and data",
  recordsHeads: "gup records pages from the head on, not from where it was asked",
  pinWithoutReference: "a pin counts on the pin count and takes no reference",
} as const;

/** Name of a mutation. */
export type Mutation = keyof typeof MUTATIONS;

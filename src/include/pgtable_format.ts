// SPDX-License-Identifier: GPL-2.0-only
// The page tables of an architecture, as the MMU needs them: geometry, and the bits of an 8-byte entry. An entry is
// kept as two 32-bit words: the pfn starts at bit `pageShift` of the low word and runs into the high one.

/** Geometry and bit layout of one architecture's page tables; the MMU and the kernel both read it. */
export interface PgtableFormat {
  /** log2 of the base page size in bytes. */
  readonly pageShift: number;
  /** log2 of the entries of one table. */
  readonly tableShift: number;
  /** Level of the root table: 3 with four levels of tables, 2 with three. */
  readonly topLevel: number;
  /** Frames that the low word alone distinguishes: `2 ** (32 - pageShift)`. */
  readonly pfnsPerHigh: number;
  /** Pages an entry covers at each level, 0 (PTE) to 3 (PGD). */
  readonly levelPages: readonly number[];
  /** Low-word bit that makes an entry valid. */
  readonly present: number;
  /** `(lo & hugeMask) === hugeValue` for a leaf above the last level, not for a table. */
  readonly hugeMask: number;
  readonly hugeValue: number;
  /** `(lo & roMask) === roValue` for a read-only leaf. */
  readonly roMask: number;
  readonly roValue: number;
  /** High-word bits that belong to the pfn. */
  readonly pfnHiMask: number;
  /** High-word bit of a devmap leaf. */
  readonly devmapHi: number;
  /** Low and high words (without pfn) of each kind of entry. */
  readonly table: EntryBits;
  readonly userTable: EntryBits;
  readonly kernelPage: EntryBits;
  readonly kernelPageRo: EntryBits;
  readonly kernelHuge: EntryBits;
  readonly userPage: EntryBits;
  readonly userHuge: EntryBits;
  /** Names of the attribute bits by number, as in the manual. */
  readonly bitNames: Readonly<Record<number, string>>;
}

/** The constant bits of one kind of entry. */
export interface EntryBits {
  readonly lo: number;
  readonly hi: number;
}

// SPDX-License-Identifier: GPL-2.0-only
// `lab layout`: which vmemmap page of a namespace maps to which frame, and through which tables, read entry by entry
// from the kernel page table after the namespace was enabled. Frames and tables are numbered in order of first
// appearance.

import { levelBytes, pageBytes } from "../arch/arch.ts";
import { alignUp } from "../lib/align.ts";
import { formatSize } from "../lib/units.ts";
import type { Kernel } from "../mm/kernel.ts";
import { pageRefcount, vmemmapPage } from "../mm/page.ts";
import { levelPages, lookupAddress, tableEntries, vmemmapVpn } from "../mm/pgtable.ts";
import { walkTables } from "../mm/ptdump.ts";
import { NAMESPACE_ROWS, type NamespaceConfig, namespaceConfig, type NamespaceOptions } from "./box.ts";
import { type Checked, checkedIf } from "./checked.ts";
import { type BoxWithNamespace, createOnBox, WITH_DIRECT_MAP } from "./namespace.ts";
import { type OptionRows, sizeRow } from "./option_row.ts";
import { archNamed, knownOptions, multipleOf } from "./options.ts";

/** What to show. Bytes. */
export interface LayoutOptions extends Omit<NamespaceOptions, "size"> {
  /** Size of the namespace; default what the window needs. */
  readonly size?: number;
  /** Memory whose memmap is shown; default one page of `align`, but a PMD at least. */
  readonly window?: number;
  /** Where the window begins, counted from the first aligned page; a multiple of a PMD of memory, default 0. */
  readonly offset?: number;
}

/** The options of a layout, each with its flag. */
export const LAYOUT_ROWS = {
  ...NAMESPACE_ROWS,
  size: sizeRow("size", "size of the namespace; default: as needed by the window"),
  offset: sizeRow("offset", "start of the window, relative to the first aligned page (default 0)"),
  window: sizeRow("window", "memory whose memmap is shown; default: one page"),
} satisfies OptionRows<LayoutOptions>;

/** A frame (or PMD block) of memmap and the vmemmap pages that map it. */
export interface LayoutFrame {
  /** Order of first appearance. */
  readonly frame: number;
  /** Its frame number, the first of a block. */
  readonly pfn: number;
  /** 0 for one frame, 1 for a block mapped by a PMD leaf. */
  readonly level: number;
  /** Vmemmap pages that map it, counted from the start of the window. */
  readonly vmemmapIndexes: number[];
  /** Reference count of the frame's own struct page; null for pmem frames, and while that struct page is not mapped. */
  readonly refcount: number | null;
}

/** A PTE table and the PMD entries that point to it. */
export interface LayoutTable {
  /** Order of first appearance. */
  readonly table: number;
  /** Its frame number. */
  readonly pfn: number;
  /** PMD entries, counted from the start of the window. */
  readonly pmdEntries: number[];
  /** References on the table. */
  readonly refcount: number;
}

/** What `lab layout` prints with `--json`. */
export interface LayoutReport extends Checked {
  /** The options, defaults filled in. */
  readonly config: NamespaceConfig & { readonly window: number; readonly offset: number };
  /** First frame in the window. */
  readonly startPfn: number;
  /** Vmemmap pages in the window. */
  readonly vmemmapPages: number;
  /** Frames in order of first appearance. */
  readonly frames: LayoutFrame[];
  /** Tables in order of first appearance. */
  readonly tables: { readonly pte: LayoutTable[] };
}

/**
 * Creates a namespace and reads its memmap's layout from the kernel page table. Throws like {@linkcode
 * namespaceReport}.
 *
 * @example
 * ```ts
 * import { layoutReport } from "@vmemmap/lab";
 * import { assertEquals } from "@std/assert";
 *
 * const { frames } = layoutReport({ align: 2 ** 21, kernel: "v7" });
 * assertEquals(frames.map((f) => f.vmemmapIndexes), [[0], [1, 2, 3, 4, 5, 6, 7]]);
 * assertEquals(frames[1].refcount, 7);
 * ```
 */
export function layoutReport(options: LayoutOptions = {}): LayoutReport {
  knownOptions(options, Object.keys(LAYOUT_ROWS));
  const { window, offset } = layoutWindow(options);
  const config = namespaceConfig({ ...options, size: options.size ?? sizeFor(options, offset + window) });
  return layoutReportOn(config, createOnBox(config, WITH_DIRECT_MAP), window, offset);
}

/** The window of these options, checked. Bytes. */
export function layoutWindow(
  options: Pick<LayoutOptions, "arch" | "align" | "window" | "offset">,
): { readonly window: number; readonly offset: number } {
  const pmd = levelBytes(archNamed(options.arch), 1);
  const window = multipleOf("show", options.window ?? Math.max(options.align ?? pmd, pmd), pmd);
  const offset = options.offset ?? 0;
  return { window, offset: offset === 0 ? 0 : multipleOf("begin after", offset, pmd) };
}

/**
 * The size of a namespace that is large enough. Its first page holds the reserve, so it needs one page more than is
 * shown, with map=dev as many as take 64 bytes per base page. A region that begins unaligned loses one at its end.
 */
function sizeFor({ arch: name, align: given, map }: LayoutOptions, shown: number): number {
  const arch = archNamed(name);
  const align = given ?? levelBytes(arch, 1);
  const unit = Math.max(align, arch.namespaceUnitBytes, 2 ** arch.sectionShift);
  const memmap = map === "dev" ? alignUp(shown * 64 / (pageBytes(arch) - 64), unit) : 0;
  const cut = align > arch.regionAlignBytes ? unit : 0;
  return alignUp(shown, unit) + memmap + cut + unit;
}

/** The layout of a window of a namespace from {@linkcode createOnBox}. RangeError if it has no such window. */
export function layoutReportOn(
  config: NamespaceConfig,
  { kernel: k, namespace }: Pick<BoxWithNamespace, "kernel" | "namespace">,
  window: number,
  offset: number,
): LayoutReport {
  const { start, end } = namespace.pgmap.ranges[0];
  const { align } = config;
  const first = start + (Math.ceil(namespace.info.dataoff / align) * align + offset) / k.pageBytes;
  if (first + window / k.pageBytes > end) {
    throw new RangeError(
      `Cannot show ${formatSize(window)} from ${formatSize(offset)} on: ` +
        `the namespace has ${formatSize((end - first) * k.pageBytes + offset)} from its first aligned page on`,
    );
  }
  const pages = window / k.pageBytes * k.structPageSize / k.pageBytes;
  return {
    config: { ...config, window, offset },
    startPfn: first,
    vmemmapPages: pages,
    ...readLayout(k, vmemmapPage(k, first), pages),
    invariants: checkedIf(config.check, k),
  };
}

/** The frames and PTE tables that map vmemmap pages from `start` on. */
export function readLayout(k: Kernel, start: number, pages: number): Pick<LayoutReport, "frames" | "tables"> {
  const frames = new Map<number, LayoutFrame>();
  const tables = new Map<number, LayoutTable>();
  const base = vmemmapVpn(k, start);
  const perTable = levelPages(k, 1);
  walkTables(k, k.rootPfn, k.arch.vmemmapPgdIndex, tableEntries(k), {
    table: (level, vpn, pfn) => {
      if (level !== 1 || vpn + perTable <= base || vpn >= base + pages) return;
      const table = tables.get(pfn) ?? { table: tables.size, pfn, pmdEntries: [], refcount: pageRefcount(k, pfn) };
      table.pmdEntries.push(Math.floor(vpn / perTable) - Math.floor(base / perTable));
      tables.set(pfn, table);
    },
    leaf: (level, vpn, pfn) => {
      if (vpn + levelPages(k, level) <= base || vpn >= base + pages) return;
      const inDram = !k.machine.topology.pmem.some(({ start, end }) => start <= pfn && pfn < end);
      const frame = frames.get(pfn) ??
        { frame: frames.size, pfn, level, vmemmapIndexes: [], refcount: inDram ? refcountOf(k, pfn) : null };
      const from = Math.max(vpn, base);
      const to = Math.min(vpn + levelPages(k, level), base + pages);
      for (let p = from; p < to; p++) frame.vmemmapIndexes.push(p - base);
      frames.set(pfn, frame);
    },
  });
  return { frames: [...frames.values()], tables: { pte: [...tables.values()] } };
}

/** References on a frame; null while its own memmap is unmapped, as during hot-add. */
function refcountOf(k: Kernel, pfn: number): number | null {
  return lookupAddress(k, k.rootPfn, vmemmapVpn(k, vmemmapPage(k, pfn))) === null ? null : pageRefcount(k, pfn);
}

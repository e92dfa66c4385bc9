// SPDX-License-Identifier: GPL-2.0-only
// What a layout drawing shows, independent of its medium: sources on the left, targets on the right, and which maps to
// which. The terminal, SVG files and the explorer all draw this. Mirrors no kernel file.
//
//   vmemmap page 0 ---> frame 0
//   vmemmap page 1 ---> frame 1
//   vmemmap page 2 -----^ ...

import { pageBytes } from "../arch/arch.ts";
import { ARCHS } from "../arch/archs.ts";
import { formatSize } from "../lib/units.ts";
import type { LayoutReport } from "../scenario/layout.ts";

/** A source, or a run of sources that one row stands for. */
export interface MappingRow {
  readonly first: number;
  readonly last: number;
  /** Index into the targets; -1 for nothing mapped. */
  readonly target: number;
}

/** A target. */
export interface MappingTarget {
  /** `0`, or `block 0` for what a PMD leaf maps. */
  readonly label: string;
  /** Where it is, and its reference count. */
  readonly note: string;
  /** Sources that map it. */
  readonly sources: number;
  readonly pfn: number;
  /** References on it; null in pmem, where none are counted. */
  readonly refcount: number | null;
  /** Whether a leaf maps it: each source has its own frame in it, none is shared. */
  readonly block: boolean;
}

/** One picture: two columns and their connections. */
export interface Mapping {
  readonly from: string;
  readonly to: string;
  readonly rows: readonly MappingRow[];
  readonly targets: readonly MappingTarget[];
  /** Sources after the last row, which are not drawn. */
  readonly more: number;
}

/** Characters of a line of text, in a terminal of 80 columns. */
export const WIDEST = 78;
/** Limit of rows for a run of sources with one target; longer runs are folded. */
const MOST_OF_RUN = 8;
/** Limit of rows in a picture. */
const MOST_ROWS = 72;

/** Vmemmap pages to frames. */
export function pageMapping(report: Pick<LayoutReport, "frames" | "vmemmapPages">): Mapping {
  const { frames, vmemmapPages } = report;
  const owner = new Int32Array(vmemmapPages).fill(-1);
  frames.forEach((frame, i) => frame.vmemmapIndexes.forEach((page) => owner[page] = i));
  return mapping("vmemmap page", "page frame", owner, (i) => {
    const { frame, pfn, level, refcount, vmemmapIndexes: pages } = frames[i];
    // A mapped frame has a reference: 0 means that struct pages are not written.
    const refs = refcount === null ? ", in pmem" : refcount === 0 ? "" : `, refcount ${refcount}`;
    const block = level === 1;
    const label = block ? `block ${frame}` : `${frame}`;
    return { label, note: `pfn ${pfn}${refs}`, sources: pages.length, pfn, refcount, block };
  });
}

/** PMD entries to PTE tables; null where leaves map everything. */
export function tableMapping({ tables: { pte } }: Pick<LayoutReport, "tables">): Mapping | null {
  if (pte.length === 0) return null;
  const owner = new Int32Array(1 + Math.max(...pte.flatMap((t) => t.pmdEntries))).fill(-1);
  pte.forEach((table, i) => table.pmdEntries.forEach((entry) => owner[entry] = i));
  return mapping("PMD entry", "PTE table", owner, (i) => {
    const { table, pfn, refcount, pmdEntries } = pte[i];
    const note = `pfn ${pfn}, refcount ${refcount}`;
    return { label: `${table}`, note, sources: pmdEntries.length, pfn, refcount, block: false };
  });
}

/** The lines above a drawing: whose memmap it is, and its size. */
export function layoutTitle({ config, vmemmapPages, frames, tables }: LayoutReport): string[] {
  const whose = `memmap of ${formatSize(config.window)} at align ${formatSize(config.align)}, map=${config.map}, ` +
    `kernel ${config.kernel}`;
  const parts = [
    count(vmemmapPages, "vmemmap page"),
    framesText(config.arch, frames),
    count(tables.pte.length, "PTE table"),
  ];
  return [...wrapped(whose), parts.join(", ")];
}

/** Lines of at most WIDEST characters, broken after commas and blanks: a kernel may have many switches. */
function wrapped(text: string): string[] {
  const lines = [""];
  for (const part of text.split(/(?<=[, ])/)) {
    const last = lines[lines.length - 1];
    if ((last + part).trimEnd().length > WIDEST) lines.push(part);
    else lines[lines.length - 1] = last + part;
  }
  return lines.map((line) => line.trimEnd());
}

function framesText(arch: string, frames: LayoutReport["frames"]): string {
  const blocks = frames.filter(({ level }) => level === 1).length;
  const { format } = ARCHS[arch];
  const block = formatSize(pageBytes(ARCHS[arch]) * 2 ** format.tableShift);
  if (blocks === 0) return count(frames.length, "frame");
  const text = count(blocks, `block of ${block}`, `blocks of ${block}`);
  return blocks === frames.length ? text : `${count(frames.length - blocks, "frame")}, ${text}`;
}

function count(n: number, one: string, several = `${one}s`): string {
  return `${n} ${n === 1 ? one : several}`;
}

/** Sources by number, the target of each, and how a target is described. */
function mapping(from: string, to: string, owner: Int32Array, target: (i: number) => MappingTarget): Mapping {
  const rows = foldedRows(owner);
  const shown = rows.slice(0, MOST_ROWS);
  // Targets are numbered as they first appear, so those of the rows shown come first.
  const targets = 1 + shown.reduce((most, row) => Math.max(most, row.target), -1);
  return {
    from,
    to,
    rows: shown,
    targets: Array.from({ length: targets }, (_, i) => target(i)),
    more: owner.length - 1 - shown[shown.length - 1].last,
  };
}

/** A row per source; a long run with one target becomes its first two, its last, and one row for those between. */
function foldedRows(owner: Int32Array): MappingRow[] {
  const rows: MappingRow[] = [];
  const add = (first: number, last: number) => rows.push({ first, last, target: owner[first] });
  for (let first = 0; first < owner.length && rows.length <= MOST_ROWS;) {
    let end = first + 1;
    while (end < owner.length && owner[end] === owner[first]) end++;
    if (end - first <= MOST_OF_RUN) { for (let i = first; i < end; i++) add(i, i); }
    else {
      add(first, first);
      add(first + 1, first + 1);
      add(first + 2, end - 2);
      add(end - 1, end - 1);
    }
    first = end;
  }
  return rows;
}

/** `3`, or `3 .. 4094`. */
export function rowLabel({ first, last }: Pick<MappingRow, "first" | "last">): string {
  return first === last ? `${first}` : `${first} .. ${last}`;
}

// SPDX-License-Identifier: GPL-2.0-only
// `lab pages`: frames of a machine with a namespace, in the columns and flag letters of page-types
// (tools/mm/page-types.c): one by one (`--pfn`), by runs with the same flags (`--range`, as `page-types -l -r`), or the
// counts of all frames (`--summary`, as `page-types -r`). Frames of device memory are read from their struct pages, as
// by crash and drgn; /proc/kpageflags, and so the summary, has nopage for them. Page numbers are frames.

import { ZONE_NAMES } from "../include/mmzone.ts";
import type { Kernel } from "../mm/kernel.ts";
import { compoundHead, compoundOrder, pageFlags, pageRefcount } from "../mm/page.ts";
import { findArea } from "../mm/page_alloc.ts";
import { type Checked, checkedIf } from "../scenario/checked.ts";
import { NAMESPACE_ROWS, type NamespaceConfig, namespaceConfig, type NamespaceOptions } from "../scenario/box.ts";
import { createOnBox } from "../scenario/namespace.ts";
import { byDefault, fillIn, listRow, type OptionRows, sizeRow, switchRow, valueRow } from "../scenario/option_row.ts";
import { pageTypes } from "./page_types.ts";

/** Frames [start, end). */
export interface PfnSpan {
  readonly start: number;
  readonly end: number;
}

/** The namespace of the machine, 1 GiB by default, and which of its frames to show. */
export interface PagesOptions extends Omit<NamespaceOptions, "size" | "contents"> {
  readonly size?: number;
  /** Frames to show one by one; default the first of the namespace's data. */
  readonly pfn?: readonly number[];
  /** Frames to show by runs. */
  readonly range?: PfnSpan;
  /** Count all frames by their flags instead. */
  readonly summary?: boolean;
}

/** One frame. */
export interface PageRow {
  readonly pfn: number;
  /** Names of its flags, as in page-types. */
  readonly flags: readonly string[];
  /** Zone and node; null if there is no memory. */
  readonly zone: string | null;
  readonly node: number | null;
  /** Reference count of its compound page, or its own; null without a struct page or if the frame is free. */
  readonly refcount: number | null;
  /** Head and order of its compound page; null if it is in none. */
  readonly headPfn: number | null;
  readonly order: number | null;
}

/** A run of frames with the same flags. */
export interface PageRun {
  readonly startPfn: number;
  readonly pageCount: number;
  readonly flags: readonly string[];
}

/** What `lab pages` prints with `--json`; lists that were not requested are empty. */
export interface PagesReport extends Checked {
  readonly config: NamespaceConfig;
  /** First frame of the namespace, of its data, and one past its last. */
  readonly namespaceSpan: { readonly startPfn: number; readonly dataPfn: number; readonly endPfn: number };
  readonly rows: readonly PageRow[];
  readonly runs: readonly PageRun[];
  /** The output of `page-types -r`; null unless requested. */
  readonly summary: string | null;
}

/** Limit of the frames of a range. */
const MOST_FRAMES = 2 ** 24;

const { contents: _, ...NAMESPACE } = NAMESPACE_ROWS;

/** The options of `lab pages`, each with its flag. */
export const PAGES_ROWS = {
  ...NAMESPACE,
  size: byDefault(sizeRow("size", "size of the namespace"), 2 ** 30),
  pfn: listRow(
    "pfn",
    "N,...",
    "frames to show; default: the first data frame of the namespace",
    readPfn,
    String,
  ),
  range: valueRow(
    "range",
    "PFN-PFN",
    "range of frames, grouped into runs with the same flags",
    readSpan,
    ({ start, end }) => `${start}-${end}`,
  ),
  summary: switchRow("summary", "count all frames by flags, as page-types -r"),
} satisfies OptionRows<PagesOptions>;

function readPfn(text: string): number {
  const pfn = /^(0x[0-9a-f]+|\d+)$/i.test(text) ? Number(text) : NaN;
  if (Number.isSafeInteger(pfn)) return pfn;
  throw new RangeError(`expected a page frame number such as 262144 or 0x40000, got "${text}"`);
}

function readSpan(text: string): PfnSpan {
  const match = /^([^-]+)-([^-]+)$/.exec(text);
  if (match === null) throw new RangeError(`expected PFN-PFN such as 0x40000-0x40200, got "${text}"`);
  return { start: readPfn(match[1]), end: readPfn(match[2]) };
}

/** Boots the machine and reads the frames. Throws like namespaceReport(). */
export function pagesReport(options: PagesOptions): PagesReport {
  const { pfn, range, summary, ...rest } = fillIn(options, PAGES_ROWS);
  if (range !== undefined && !(range.start < range.end && range.end - range.start <= MOST_FRAMES)) {
    throw new RangeError(`Cannot show frames ${range.start}-${range.end}: expected from 1 to ${MOST_FRAMES} of them`);
  }
  const config = namespaceConfig({ ...rest, contents: true });
  const { kernel: k, namespace: ns } = createOnBox(config);
  const [start, end] = [ns.extent.start, ns.extent.end].map((bytes) => bytes / k.pageBytes);
  const data = (ns.extent.start + ns.info.dataoff) / k.pageBytes;
  const pfns = pfn ?? (range === undefined && !summary ? [data] : []);
  return {
    config,
    namespaceSpan: { startPfn: start, dataPfn: data, endPfn: end },
    rows: pfns.map((pfn) => pageRow(k, pfn)),
    runs: range === undefined ? [] : pageRuns(k, range),
    summary: summary ? pageTypes(k) : null,
    invariants: checkedIf(config.check, k),
  };
}

/** Runs of frames with the same flags. */
function pageRuns(k: Kernel, { start, end }: PfnSpan): PageRun[] {
  const runs: { startPfn: number; pageCount: number; flags: readonly string[] }[] = [];
  for (let pfn = start; pfn < end; pfn++) {
    const { flags } = pageRow(k, pfn);
    const last = runs.at(-1);
    if (last !== undefined && last.flags.join() === flags.join()) last.pageCount++;
    else runs.push({ startPfn: pfn, pageCount: 1, flags });
  }
  return runs;
}

/** What is known about one frame. */
function pageRow(k: Kernel, pfn: number): PageRow {
  const none = { pfn, zone: null, node: null, refcount: null, headPfn: null, order: null };
  const pgmap = k.pgmaps.lookup(pfn);
  if (pgmap !== null) return devicePage(k, pfn, pgmap.nid);
  const found = findArea(k, pfn);
  if (found === null) return { ...none, flags: ["nopage"] };
  const place = { ...none, zone: ZONE_NAMES[found.zone.index], node: found.zone.nid };
  if (found.area.isFree(pfn)) return { ...place, flags: ["buddy"] };
  const reserved = (pageFlags(k, pfn) & k.layout.reserved) !== 0;
  return { ...place, flags: reserved ? ["reserved"] : [], refcount: pageRefcount(k, pfn) };
}

function devicePage(k: Kernel, pfn: number, node: number): PageRow {
  const head = compoundHead(k, pfn);
  const order = compoundOrder(k, head);
  const bits = pageFlags(k, head);
  const flags = [
    ...((bits & k.layout.referenced) !== 0 && pfn === head ? ["referenced"] : []),
    ...(order === 0 ? [] : [pfn === head ? "compound_head" : "compound_tail"]),
    ...((bits & k.layout.reserved) !== 0 && pfn === head ? ["reserved"] : []),
  ];
  const compound = order === 0 ? { headPfn: null, order: null } : { headPfn: head, order };
  return { pfn, flags, zone: "Device", node, refcount: pageRefcount(k, head), ...compound };
}

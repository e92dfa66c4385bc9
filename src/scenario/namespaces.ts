// SPDX-License-Identifier: GPL-2.0-only
// `lab namespace --namespaces`: several namespaces in one region, in order, and what is left of it; regions over
// several DIMMs, without labels, between DRAM ranges. A namespace that the kernel refuses is a row with its errno, and
// the next one is tried. Both `pages` and `usableBytes` are counted in the emulator.

import { type Arch, levelBytes, pageBytes } from "../arch/arch.ts";
import { EINVAL, errnoName } from "../include/errno.ts";
import { alignUp } from "../lib/align.ts";
import { formatSize, parseSize } from "../lib/units.ts";
import { createNamespace, type NamespaceMode, usableBytes } from "../drivers/nvdimm/namespace.ts";
import type { MapMode } from "../drivers/nvdimm/pfn_devs.ts";
import {
  availableSize,
  defaultAlign,
  maxAvailableExtent,
  type NdRegion,
  ndRegions,
  setRegionAlign,
} from "../drivers/nvdimm/region.ts";
import type { Kernel } from "../mm/kernel.ts";
import { totalFreePages } from "../mm/page_alloc.ts";
import {
  bootRegion,
  dramBytes,
  NAMESPACE_ROWS,
  type NamespaceConfig,
  namespaceConfig,
  type NamespaceOptions,
  placed,
} from "./box.ts";
import { type Checked, checkedIf } from "./checked.ts";
import { type NamespacePages, pagesTaken, WITH_DIRECT_MAP } from "./namespace.ts";
import { byDefault, countRow, fillIn, listRow, type OptionRows, sizeRow, switchRow } from "./option_row.ts";
import { archNamed, knownOptions, MOST_MEMORY, multipleOf } from "./options.ts";
import { ndctlRefusal, refusal } from "./refusal.ts";

/** One namespace of several; what is missing is taken from the surrounding options. Bytes. */
export interface NamespaceShare {
  /** Size of the namespace. */
  readonly size: number;
  /** Page size of the device. */
  readonly align?: number;
  /** Where the memmap lies. */
  readonly map?: MapMode;
  /** How it is used. */
  readonly mode?: NamespaceMode;
}

/** Several namespaces in one region. Bytes. */
export interface NamespacesOptions extends Omit<NamespaceOptions, "size" | "cost"> {
  /** The namespaces, in order of creation. */
  readonly namespaces: readonly NamespaceShare[];
  /** Size of the region; default the sum of the namespaces. */
  readonly region?: number;
  /** DIMMs the region is interleaved over; default 1. */
  readonly ways?: number;
  /** The region's `align` attribute; default the kernel's: 16 MiB, times the ways that do not divide it. */
  readonly regionAlign?: number;
  /** Whether DIMMs have labels (default). Without, as with memmap=nn!ss, the region is one namespace of any size. */
  readonly labels?: boolean;
  /** DRAM of the machine; default as much as the memmap needs. */
  readonly dram?: number;
}

/** The options with every default filled in. Bytes. */
export type NamespacesConfig =
  & Omit<NamespaceConfig, "size" | "align" | "map" | "namespaceMode" | "cost">
  & Required<Pick<NamespacesOptions, "region" | "ways" | "labels" | "dram">>
  & {
    readonly namespaces: readonly Required<NamespaceShare>[];
    /** The requested `align`; null for the kernel's default. */
    readonly regionAlign: number | null;
  };

/** One namespace as it was created, or why it was not. Bytes; null if it was not created. */
export interface NamespaceRow extends Required<Omit<NamespaceShare, "size" | "align">> {
  /** Size of the namespace. */
  readonly sizeBytes: number;
  /** Page size of the device. */
  readonly alignBytes: number;
  /** Errno of the kernel that refused it, or of ndctl; null if it was created. */
  readonly errno: string | null;
  /** Why it was refused, and what would work. */
  readonly why: string | null;
  /** Physical address of its first byte. */
  readonly start: number | null;
  /** Physical address of its first byte of data. */
  readonly dataStart: number | null;
  /** Usable data. */
  readonly usableBytes: number | null;
  /** Frames it took; if it was refused, frames that the kernel leaked (a defect of Linux). */
  readonly pages: NamespacePages;
}

/** What `lab namespace --namespaces` prints with `--json`. Bytes. */
export interface NamespacesReport extends Checked {
  /** The options, defaults filled in. */
  readonly config: NamespacesConfig;
  /** The region as in sysfs. */
  readonly regionState: {
    /** Physical address. */
    readonly start: number;
    readonly sizeBytes: number;
    /** DIMMs it is interleaved over. */
    readonly ways: number;
    /** The `align` attribute in effect. */
    readonly alignBytes: number;
    /** Errno of the write to `align`; null if it succeeded, or without one. */
    readonly alignErrno: string | null;
    /** `available_size`, after all namespaces were tried. */
    readonly availableBytes: number;
    /** `max_available_extent`: the largest namespace that still fits. */
    readonly maxAvailableExtentBytes: number;
  };
  /** A row for each namespace, in order. */
  readonly namespaces: readonly NamespaceRow[];
  /** Frames that all of them took. */
  readonly pages: NamespacePages;
}

/** `40G:2M:dev,30G:2M:mem:fsdax`. */
const SHARES_ROW = listRow(
  "namespaces",
  "SIZE[:ALIGN[:MAP[:MODE]]],...",
  "several namespaces in one region, in order, such as 40G:2M:dev,30G::mem:fsdax",
  readShare,
  ({ size }) => formatSize(size),
);

function readShare(text: string): NamespaceShare {
  const [size, align = "", map = "", mode = "", ...more] = text.split(":");
  if (more.length > 0) throw new RangeError(`expected SIZE:ALIGN:MAP:MODE such as 40G:2M:dev:devdax, got "${text}"`);
  return {
    size: parseSize(size),
    ...(align === "" ? {} : { align: parseSize(align) }),
    ...(map === "" ? {} : { map: NAMESPACE_ROWS.map.read(map) }),
    ...(mode === "" ? {} : { mode: NAMESPACE_ROWS.namespaceMode.read(mode) }),
  };
}

const { size: _, cost: __, ...COMMON } = NAMESPACE_ROWS;

/** Options that only a region has, each with its flag. */
export const REGION_ROWS = {
  namespaces: SHARES_ROW,
  region: sizeRow("region", "size of the region; default: the sum of the namespaces"),
  ways: byDefault(countRow("ways", "DIMMs across which the region is interleaved", [1, 64]), 1),
  regionAlign: sizeRow(
    "region-align",
    "the region's align attribute; default: 16M, times --ways unless they divide it",
  ),
  labels: switchRow("labels", "no labels, as with memmap=nn!ss: the region is one namespace of any size", true),
  dram: sizeRow("dram", "DRAM of the machine; --start may put the region inside it; default: for the memmap"),
};

/** All options of several namespaces. */
export const NAMESPACES_ROWS = { ...COMMON, ...REGION_ROWS } satisfies OptionRows<NamespacesOptions>;

/**
 * Creates namespaces in one region and reports what each took and what is left. RangeError for invalid options or if
 * the host lacks memory; refusals of the kernel are in the rows.
 *
 * @example Three of six DIMMs' region, of which the last does not fit
 * ```ts
 * import { namespacesReport } from "@vmemmap/lab";
 * import { assertEquals } from "@std/assert";
 *
 * const GIB = 2 ** 30;
 * const { regionState, namespaces } = namespacesReport({
 *   region: 18 * GIB,
 *   ways: 6,
 *   namespaces: [{ size: 12 * GIB }, { size: 3 * GIB, map: "dev" }, { size: 6 * GIB }],
 * });
 * assertEquals(namespaces.map((ns) => ns.errno), [null, null, "ENOSPC"]);
 * assertEquals([regionState.alignBytes, regionState.maxAvailableExtentBytes], [96 * 2 ** 20, 3 * GIB]);
 * ```
 */
export function namespacesReport(options: NamespacesOptions): NamespacesReport {
  knownOptions(options, Object.keys(NAMESPACES_ROWS));
  const { config, each } = namespacesConfig(options);
  const { ways, labels, start } = config;
  const k = bootRegion(each, config.dram, { bytes: config.region, ways, labels, ...placed(start) }, WITH_DIRECT_MAP);
  const [region] = ndRegions(k);
  const err = config.regionAlign === null ? 0 : setRegionAlign(k, region, config.regionAlign);
  const [uses, free] = [Float64Array.from(k.uses), totalFreePages(k)];
  const namespaces = each.map((share) => makeOne(k, region, share));
  return {
    config,
    regionState: {
      start: region.start,
      sizeBytes: region.end - region.start,
      ways,
      alignBytes: region.align,
      alignErrno: err < 0 ? errnoName(err) : null,
      availableBytes: availableSize(region),
      maxAvailableExtentBytes: maxAvailableExtent(region),
    },
    namespaces,
    pages: pagesTaken(k, uses, free),
    invariants: checkedIf(config.check, k),
  };
}

function makeOne(k: Kernel, region: NdRegion, share: NamespaceConfig): NamespaceRow {
  const { size, align, map, namespaceMode: mode } = share;
  const [uses, free] = [Float64Array.from(k.uses), totalFreePages(k)];
  const asked = ndctlRefusal(region, size, align);
  const made = asked === null ? createNamespace(k, region, { size, align, map, mode }) : -EINVAL;
  const pages = pagesTaken(k, uses, free);
  const common = { alignBytes: align, map, mode, pages };
  if (typeof made === "number") {
    const why = asked ?? refusal(region, share, made);
    return { sizeBytes: size, ...common, errno: errnoName(made), why, start: null, dataStart: null, usableBytes: null };
  }
  const { start, end } = made.extent;
  const place = { start, dataStart: start + made.info.dataoff, usableBytes: usableBytes(k, made) };
  // Without labels the namespace is the whole region, whatever size was requested.
  return { sizeBytes: end - start, ...common, errno: null, why: null, ...place };
}

/** The options with defaults filled in; `each` has every namespace as if it were the only one. */
function namespacesConfig(
  options: NamespacesOptions,
): { readonly config: NamespacesConfig; readonly each: readonly NamespaceConfig[] } {
  const given = fillIn(options, NAMESPACES_ROWS);
  const arch = archNamed(given.arch);
  const { namespaces: shares = [], ways, labels, regionAlign = null, ...rest } = given;
  if (shares.length === 0) throw new RangeError("Cannot make 0 namespaces: expected at least one size");
  if (!labels && shares.length > 1) throw new RangeError("Cannot cut a region without labels: expected one namespace");
  const { region: _, dram: __, ...common } = rest;
  const each = shares.map((share) => shareConfig(common, share, arch));
  const sum = each.reduce((bytes, { size }) => bytes + size, 0);
  const unit = labels ? defaultAlign(arch, sum, ways) : pageBytes(arch);
  const region = rest.region ?? alignUp(sum, unit);
  multipleOf("make a region of", region, ways * pageBytes(arch));
  if (Math.max(sum, region) > MOST_MEMORY) {
    throw new RangeError(
      `Cannot place ${formatSize(Math.max(sum, region))} of pmem: at most ${formatSize(MOST_MEMORY)} fit`,
    );
  }
  const [{ size: _size, align: _align, map: _map, namespaceMode: _mode, cost: _cost, ...shared }] = each;
  const dram = rest.dram ?? dramBytes(each, arch, true);
  return {
    config: {
      ...shared,
      namespaces: each.map(({ size, align, map, namespaceMode: mode }) => ({ size, align, map, mode })),
      region,
      ways,
      regionAlign,
      labels,
      dram,
    },
    each,
  };
}

/** A namespace of any size: the kernel decides whether the region takes it. */
function shareConfig(common: Omit<NamespaceOptions, "size">, share: NamespaceShare, arch: Arch): NamespaceConfig {
  const { size, align = common.align ?? levelBytes(arch, 1), map = common.map ?? "mem" } = share;
  const namespaceMode = share.mode ?? common.namespaceMode ?? "devdax";
  multipleOf("make a namespace of", size, pageBytes(arch));
  // Options common to all are checked with a size that is always valid.
  const anySize = 4 * Math.max(arch.namespaceUnitBytes, align);
  return { ...namespaceConfig({ ...common, size: anySize, align, map, namespaceMode }), size };
}

// SPDX-License-Identifier: GPL-2.0-only
// Brings up a whole machine to inspect: DRAM by node, a namespace on each pmem region (or System RAM through kmem),
// pools of huge pages. Frames and tables are counted; struct pages are not written.

import { boot } from "../boot.ts";
import { devDaxRemove } from "../drivers/dax/device.ts";
import { devDaxKmemProbe, memmapOnMemoryStore } from "../drivers/dax/kmem.ts";
import { createNamespace, type NamespaceMode, type NdNamespace } from "../drivers/nvdimm/namespace.ts";
import type { MapMode } from "../drivers/nvdimm/pfn_devs.ts";
import { type NdRegion, ndRegions } from "../drivers/nvdimm/region.ts";
import { formatSize, parseSize } from "../lib/units.ts";
import { setNrHugepages, sizeToHstate } from "../mm/hugetlb/hugetlb.ts";
import type { Kernel } from "../mm/kernel.ts";
import { NAMESPACE_MODE_ROW } from "../scenario/box.ts";
import { type Checked, checkedIf } from "../scenario/checked.ts";
import { NamespaceError } from "../scenario/namespace.ts";
import type { PoolSize } from "../scenario/plan_types.ts";
import {
  byDefault,
  CHECK_ROW,
  fillIn,
  KERNEL_ROW,
  listRow,
  type OptionRow,
  type OptionRows,
  readPool,
  showPool,
  sizeRow,
  switchRow,
  wordRow,
} from "../scenario/option_row.ts";

/** The machine to bring up. Bytes; everything has a default. */
export interface InspectOptions {
  /** DRAM by node; default 16 GiB on one. */
  readonly dram?: readonly number[];
  /** Pmem regions and the nodes they are near, which need no DRAM; default one of 64 GiB. */
  readonly pmem?: readonly Region[];
  /** What the namespace over each region is; default devdax. */
  readonly namespaceMode?: NamespaceMode;
  /** Where its memmap lies; default the pmem, like ndctl's. */
  readonly map?: MapMode;
  /** Its page size; default a PMD entry's. */
  readonly align?: number;
  /** The namespaces' devices become System RAM, online in ZONE_MOVABLE; default false. */
  readonly systemRam?: boolean;
  /** Huge pages to reserve. */
  readonly hugetlb?: readonly PoolSize[];
  /** Kernel; default 6.1. */
  readonly kernel?: string;
  /** hugetlb_free_vmemmap=on; default false. */
  readonly hugetlbFreeVmemmap?: boolean;
  /** memory_hotplug.memmap_on_memory=1; default false. */
  readonly memmapOnMemory?: boolean;
  /** Run the invariant checker afterwards; default false. */
  readonly check?: boolean;
}

/** The options with every default filled in. */
export type InspectConfig = Required<InspectOptions>;

type Region = { readonly bytes: number; readonly nid: number };

/** A list that may be empty, `none`. */
function orNone<T>(row: OptionRow<readonly T[]>): OptionRow<readonly T[]> {
  return {
    ...row,
    read: (text) => text === "none" ? [] : row.read(text),
    check: (given: readonly T[]) => {
      if (Array.isArray(given)) return given as readonly T[];
      throw new TypeError(`Cannot read ${row.flag}: expected an array`);
    },
    show: (items) => items.length === 0 ? "none" : row.show(items),
  };
}

/** `64G` or `64G/1`. */
function readRegion(text: string): Region {
  const [, size, node = "0"] = /^([^/]+)(?:\/(\d+))?$/.exec(text) ?? [];
  if (size === undefined) throw new RangeError(`expected SIZE or SIZE/NODE such as 64G/1, got "${text}"`);
  return { bytes: parseSize(size), nid: Number(node) };
}

function showRegion({ bytes, nid }: Region): string {
  return nid === 0 ? formatSize(bytes) : `${formatSize(bytes)}/${nid}`;
}

/** The options, declared once. */
export const INSPECT_ROWS = {
  dram: byDefault(orNone(listRow("dram", "SIZE,...", "DRAM of each node", parseSize, formatSize)), [2 ** 34]),
  pmem: byDefault(
    orNone(listRow("pmem", "SIZE[/NODE],...|none", "pmem regions, with one namespace each", readRegion, showRegion)),
    [{ bytes: 2 ** 36, nid: 0 }],
  ),
  namespaceMode: byDefault({ ...NAMESPACE_MODE_ROW, help: "mode of the namespaces" }, "devdax"),
  map: byDefault(wordRow<MapMode>("map", "where their memmap is stored", ["mem", "dev"]), "dev"),
  align: byDefault(sizeRow("align", "their page size", "4K|2M|1G"), 2 ** 21),
  systemRam: switchRow("systemRam", "hand their devices to kmem: System RAM in ZONE_MOVABLE"),
  hugetlb: byDefault(
    orNone(listRow("hugetlb", "SIZE:N,...", "huge pages to reserve, such as 2M:512,1G:2", readPool, showPool)),
    [],
  ),
  hugetlbFreeVmemmap: switchRow("hugetlbFreeVmemmap", "hugetlb_free_vmemmap=on"),
  memmapOnMemory: switchRow("memmapOnMemory", "memory_hotplug.memmap_on_memory=1"),
  kernel: KERNEL_ROW,
  check: CHECK_ROW,
} satisfies OptionRows<InspectOptions>;

/** A booted machine. */
export interface Inspected extends Checked {
  readonly config: InspectConfig;
  readonly k: Kernel;
  readonly regions: readonly NdRegion[];
  readonly namespaces: readonly NdNamespace[];
}

/**
 * Boots the machine and its namespaces. RangeError for invalid options, NamespaceError if the modelled kernel refuses.
 */
export function bringUp(options: InspectOptions): Inspected {
  const config: InspectConfig = fillIn(options, INSPECT_ROWS);
  const { dram, pmem, namespaceMode: mode, map, align, systemRam, kernel, hugetlbFreeVmemmap, memmapOnMemory } = config;
  if (systemRam && mode !== "devdax") throw new RangeError("Cannot make System RAM of fsdax: expected mode devdax");
  const nodes = Math.max(dram.length, ...pmem.map(({ nid }) => nid + 1));
  const k = boot({
    kernel,
    dram,
    nodes,
    pmem,
    hugetlbFreeVmemmap,
    memmapOnMemory,
    memhpDefaultState: "online_movable",
    contents: false,
  });
  const regions = ndRegions(k);
  const namespaces = regions.map((region) => {
    const size = region.end - region.start;
    const namespace = createNamespace(k, region, { size, align, map, mode });
    if (typeof namespace === "number") throw new NamespaceError(namespace);
    if (systemRam) becomeRam(k, namespace, memmapOnMemory);
    return namespace;
  });
  for (const { size, count } of config.hugetlb) reserve(k, size, count);
  return { config, k, regions, namespaces, invariants: checkedIf(config.check, k) };
}

/** `daxctl reconfigure-device -m system-ram`. */
function becomeRam(k: Kernel, namespace: NdNamespace, memmapOnMemory: boolean): void {
  const dev = namespace.dev!;
  devDaxRemove(k, dev);
  memmapOnMemoryStore(k, dev, memmapOnMemory);
  const err = devDaxKmemProbe(k, dev);
  if (err < 0) throw new NamespaceError(err, "kmem found no memory block in it");
}

function reserve(k: Kernel, size: number, count: number): void {
  const h = sizeToHstate(k, size);
  if (h === null) throw new RangeError(`Cannot make huge pages of ${formatSize(size)}: ${k.arch.name} has none`);
  const got = setNrHugepages(k, h, count);
  if (got < count) throw new RangeError(`Cannot reserve ${count} pages of ${formatSize(size)}: ${got} fit into memory`);
}

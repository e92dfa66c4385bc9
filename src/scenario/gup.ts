// SPDX-License-Identifier: GPL-2.0-only
// `lab gup`: gup_test over /dev/dax, as in the cover letters: a namespace that is large enough, its device mapped and
// touched, then rounds of get and put. Counters are those of one round; times are the emulator's own.

import type { BootOptions } from "../boot.ts";
import { ENOMEM } from "../include/errno.ts";
import { SZ_1G, SZ_1M } from "../include/sizes.ts";
import { alignUp } from "../lib/align.ts";
import { formatSize } from "../lib/units.ts";
import { ARCHS } from "../arch/archs.ts";
import { levelBytes, pageBytes } from "../arch/arch.ts";
import { devDaxPages } from "../drivers/dax/bus.ts";
import { daxMmap } from "../drivers/dax/device.ts";
import type { GupMode } from "../include/gup.ts";
import { gupTest, type GupTestResult } from "../mm/gup/ioctl.ts";
import type { Kernel, VmArea } from "../mm/kernel.ts";
import { mmAlloc, populateArea } from "../mm/memory.ts";
import { levelPages } from "../mm/pgtable.ts";
import type { CounterValues } from "../mm/vmstat.ts";
import { modelMs } from "../model/time.ts";
import { modelCost, NAMESPACE_ROWS, type NamespaceConfig, namespaceConfig, type NamespaceOptions } from "./box.ts";
import { type Checked, checkedIf } from "./checked.ts";
import { createOnBox, NamespaceError } from "./namespace.ts";
import { archNamed, knownOptions, multipleOf, requireHostMemory } from "./options.ts";
import { byDefault, countRow, fillIn, type OptionRows, required, sizeRow, switchRow, wordRow } from "./option_row.ts";

/** Limit of rounds, to bound a run's time. */
const MOST_REPEATS = 1e6;
/** Most pages per call (`nr_pages_per_call` has 32 bits). */
const MOST_BATCH = 2 ** 32 - 1;

/** gup_test's flags, and the namespace options. `size` is the memory held (-m), not the namespace's. Bytes. */
export interface GupOptions extends Omit<NamespaceOptions, "contents" | "namespaceMode"> {
  /** FOLL_GET (`get`, -u, default) or FOLL_PIN (`pin`, -a). */
  readonly mode?: GupMode;
  /** get_user_pages() or pin_user_pages(), page by page (-U, -b), instead of the fast ones; default false. */
  readonly slow?: boolean;
  /** FOLL_LONGTERM (-L): pins through the slow path, because the fast walk refuses devmap entries for it. */
  readonly longterm?: boolean;
  /** Rounds (-r), at most a million; default 10. */
  readonly repeats?: number;
  /** Pages per call (-n); default 512. */
  readonly batch?: number;
}

/** The options with every default filled in; `size` is the memory held. */
export type GupConfig =
  & NamespaceConfig
  & Required<Pick<GupOptions, "mode" | "slow" | "longterm" | "repeats" | "batch">>;

/** What `lab gup` prints with `--json`. */
export interface GupReport extends GupTestResult, Checked {
  /** The options, defaults filled in; `size` is the memory held. */
  readonly config: GupConfig;
  /** Atomic adds on reference counts to get all pages once. */
  readonly refcountStores: number;
  /** Atomic adds on the pin counts of compound pages to get all pages once. */
  readonly pincountStores: number;
  /** Atomic adds on reference counts to put all pages once. */
  readonly putRefcountStores: number;
  /** Searches of the pgmap tree to get all pages once. */
  readonly pgmapLookups: number;
  /** Model time of one get of all pages, on the machine of `config.cost`; null without a model. */
  readonly modelGetMs: number | null;
  /** The same for put. */
  readonly modelPutMs: number | null;
}

/** A mapped and touched device, ready for gup_test. */
export interface GupBox {
  readonly kernel: Kernel;
  readonly area: VmArea;
}

/**
 * A machine whose first namespace has at least `config.size` bytes of data, mapped by its page size and touched. The
 * namespace is a little larger, since its metadata comes out of it. `more` are options of the machine.
 */
export function gupBox(config: NamespaceConfig, more: BootOptions = {}): GupBox {
  const box = mapBox(config, more);
  if (populateArea(box.kernel, box.area, touchStep(config, box)) !== "nopage") throw new NamespaceError(-ENOMEM);
  return box;
}

/** Pages that one fault maps. */
export function touchStep(config: NamespaceConfig, { kernel }: GupBox): number {
  return config.align / kernel.pageBytes;
}

/** gupBox() before anything is touched. */
export function mapBox(config: NamespaceConfig, more: BootOptions = {}): GupBox {
  const arch = ARCHS[config.arch];
  const pages = config.size / levelBytes(arch, 0);
  const size = alignUp(config.size * (config.map === "dev" ? 65 / 64 : 1), config.align) + 2 * arch.namespaceUnitBytes +
    config.align;
  // If all memmap must fit into the reserve, only whole sections always do.
  const whole = config.map === "dev" && arch.altmapBasePages;
  const unit = Math.max(arch.namespaceUnitBytes, whole ? 2 ** arch.sectionShift : 0);
  const { kernel, namespace } = createOnBox({ ...config, size: alignUp(size, unit) }, more);
  const mm = mmAlloc(kernel);
  if (typeof mm === "number") throw new NamespaceError(mm);
  const dev = namespace.dev!;
  const step = config.align / kernel.pageBytes;
  // Any address aligned to the largest level will do; page 0 stays unmapped.
  const vpn = levelPages(kernel, 2);
  const area = daxMmap(kernel, dev, mm, vpn, Math.min(devDaxPages(dev), alignUp(pages, step)), 0);
  if (typeof area === "number") throw new NamespaceError(area);
  return { kernel, area };
}

/**
 * Runs gup_test on a fresh machine. Throws like {@linkcode namespaceReport}.
 *
 * @example
 * ```ts
 * import { gupReport } from "@vmemmap/lab";
 * import { assertEquals } from "@std/assert";
 *
 * const before = gupReport({ size: 2 ** 28, kernel: "5.14", repeats: 1 });
 * assertEquals(before.heldPages, 65536);
 * assertEquals(before.refcountStores, 65536); // one per page
 * const after = gupReport({ size: 2 ** 28, kernel: "v4", mode: "pin", repeats: 1 });
 * assertEquals([after.refcountStores, after.pincountStores], [128, 128]); // once per 2 MiB
 * ```
 */
export function gupReport(options: GupOptions): GupReport {
  knownOptions(options, Object.keys(GUP_ROWS));
  const config = gupConfig(options);
  const { mode, repeats, batch, slow } = config;
  const { kernel: k, area } = gupBox(withoutArrays(config, 1));
  const pages = config.size / k.pageBytes;
  const test = gupTest(k, { mm: area.mm, vpn: area.start, pages, batch, mode, repeats, slow });
  const { getCounters, putCounters } = test;
  // No document times the slow path.
  const cost = slow ? null : modelCost(config);
  return {
    config,
    heldPages: test.heldPages,
    invariants: checkedIf(config.check, k),
    ...gupWork(getCounters, putCounters),
    hostGetMs: test.hostGetMs,
    hostPutMs: test.hostPutMs,
    modelGetMs: cost === null ? null : modelMs(getCounters, cost),
    modelPutMs: cost === null ? null : modelMs(putCounters, cost),
  };
}

/** Subtracts the host memory of gup_test's own arrays of pages, one per job. RangeError if there is not enough. */
export function withoutArrays(config: GupReport["config"], jobs: number): GupReport["config"] {
  const arrays = jobs * Float64Array.BYTES_PER_ELEMENT * config.size / pageBytes(ARCHS[config.arch]);
  requireHostMemory(arrays, config.hostMemory, "for the pages held; the machine is not counted yet");
  return { ...config, hostMemory: config.hostMemory - arrays };
}

/** The part of a report that is derived from the counters of getting and putting all pages once. */
export function gupWork(getCounters: CounterValues, putCounters: CounterValues) {
  return {
    refcountStores: getCounters.refcountStoresDram + getCounters.refcountStoresPmem,
    pincountStores: getCounters.pincountStoresDram + getCounters.pincountStoresPmem,
    putRefcountStores: putCounters.refcountStoresDram + putCounters.refcountStoresPmem,
    pgmapLookups: getCounters.pgmapLookups,
    getCounters,
    putCounters,
  };
}

const { contents: _, namespaceMode: __, ...NAMESPACE } = NAMESPACE_ROWS;

/** The options of gup_test, each with its flag. */
export const GUP_ROWS = {
  ...NAMESPACE,
  size: required(sizeRow("size", "memory to hold (gup_test -m), a multiple of 1M")),
  mode: byDefault(wordRow<GupMode>("mode", "FOLL_GET (-u) or FOLL_PIN (-a)", ["get", "pin"]), "get"),
  slow: switchRow("slow", "get_user_pages() or pin_user_pages() instead of the fast ones (-U, -b)"),
  longterm: switchRow("longterm", "FOLL_LONGTERM (-L): pins through the slow path"),
  repeats: byDefault(countRow("repeats", "rounds (-r)", [1, MOST_REPEATS]), 10),
  batch: byDefault(countRow("batch", "pages per call (-n)", [1, MOST_BATCH]), 512),
} satisfies OptionRows<GupOptions>;

/** The options with every default filled in, checked. gup_test takes whole MiB, whatever size a namespace needs. */
export function gupConfig(options: GupOptions): GupReport["config"] {
  const { mode, slow, longterm, repeats, batch } = fillIn(options, GUP_ROWS);
  if (longterm && mode !== "pin") throw new RangeError("Cannot get pages with FOLL_LONGTERM: expected mode pin");
  const { namespaceUnitBytes } = archNamed(options.arch);
  const size = multipleOf("hold", options.size, Math.min(SZ_1M, namespaceUnitBytes));
  // Checks the page size only: gupBox() chooses the size of the namespace.
  const config = namespaceConfig({
    ...options,
    contents: true,
    size: alignUp(size, Math.max(SZ_1G, options.align ?? 0)),
  });
  if (size < config.align) {
    throw new RangeError(`Cannot align to ${formatSize(config.align)}: only ${formatSize(size)} are held`);
  }
  return { ...config, size, mode, slow: longterm || slow, longterm, repeats, batch };
}

// SPDX-License-Identifier: GPL-2.0-only
// `lab trace`: one path of the kernel on a fresh machine, as the function tracer sees it. What precedes the path,
// including boot, is not traced. A trace is the same in every run, so the explorer can step through it: an event has
// the work done so far, and traceAt() runs the path again, stops at that event, and gives access to the machine.
//
//   const { events } = traceReport({ path: "namespace", size: 2 ** 30 });
//   events[41]                            { kind: "enter", symbol: "memmap_init_zone_device", depth: 5, args, ... }
//   workBetween(events[40], events[41])   what one step did
//   traceAt(options, 42, (k) => ..)       the machine after the first 42 events, for looking at only
//   foldTrace(events)                     calls as a tree, what repeats said once; graphLines() prints it

import { createNamespace, destroyNamespace } from "../drivers/nvdimm/namespace.ts";
import { ndRegions } from "../drivers/nvdimm/region.ts";
import { errnoName } from "../include/errno.ts";
import type { Hstate } from "../include/hugetlb.ts";
import { gupTestGet, gupTestPut } from "../mm/gup/ioctl.ts";
import { setNrHugepages, sizeToHstate } from "../mm/hugetlb/hugetlb.ts";
import { flushFreeHpageWork } from "../mm/hugetlb/make_and_free.ts";
import type { Kernel } from "../mm/kernel.ts";
import { populateArea } from "../mm/memory.ts";
import { readCounters } from "../mm/vmstat.ts";
import { type CostTable, DEFAULT_COST } from "../model/cost_tables.ts";
import { hugetlbMs } from "../model/hugetlb.ts";
import { modelMs } from "../model/time.ts";
import { recordTrace, type TraceEvent, type TraceFilter } from "../trace/recorder.ts";
import {
  bootBox,
  modelCost,
  NAMESPACE_ROWS,
  type NamespaceConfig,
  namespaceConfig,
  type NamespaceOptions,
} from "./box.ts";
import { GUP_ROWS, type GupBox, gupBox, gupConfig, type GupOptions, type GupReport, mapBox, touchStep } from "./gup.ts";
import { offlineAll, onlineAll } from "./hotplug.ts";
import { bootHotplugBox, HOTPLUG_ROWS, type HotplugConfig, hotplugConfig, type HotplugOptions } from "./hotplug_box.ts";
import { daxSource, dimmSource } from "./hotplug_source.ts";
import { fillPool, hugetlbModelCost } from "./hugetlb.ts";
import { bootHugetlbBox, HUGETLB_ROWS, type HugetlbConfig, hugetlbConfig, type HugetlbOptions } from "./hugetlb_box.ts";
import { type Checked, checkedIf } from "./checked.ts";
import { createOnBox } from "./namespace.ts";
import { definedOnly, knownOptions, oneOf } from "./options.ts";

/** What can be traced, in the order of a page's life. */
export const TRACE_PATHS = ["namespace", "fault", "gup", "put", "hugetlb", "hotplug", "destroy"] as const;
/** Name of a path. */
export type TracePath = typeof TRACE_PATHS[number];

/** A path and the options of the report that runs it; `depth` and `filter` say what to keep. */
export type TraceOptions =
  & TraceFilter
  & (
    | ({ readonly path: "namespace" | "destroy" } & NamespaceOptions)
    | ({ readonly path: "fault" | "gup" | "put" } & GupOptions)
    | ({ readonly path: "hugetlb" } & HugetlbOptions)
    | ({ readonly path: "hotplug" } & HotplugOptions)
  );

/** What `lab trace` prints with `--json`. */
export interface TraceReport extends Checked {
  /** The options, defaults filled in. */
  readonly config:
    & { readonly path: TracePath }
    & (NamespaceConfig | GupReport["config"] | HugetlbConfig | HotplugConfig);
  /** The machine whose model time the events carry (`--cost`); null without a model for this machine. */
  readonly cost: string | null;
  /** Functions entered and left, in order. */
  readonly events: readonly TraceEvent[];
  /** How the path failed, as an errno name; null if it succeeded. */
  readonly errno: string | null;
}

/** A path that is set up but not started. */
interface Ready {
  readonly kernel: Kernel;
  readonly config: TraceReport["config"];
  readonly cost: CostTable | null;
  /** Model time of the kernel's work; default the sum of the model's terms. */
  readonly clock?: (k: Kernel) => number;
  /** Runs it; 0 or a negative errno. */
  readonly run: () => number;
}

/**
 * Traces one path on a fresh machine. RangeError and NamespaceError as for the report of that path; RangeError also for
 * a filter that names no function of the path, and for too many events.
 *
 * @example
 * ```ts
 * import { traceReport } from "@vmemmap/lab";
 * import { assertEquals } from "@std/assert";
 *
 * const { events } = traceReport({ path: "gup", size: 2 ** 21, kernel: "v4" });
 * assertEquals(events.filter((e) => e.kind === "enter").map((e) => e.symbol), [
 *   "get_user_pages_fast",
 *   "lockless_pages_from_mm",
 *   "__gup_device_huge",
 *   "try_grab_compound_head",
 * ]);
 * assertEquals(events.at(-1)?.counters.refcountStoresDram, 1); // 512 references at once
 * ```
 */
export function traceReport(options: TraceOptions): TraceReport {
  const { kernel, config, cost, clock, run } = ready(options);
  let result = 0;
  const time = cost === null ? null : clock ?? ((k: Kernel) => modelMs(readCounters(k.stat), cost));
  const events = recordTrace(kernel, { ...filterOf(options), clock: time }, () => result = run());
  if (events.length === 0 && options.filter !== undefined) refuseFilter(options);
  const errno = result < 0 ? errnoName(result) : null;
  return { config, cost: cost?.name ?? null, events, errno, invariants: checkedIf(config.check, kernel) };
}

/**
 * Runs a path again up to its first `events` events and returns what `look` finds on the machine, in the middle of
 * whatever it is doing. RangeError unless `events` is a whole number from 0.
 */
export function traceAt<T>(options: TraceOptions, events: number, look: (k: Kernel) => T): T {
  if (!Number.isInteger(events) || events < 0) {
    throw new RangeError(`Cannot stop after ${events} events: expected a whole number from 0`);
  }
  const { kernel, run } = ready(options);
  recordTrace(kernel, { ...filterOf(options), until: events }, run);
  return look(kernel);
}

function filterOf({ depth, filter }: TraceFilter): TraceFilter {
  if (depth !== undefined && !(Number.isInteger(depth) && depth > 0)) {
    throw new RangeError(`Cannot trace ${depth} levels of calls: expected a whole number from 1`);
  }
  return definedOnly({ depth, filter });
}

/** RangeError with the functions that the path calls. */
function refuseFilter(options: TraceOptions): never {
  const { kernel, run } = ready(options);
  const symbols = new Set(recordTrace(kernel, {}, run).map((event) => event.symbol));
  throw new RangeError(
    `Cannot trace "${options.filter}": ${options.path} calls ${[...symbols].sort().join(", ")}`,
  );
}

/** The options of each path. */
export const TRACE_ROWS = {
  namespace: NAMESPACE_ROWS,
  fault: GUP_ROWS,
  gup: GUP_ROWS,
  put: GUP_ROWS,
  hugetlb: HUGETLB_ROWS,
  hotplug: HOTPLUG_ROWS,
  destroy: NAMESPACE_ROWS,
} satisfies Record<TracePath, object>;

function ready(options: TraceOptions): Ready {
  oneOf("path", options.path, TRACE_PATHS);
  knownOptions(options, ["path", "depth", "filter", ...Object.keys(TRACE_ROWS[options.path])]);
  switch (options.path) {
    case "namespace":
      return creation(namespaceConfig(options));
    case "destroy":
      return destruction(namespaceConfig(options));
    case "fault":
      return faults(gupConfig(options));
    case "gup":
    case "put":
      return gup(gupConfig(options), options.path);
    case "hugetlb":
      return hugetlb(hugetlbConfig(options));
    case "hotplug":
      return hotplug(hotplugConfig(options));
  }
}

function creation(config: NamespaceConfig): Ready {
  const kernel = bootBox(config);
  const region = ndRegions(kernel)[0];
  return {
    kernel,
    config: { path: "namespace", ...config },
    cost: modelCost(config),
    run: () => {
      const made = createNamespace(kernel, region, config);
      return typeof made === "number" ? made : 0;
    },
  };
}

function destruction(config: NamespaceConfig): Ready {
  const { kernel, namespace } = createOnBox(config);
  return {
    kernel,
    config: { path: "destroy", ...config },
    cost: modelCost(config),
    run: () => destroyNamespace(kernel, namespace),
  };
}

/** No document times faults: their model time is that of tables, frames and entries, without the trap. */
function faults(config: GupReport["config"]): Ready {
  const box = mapBox(config);
  const run = () => {
    populateArea(box.kernel, box.area, touchStep(config, box));
    return 0;
  };
  return { kernel: box.kernel, config: { path: "fault", ...config }, cost: modelCost(config), run };
}

function gup(config: GupReport["config"], path: "gup" | "put"): Ready {
  const { kernel, area }: GupBox = gupBox(config);
  const { mode, batch } = config;
  const pages = new Float64Array(config.size / kernel.pageBytes);
  const get = () => gupTestGet(kernel, area.mm, area.start, batch, mode, pages);
  const ready = { kernel, config: { path, ...config }, cost: modelCost(config) };
  if (path === "gup") return { ...ready, run: () => get() < pages.length ? -1 : 0 };
  const held = get();
  const run = () => {
    gupTestPut(kernel, mode, pages, held);
    return 0;
  };
  return { ...ready, run };
}

function hugetlb(config: HugetlbConfig): Ready {
  const kernel = bootHugetlbBox(config);
  const hstate = sizeToHstate(kernel, config.size)!;
  const run = () => {
    fillPool(kernel, hstate, config);
    if (!config.giveBack) return 0;
    setNrHugepages(kernel, hstate, 0);
    flushFreeHpageWork(kernel);
    return 0;
  };
  const cost = hugetlbModelCost(config);
  return {
    kernel,
    config: { path: "hugetlb", ...config },
    cost,
    ...(cost === null ? {} : { clock: hugetlbClock(hstate, cost) }),
    run,
  };
}

/** The pool's model of time (model/hugetlb.ts) for a machine in the middle of its work: only whole pages count. */
function hugetlbClock({ pages, freeVmemmapPages }: Hstate, { hugetlb: cost }: CostTable): (k: Kernel) => number {
  let seen = 0;
  let optimized = 0;
  let restored = 0;
  return (k) => {
    const now = k.hugetlb.optimized;
    if (now > seen) optimized += now - seen;
    else restored += seen - now;
    seen = now;
    const { hugetlbPagesPrepared, hugetlbPagesDestroyed, tlbIpis } = readCounters(k.stat);
    const work = {
      allocated: hugetlbPagesPrepared / pages,
      freed: hugetlbPagesDestroyed / pages,
      vmemmapFreed: optimized * freeVmemmapPages,
      vmemmapRestored: restored * freeVmemmapPages,
      tlbIpis,
    };
    return hugetlbMs(work, cost);
  };
}

/**
 * Plugs memory, puts it online and offline, removes it. No document times it: its model time is that of struct pages,
 * tables and frames, whose costs the documents' other times give.
 */
function hotplug(config: HotplugConfig): Ready {
  const kernel = bootHotplugBox(config);
  const memory = config.dax ? daxSource(kernel, config) : dimmSource(kernel, config);
  const run = () => {
    const err = memory.add();
    const blocks = [...kernel.hotplug.blocks.values()];
    onlineAll(kernel, blocks, config);
    offlineAll(kernel, blocks);
    memory.remove();
    return err;
  };
  const cost = modelCost({ ...config, cost: DEFAULT_COST });
  return { kernel, config: { path: "hotplug", ...config }, cost, run };
}

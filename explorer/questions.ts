// SPDX-License-Identifier: GPL-2.0-only
// The questions that the page asks the emulator, by name. Runs in the page's worker; every answer is plain data. Recent
// machines are kept for a while with their reports, so that zooming in and walking along do not boot others.

import {
  boxReport,
  type BoxText,
  gupReport,
  hotplugReport,
  hugetlbReport,
  namespaceReport,
  readBox,
  traceReport,
} from "../mod.ts";
import { type NamespaceConfig, namespaceConfig, type NamespaceOptions } from "../src/scenario/box.ts";
import { layoutReportOn, layoutWindow } from "../src/scenario/layout.ts";
import { machineNow, traceWindow } from "../src/scenario/machine_now.ts";
import { memmapSections, pteTableView, structPageView, vmemmapPageView } from "../src/scenario/memmap_zoom.ts";
import { traceAt, type TraceOptions } from "../src/scenario/trace.ts";
import {
  type BoxWithNamespace,
  createOnBox,
  type NamespaceReport,
  namespaceReportOn,
  WITH_DIRECT_MAP,
} from "../src/scenario/namespace.ts";
import { judgeClaim } from "./judging.ts";

/** Limit on a machine's host memory: a browser's largest buffer. */
const HOST_MEMORY = 2 ** 31 - 2 ** 21;
/** Limit of a trace's events. */
const MOST_EVENTS = 20_000;
/** Machines kept. */
const KEPT = 2;

interface Machine {
  readonly config: NamespaceConfig;
  readonly box: BoxWithNamespace;
  readonly report: NamespaceReport;
}

const machines = new Map<string, Machine>();

/** The machine of these options, booted or kept. */
function machineOf(options: NamespaceOptions): Machine {
  const key = JSON.stringify(options);
  const found = machines.get(key);
  if (found !== undefined) {
    // The most recently used one goes to the end.
    machines.delete(key);
    machines.set(key, found);
    return found;
  }
  while (machines.size >= KEPT) machines.delete(machines.keys().next().value!);
  const config = namespaceConfig({ hostMemory: HOST_MEMORY, ...options });
  const box = createOnBox(config, WITH_DIRECT_MAP);
  const made = { config, box, report: namespaceReportOn(config, box) };
  machines.set(key, made);
  return made;
}

/** A memory map: the namespace, its sections, and one compound page of it. */
function map({ compound, ...options }: NamespaceOptions & { readonly compound: number }) {
  const { config, box, report } = machineOf(options);
  const { window } = layoutWindow(config);
  const { start, end } = box.namespace.pgmap.ranges[0];
  const layout = layoutReportOn(config, box, window, compound * window);
  const { kernel: k } = box;
  const firstAligned = layout.startPfn - compound * window / k.pageBytes;
  return {
    namespace: report,
    layout,
    sections: memmapSections(k, start, end),
    compounds: Math.floor((end - firstAligned) * k.pageBytes / window),
    firstAligned,
    pagesPerCompound: window / k.pageBytes,
    pageBytes: k.pageBytes,
    structPageBytes: k.structPageSize,
    table: pteTableView(k, Math.floor(layout.startPfn * k.structPageSize / k.pageBytes)),
  };
}

/** A vmemmap page of the compound page, counted from its first. */
function page({ compound, page, ...options }: NamespaceOptions & { readonly compound: number; readonly page: number }) {
  const { config, box } = machineOf(options);
  const { window } = layoutWindow(config);
  const { startPfn, vmemmapPages } = layoutReportOn(config, box, window, compound * window);
  if (page >= vmemmapPages) throw new RangeError(`Cannot show page ${page}: there are ${vmemmapPages} vmemmap pages`);
  const { kernel: k } = box;
  return vmemmapPageView(k, Math.floor(startPfn * k.structPageSize / k.pageBytes) + page);
}

/** The struct page of a frame. */
function struct({ pfn, ...options }: NamespaceOptions & { readonly pfn: number }) {
  return structPageView(machineOf(options).box.kernel, pfn);
}

/** A path's trace, and the window that pictures of its moments show. */
function trace(options: TraceOptions) {
  const { events, errno: error } = traceReport(options);
  return { events: events.slice(0, MOST_EVENTS), all: events.length, error, window: traceWindow(options) };
}

/** The machine after the first `events` events of a path. */
function moment({ events, window, options }: {
  readonly events: number;
  readonly window: { readonly startPfn: number; readonly bytes: number };
  readonly options: TraceOptions;
}) {
  return traceAt({ hostMemory: HOST_MEMORY, ...options }, events, (k) => machineNow(k, window));
}

/** Adds the limit on host memory to a question's options. */
function capped<O, R>(ask: (options: O) => R): (options: O) => R {
  return (options) => ask({ hostMemory: HOST_MEMORY, ...options });
}

/** Every question. */
export const QUESTIONS = {
  map,
  page,
  struct,
  namespace: capped(namespaceReport),
  gup: capped(gupReport),
  hugetlb: capped(hugetlbReport),
  hotplug: capped(hotplugReport),
  trace: capped(trace),
  moment,
  claim: judgeClaim,
  box: (texts: readonly BoxText[]) => boxReport(readBox(texts)),
};

/** The questions' names, options and answers. */
export type Questions = typeof QUESTIONS;

/** The worker's answer about one kernel's map. */
export type MapReport = ReturnType<Questions["map"]>;

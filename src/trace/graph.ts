// SPDX-License-Identifier: GPL-2.0-only
// A folded trace as the function_graph tracer prints it (Documentation/trace/ftrace.rst): a call's time is on the line
// that closes it, followed by a comment with its result and its own work. The outermost calls also have their total
// work.
//
//   #  MODEL TIME     FUNCTION CALLS
//                 |  __add_pages(nid=0, pfn=1310720, n=262144) {
//                 |    sparse_add_section(nid=0, pfn=1310720, n=32768) { x 8
//      10.743 us  |      alloc_pages_bulk_array_node(nid=0, count=128); /* ret=128; memmap in DRAM +128 */
//      35.086 us  |    } /* sparse_add_section; ret=0; PTEs 512, PMDs 1 */
//     280.690 us  |  } /* __add_pages; ret=0; in all: memmap in DRAM +1024, PTEs 4096, PMDs 8 */
//
// Left out: CPU and task columns; one CPU runs one task here.

import { errnoName } from "../include/errno.ts";
import type { TraceValue } from "../mm/kernel.ts";
import type { CounterName } from "../mm/vmstat.ts";
import type { TraceCall, TraceStep } from "./fold.ts";
import type { TraceWork } from "./recorder.ts";

/** Names of frame uses in a trace. */
const FRAME_NAMES: Readonly<Record<string, string>> = {
  vmemmap: "memmap in DRAM",
  altmap: "memmap in pmem",
  bootVmemmap: "boot's memmap",
  pteTables: "PTE tables",
  pmdTables: "PMD tables",
  pudTables: "PUD tables",
  pgdTables: "PGD tables",
  userTables: "user tables",
  hugetlb: "frames of huge pages",
  pinned: "frames pinned",
  hwpoison: "frames poisoned",
};

/**
 * Names of work and the counters they add up, in print order. Counters that only serve model time (lines, calls) are
 * left out.
 */
const WORK_NAMES: readonly (readonly [name: string, ...counters: CounterName[]])[] = [
  ["PTEs", "pteWrites"],
  ["PMDs", "pmdWrites"],
  ["PUDs", "pudWrites"],
  ["PGDs", "pgdWrites"],
  [
    "struct pages",
    "structPagesWrittenDram",
    "structPagesWrittenPmem",
    "altmapStructPagesWritten",
    "ramStructPagesWritten",
    "hugetlbPagesPrepared",
    "hugetlbPagesDestroyed",
  ],
  ["memmap pages copied", "vmemmapPagesCopied"],
  ["mappings noted", "mappingStores"],
  ["pageblocks", "pageblocksTyped"],
  ["entries read", "gupWalkSteps"],
  ["pgmap lookups", "pgmapLookups"],
  ["pages recorded", "pagesRecorded"],
  ["refcount stores", "refcountStoresDram", "refcountStoresPmem"],
  ["pin count stores", "pincountStoresDram", "pincountStoresPmem"],
  ["references taken", "vmemmapFrameGets"],
  ["references put", "vmemmapFramePuts"],
  ["TLB flushes", "tlbFlushes"],
  ["IPIs", "tlbIpis"],
  ["grace periods", "gracePeriods"],
  ["warnings", "warnings"],
];

const NO_TIME = " ".repeat(14);

/**
 * The lines of a folded trace, under a heading that names the machine of its times (`times`: `"of the optane
 * machine"`).
 */
export function graphLines(steps: readonly TraceStep[], times: string): string[] {
  return [
    "# tracer: function_graph",
    `# model time ${times}; x N is N calls alike, time and work are of one`,
    "#",
    "#  MODEL TIME     FUNCTION CALLS",
    "#      |          |   |   |   |",
    ...steps.flatMap((step) => stepLines(step, 1)),
  ];
}

/** The work in words; empty for none. */
function workText({ counters, framesTaken: frames }: TraceWork): string {
  const parts = Object.entries(frames).map(([use, n]) => `${FRAME_NAMES[use] ?? use} ${n > 0 ? "+" : ""}${n}`);
  for (const [name, ...of] of WORK_NAMES) {
    const n = of.reduce((sum, counter) => sum + (counters[counter] ?? 0), 0);
    if (n !== 0) parts.push(`${name} ${n}`);
  }
  return parts.join(", ");
}

function stepLines(step: TraceStep, level: number): string[] {
  if ("symbol" in step) return callLines(step, level);
  const at = `${NO_TIME}|${"  ".repeat(level)}`;
  return [
    `${at}/* ${step.times} times: */`,
    ...step.calls.flatMap((call) => callLines(call, level + 1)),
    `${at}/* end of ${step.times} times */`,
  ];
}

function callLines(call: TraceCall, level: number): string[] {
  const { symbol, times, children, modelMs } = call;
  const indent = "  ".repeat(level);
  const head = `${symbol}(${Object.entries(call.args).map(([name, value]) => `${name}=${value}`).join(", ")})`;
  const did = [resultText(call.result), workText(ownWork(call))];
  if (level === 1 && children.length > 0) did.push(`in all: ${workText(call.work) || "nothing"}`);
  const time = modelMs === null || modelMs === 0 ? NO_TIME : `${timeText(modelMs)}  `;
  const x = times === 1 ? "" : ` x ${times}`;
  if (children.length === 0) return [`${time}|${indent}${head};${x}${comment(did)}`];
  return [
    `${NO_TIME}|${indent}${head} {${x}`,
    ...children.flatMap((step) => stepLines(step, level + 1)),
    `${time}|${indent}}${comment([symbol, ...did])}`,
  ];
}

function comment(parts: readonly string[]): string {
  const said = parts.filter((text) => text !== "");
  return said.length === 0 ? "" : ` /* ${said.join("; ")} */`;
}

/** The work of a call without that of the calls below it. */
function ownWork({ work, children }: TraceCall): TraceWork {
  const counters: Record<string, number> = { ...work.counters };
  const frames: Record<string, number> = { ...work.framesTaken };
  for (const step of children) {
    const [calls, loops] = "symbol" in step ? [[step], 1] : [step.calls, step.times];
    for (const call of calls) {
      subtract(counters, call.work.counters, call.times * loops);
      subtract(frames, call.work.framesTaken, call.times * loops);
    }
  }
  return { counters, framesTaken: frames };
}

function subtract(from: Record<string, number>, what: Readonly<Record<string, number>>, times: number): void {
  for (const [name, n] of Object.entries(what)) {
    from[name] = (from[name] ?? 0) - n * times;
    if (from[name] === 0) delete from[name];
  }
}

function resultText(result: TraceValue | null): string {
  if (result === null) return "";
  return `ret=${typeof result === "number" && result < -1 ? errnoName(result) : result}`;
}

function timeText(ms: number): string {
  return ms >= 100 ? `${ms.toFixed(3).padStart(9)} ms` : `${(ms * 1000).toFixed(3).padStart(9)} us`;
}

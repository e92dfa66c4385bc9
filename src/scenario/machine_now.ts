// SPDX-License-Identifier: GPL-2.0-only
// A machine at one moment of a trace, for pictures: the memmap of one window of memory, the struct page at its start, a
// user's mappings, zones, the pool of huge pages, memory blocks. The moment may be in the middle of any operation, so
// the memmap may be unmapped.

import { alignUp } from "../lib/align.ts";
import { ZONE_NAMES } from "../include/mmzone.ts";
import type { Kernel } from "../mm/kernel.ts";
import { vmemmapPage } from "../mm/page.ts";
import { type Zone, zoneFreePages } from "../mm/mmzone.ts";
import { entryHuge, lookupAddress, vmemmapVpn } from "../mm/pgtable.ts";
import { namespaceConfig } from "./box.ts";
import { createOnBox } from "./namespace.ts";
import { type LayoutReport, layoutReportOn, readLayout } from "./layout.ts";
import { type StructPageView, structPageView } from "./memmap_zoom.ts";
import { hex64 } from "./struct_page_fields.ts";
import { traceAt, type TraceOptions } from "./trace.ts";

/** A zone with a span or with pages. Frames. */
export interface ZoneNow extends Pick<Zone, "spanned" | "present" | "managed"> {
  readonly name: string;
  readonly node: number;
  readonly free: number;
}

/** What a picture of one moment shows: the window's layout, as far as it is mapped, and the machine around it. */
export interface MachineNow extends Pick<LayoutReport, "vmemmapPages" | "frames" | "tables"> {
  /** The window's first struct page; null while it is not mapped, or not written. */
  readonly head: Pick<StructPageView, "pfn" | "kind" | "refcount" | "flags"> | null;
  /** The user's entry for the first page of the mapping; null if there is none. */
  readonly user: { readonly level: "PTE" | "PMD" | "PUD"; readonly entry: string; readonly pfn: number } | null;
  readonly zones: readonly ZoneNow[];
  /** Huge pages in the pool, and how many have their vmemmap freed. */
  readonly pool: { readonly pages: number; readonly optimized: number };
  /** Memory blocks that were added, and how many are online. */
  readonly blocks: { readonly added: number; readonly online: number };
}

/** The window of memory that pictures of a path show: first frame and bytes. Runs the path. */
export function traceWindow(options: TraceOptions): { readonly startPfn: number; readonly bytes: number } {
  if (options.path === "hotplug") {
    return traceAt(options, 0, (k) => ({
      startPfn: k.machine.topology.hotplug[0]?.start ?? k.machine.topology.pmemStart,
      bytes: 2 ** (k.arch.format.pageShift + k.arch.format.tableShift),
    }));
  }
  if (options.path === "hugetlb") {
    return traceAt({ ...options, giveBack: false }, Number.MAX_SAFE_INTEGER, (k) => {
      const pool = k.hugetlb.hstates.find((h) => h.nrHugePages > 0)!;
      return { startPfn: Math.min(...pool.freeLists.flat()), bytes: pool.bytes };
    });
  }
  const { path: _path, depth: _depth, filter: _filter, ...given } = options;
  const config = namespaceConfig({ ...given, size: alignUp(options.size, 2 ** 30) });
  const window = Math.max(config.align, 2 ** 21);
  const box = createOnBox({ ...config, contents: false });
  return { startPfn: layoutReportOn(config, box, window, 0).startPfn, bytes: window };
}

/** The machine in its present state. */
export function machineNow(
  k: Kernel,
  { startPfn, bytes }: { readonly startPfn: number; readonly bytes: number },
): MachineNow {
  const vmemmapPages = Math.max(1, bytes / k.pageBytes * k.structPageSize / k.pageBytes);
  return {
    vmemmapPages,
    ...readLayout(k, vmemmapPage(k, startPfn), vmemmapPages),
    head: headNow(k, startPfn),
    user: userNow(k),
    zones: zonesNow(k),
    pool: { pages: k.hugetlb.hstates.reduce((n, h) => n + h.nrHugePages, 0), optimized: k.hugetlb.optimized },
    blocks: {
      added: k.hotplug.blocks.size,
      online: [...k.hotplug.blocks.values()].filter((block) => block.zone >= 0).length,
    },
  };
}

function headNow(k: Kernel, pfn: number): MachineNow["head"] {
  const written = k.contents && k.sections.valid(pfn);
  if (!written || lookupAddress(k, k.rootPfn, vmemmapVpn(k, vmemmapPage(k, pfn))) === null) return null;
  const { kind, refcount, flags } = structPageView(k, pfn);
  return { pfn, kind, refcount, flags };
}

function userNow(k: Kernel): MachineNow["user"] {
  const [mm] = k.mms;
  const area = mm?.areas[0];
  if (area === undefined) return null;
  const leaf = lookupAddress(k, mm.rootPfn, area.start);
  if (leaf === null) return null;
  const level = leaf.level > 0 && entryHuge(k, leaf.at) ? (["PTE", "PMD", "PUD"] as const)[leaf.level] : "PTE";
  return { level, entry: hex64(k.phys.words[leaf.at], k.phys.words[leaf.at + 1]), pfn: leaf.pfn };
}

function zonesNow(k: Kernel): ZoneNow[] {
  return k.nodes.flatMap(({ nid, zones }) =>
    zones.filter(({ spanned, present }) => spanned > 0 || present > 0).map((zone) => ({
      name: ZONE_NAMES[zone.index],
      node: nid,
      spanned: zone.spanned,
      present: zone.present,
      managed: zone.managed,
      free: zoneFreePages(zone),
    }))
  );
}

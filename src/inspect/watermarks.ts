// SPDX-License-Identifier: GPL-2.0-only
// What /proc/zoneinfo says about zones beyond their pages: watermarks and lowmem reserve (setup_per_zone_wmarks() and
// setup_per_zone_lowmem_reserve() of mm/page_alloc.c), limits of the per-CPU lists (zone_batchsize(), zone_highsize())
// and the counters' threshold (calculate_normal_threshold() of mm/vmstat.c).
//
// All follow from the zones' managed pages, the number of CPUs and the defaults of the sysctls, so they are computed
// when they are printed. The emulated allocator does not use them. The kernel has transparent huge pages, as in
// distributions: khugepaged raises min_free_kbytes.
// Left out: watermark boosts, changed sysctls, CPUs nearer to one node than to another.

import { ZONE_MOVABLE, ZONE_NORMAL } from "../include/mmzone.ts";

/** A zone, as far as its watermarks depend on it. */
export interface MarkedZone {
  readonly nid: number;
  readonly index: number;
  readonly present: number;
  readonly managed: number;
}

/** The machine around the zones. */
export interface MarkedMachine {
  /** Zones by node. */
  readonly nodes: readonly (readonly MarkedZone[])[];
  readonly cpus: number;
  readonly pageBytes: number;
  readonly pageblockPages: number;
  /** ZONE_MOVABLE takes no part of min_free_kbytes: Linux 6.6. */
  readonly movableApart: boolean;
}

/** The marks of one zone. Pages, except for the threshold. */
export interface ZoneMarks {
  readonly min: number;
  readonly low: number;
  readonly high: number;
  readonly promo: number;
  /** By index of the requested zone: what is kept from allocations that could use a higher zone. */
  readonly protection: readonly number[];
  readonly batch: number;
  /** Pages a CPU may keep: `high` before Linux 6.7, `high_min` since. */
  readonly pcpHigh: number;
  /** `high_max`, since Linux 6.7. */
  readonly pcpHighMax: number;
  readonly threshold: number;
}

/** Defaults of vm.watermark_scale_factor, of vm.lowmem_reserve_ratio by zone, and bounds of vm.min_free_kbytes. */
const WATERMARK_SCALE_FACTOR = 10;
const LOWMEM_RESERVE_RATIO = [256, 256, 32, 0, 0];
const MIN_FREE_KBYTES = [128, 262144] as const;
/** MIGRATE_PCPTYPES. */
const PCPTYPES = 3;
const MIN_PERCPU_PAGELIST_HIGH_FRACTION = 8;
const SWAP_CLUSTER_MAX = 32;
const MOST_THRESHOLD = 125;

type Watermarks = Pick<ZoneMarks, "min" | "low" | "high" | "promo">;

/** The marks of every zone. */
export function zoneMarks(machine: MarkedMachine): Map<MarkedZone, ZoneMarks> {
  const watermarks = settledWatermarks(machine);
  const found = new Map<MarkedZone, ZoneMarks>();
  for (const zones of machine.nodes) {
    for (const zone of zones) {
      const marks = watermarks.get(zone)!;
      const batch = batchOf(zone.managed, machine.pageBytes);
      found.set(zone, {
        ...marks,
        protection: zones.map((upper) => lowmemReserve(zones, zone, upper.index)),
        batch,
        pcpHigh: Math.max(Math.floor(marks.low / machine.cpus), 4 * batch),
        pcpHighMax: Math.max(
          Math.floor(Math.floor(zone.managed / MIN_PERCPU_PAGELIST_HIGH_FRACTION) / machine.cpus),
          4 * batch,
        ),
        threshold: thresholdOf(zone.managed, machine),
      });
    }
  }
  return found;
}

/** `init_per_zone_wmark_min`, then `set_recommended_min_free_kbytes`, which sees the watermarks of the former. */
function settledWatermarks(machine: MarkedMachine): Map<MarkedZone, Watermarks> {
  const lowmemKib = freeBufferPages(machine, null) * machine.pageBytes / 1024;
  const root = Math.floor(Math.sqrt(lowmemKib * 16));
  const kib = Math.min(Math.max(root, MIN_FREE_KBYTES[0]), MIN_FREE_KBYTES[1]);
  const atBoot = perZoneWatermarks(machine, kib);
  const lowZones = machine.nodes.flat().filter(({ index, present }) => present > 0 && index <= ZONE_NORMAL);
  const wanted = machine.pageblockPages * lowZones.length * (2 + PCPTYPES * PCPTYPES);
  const recommended = Math.min(wanted, Math.floor(freeBufferPages(machine, atBoot) / 20));
  return perZoneWatermarks(machine, Math.max(kib, recommended * machine.pageBytes / 1024));
}

/** `nr_free_buffer_pages`: managed pages above the high watermark, in zones up to ZONE_NORMAL. */
function freeBufferPages({ nodes }: MarkedMachine, marks: ReadonlyMap<MarkedZone, Watermarks> | null): number {
  return nodes.flat().filter(({ index }) => index <= ZONE_NORMAL)
    .reduce((sum, zone) => sum + Math.max(0, zone.managed - (marks?.get(zone)?.high ?? 0)), 0);
}

/** `__setup_per_zone_wmarks`: a zone's share of min_free_kbytes, and steps of at least 0.1 % of the zone above it. */
function perZoneWatermarks(machine: MarkedMachine, minFreeKib: number): Map<MarkedZone, Watermarks> {
  const pages = Math.floor(minFreeKib * 1024 / machine.pageBytes);
  const apart = ({ index }: MarkedZone) => machine.movableApart && index === ZONE_MOVABLE;
  const zones = machine.nodes.flat();
  const lowmem = zones.filter((zone) => !apart(zone)).reduce((sum, { managed }) => sum + managed, 0);
  return new Map(zones.map((zone) => {
    const share = Math.floor(pages * zone.managed / lowmem);
    const min = apart(zone) ? Math.min(Math.max(zone.managed >> 10, SWAP_CLUSTER_MAX), 128) : share;
    const step = Math.max(share >> 2, Math.floor(zone.managed * WATERMARK_SCALE_FACTOR / 10000));
    return [zone, { min, low: min + step, high: min + 2 * step, promo: min + 3 * step }];
  }));
}

/** `setup_per_zone_lowmem_reserve`: a part of the zones above `zone`, up to the requested one. */
function lowmemReserve(zones: readonly MarkedZone[], { index, managed }: MarkedZone, upTo: number): number {
  const ratio = LOWMEM_RESERVE_RATIO[index];
  if (ratio === 0 || managed === 0 || upTo <= index) return 0;
  const above = zones.filter((zone) => zone.index > index && zone.index <= upTo);
  return Math.floor(above.reduce((sum, zone) => sum + zone.managed, 0) / ratio);
}

/** `zone_batchsize`: 0.025 % of the zone or 256 KiB, as a power of two less one. */
function batchOf(managed: number, pageBytes: number): number {
  const batch = Math.max(1, Math.min(Math.floor(managed / 4096), 2 ** 18 / pageBytes));
  return Math.max(1, 2 ** (fls(batch + (batch >> 1)) - 1) - 1);
}

/** `calculate_normal_threshold`. */
function thresholdOf(managed: number, { cpus, pageBytes }: MarkedMachine): number {
  const mem = Math.floor(managed * pageBytes / 2 ** 27);
  return Math.min(MOST_THRESHOLD, 2 * fls(cpus) * (1 + fls(mem)));
}

/** The number of the highest set bit, counted from 1; 0 for none. */
function fls(value: number): number {
  return 32 - Math.clz32(value);
}

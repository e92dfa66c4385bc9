// SPDX-License-Identifier: GPL-2.0-only
// The emulator against C on the same bytes: the contests, their machines, and the checks that both sides did
// the work. yardstick_bench.ts times these with `deno bench`, ratio.ts alternately in one table.
//
// A contest runs its steps in order, first all of the emulator's, then all of C's, so that both find the caches alike.

import { createNamespace, destroyNamespace } from "../src/drivers/nvdimm/namespace.ts";
import { ndRegions } from "../src/drivers/nvdimm/region.ts";
import { PAGE_PGMAP, PAGE_PGMAP_HI } from "../src/include/mm_types.ts";
import { ZONE_DEVICE } from "../src/include/mmzone.ts";
import { pageLinksHi } from "../src/include/page_flags.ts";
import { SZ_1G, SZ_2M } from "../src/include/sizes.ts";
import { panic } from "../src/lib/bug.ts";
import { gupTestGet, gupTestPut } from "../src/mm/gup/ioctl.ts";
import { memmapInitZoneDevice } from "../src/mm/mm_init.ts";
import { pageAddressHi, pageAddressLo, pageRefcount, readPage } from "../src/mm/page.ts";
import { C } from "../src/mm/vmstat.ts";
import { bootBox, namespaceConfig } from "../src/scenario/box.ts";
import { gupBox } from "../src/scenario/gup.ts";
import { createOnBox, NamespaceError } from "../src/scenario/namespace.ts";
import { frameSlots, memmapSlots, memoryPointer, type Yardstick } from "./native.ts";

/** In the order they run. */
export const SIDES = ["emulator", "native"] as const;
/** The side that does a step. */
export type Side = typeof SIDES[number];

/** A step that both sides do. Each side checks its work and panics if it was incomplete. */
export interface Step extends Readonly<Record<Side, () => void>> {
  /** Undoes the step, untimed. */
  readonly restore?: Readonly<Record<Side, () => void>>;
}

/** The contest on one machine. */
export interface Contest {
  readonly name: string;
  /** The unit that one step handles, and how many of them. */
  readonly unit: string;
  readonly units: number;
  /** The steps that `open` returns: names, and the target ratio emulator : C. */
  readonly steps: readonly { readonly name: string; readonly limit: number }[];
  readonly open: (c: Yardstick) => readonly Step[];
}

const GUP_BYTES = 16 * SZ_1G;
const GUP_PAGES = GUP_BYTES / 4096;
const BATCH = 512;
const PER_MEMMAP_PAGE = 64;

function all(done: number | bigint, wanted: number, who: string): void {
  if (Number(done) !== wanted) panic(`yardstick: ${who} did ${done} of ${wanted}`);
}

/** gup_test's loop on a kernel; C does the same with the same tables and struct pages. */
function gup(c: Yardstick, kernel: "5.14" | "v4", shared: boolean): readonly Step[] {
  const config = namespaceConfig({ size: GUP_BYTES, align: SZ_2M, kernel });
  const { kernel: k, area: { mm, start } } = gupBox(config, { shared });
  const pages = new Float64Array(GUP_PAGES);
  const nativePages = new Float64Array(GUP_PAGES);
  const { pmemStart } = k.machine.topology;
  const slots = frameSlots(k, pmemStart);
  const pgmap = k.pgmaps.entries[0].range;
  const vmemmap = word64(pageAddressLo(k, 0), pageAddressHi(k, 0));
  const suffix = shared ? "_locked" : "";
  const nativeGet = kernel === "v4" ? c.gup_get_compound : c[`gup_get_base${suffix}`];
  const nativePut = c[`gup_put${suffix}`];
  const get = {
    emulator: () => all(gupTestGet(k, mm, start, BATCH, "get", pages), GUP_PAGES, "gup"),
    native: () => all(nativeGet(slots, BigInt(start), BigInt(GUP_PAGES), nativePages), GUP_PAGES, "C"),
  };
  const put = {
    emulator: () => {
      gupTestPut(k, "get", pages, GUP_PAGES);
      all(k.gupRefs, 0, "put_page");
    },
    native: () => all(nativePut(slots, nativePages, BigInt(GUP_PAGES)), GUP_PAGES, "C"),
  };
  const [root, userRoot, first, end, pmem] = [k.rootPfn, mm.rootPfn, pgmap.start, pgmap.end, pmemStart].map(BigInt);
  c.gup_setup(memoryPointer(k), root, userRoot, vmemmap, first, end, pmem);
  // Both hold all pages at the same time, then none.
  const holders = (wanted: number) => {
    for (const i of [0, BATCH, GUP_PAGES - BATCH]) all(pageRefcount(k, pages[i]), wanted, "gup");
  };
  get.emulator();
  get.native();
  if (pages.some((pfn, i) => pfn !== nativePages[i])) panic("yardstick: C holds other pages than the emulator");
  holders(kernel === "v4" ? 1 + 2 * BATCH : 3);
  put.emulator();
  put.native();
  holders(1);
  all(c.gup_refs(), 0, "C");
  return [get, put];
}

/** Struct pages a namespace of 2 MiB pages writes: all of them, or a head's and a tail's memmap page per compound. */
function initUnits(compounds: boolean): { bytes: number; units: number } {
  return compounds
    ? { bytes: 64 * SZ_1G, units: 64 * 512 * 2 * PER_MEMMAP_PAGE }
    : { bytes: GUP_BYTES, units: GUP_PAGES };
}

/** memmap_init_zone_device() over a namespace that is already up, repeatedly, and the same bytes from C. */
function init(c: Yardstick, compounds: boolean): readonly Step[] {
  const { bytes, units } = initUnits(compounds);
  const config = namespaceConfig({ size: bytes, align: SZ_2M, kernel: compounds ? "6.1" : "5.14" });
  const { kernel: k, namespace } = createOnBox(config);
  const { pgmap } = namespace;
  const { start, end } = pgmap.ranges[0];
  all(end - start, bytes / k.pageBytes, "createNamespace");
  const count = units / PER_MEMMAP_PAGE;
  const slots = compounds
    ? memmapSlots(k, start, count, BATCH / 2, (i) => i % 2 === 0 ? 0 : PER_MEMMAP_PAGE - BATCH / 2)
    : memmapSlots(k, start, count, PER_MEMMAP_PAGE);
  const memory = memoryPointer(k);
  const links = BigInt(pageLinksHi(ZONE_DEVICE, pgmap.nid) >>> 0) << 32n;
  const owner = word64(readPage(k, start, PAGE_PGMAP), readPage(k, start, PAGE_PGMAP_HI));
  const head = word64(pageAddressLo(k, start), pageAddressHi(k, start));
  const emulator = () => all(memmapInitZoneDevice(k, start, end, pgmap), units, "memmap_init_zone_device");
  const native = compounds
    ? () => all(c.init_compound(memory, slots, BigInt(count / 2), links, owner, head), units, "C")
    : () => all(c.init_base(memory, slots, BigInt(count), links, owner), units, "C");
  const sample = [0, 1, count / 2, count - 2, count - 1].map((i) => slots[i] * k.pageBytes);
  const snapshot = () => sample.map((at) => k.phys.bytes.slice(at, at + k.pageBytes).join()).join("\n");
  emulator();
  const written = snapshot();
  for (const at of sample) k.phys.bytes.fill(0, at, at + k.pageBytes);
  native();
  if (snapshot() !== written) panic("yardstick: C writes other struct pages than the emulator");
  return [{ emulator, native }];
}

function word64(lo: number, hi: number): bigint {
  return BigInt(hi >>> 0) << 32n | BigInt(lo >>> 0);
}

const FIRST_BYTES = 256 * SZ_1G;
const FIRST_COMPOUNDS = FIRST_BYTES / SZ_2M;

/**
 * A namespace on a fresh machine: its memmap, gigabytes of it, is touched for the first time. C
 * fills as many memmap pages of fresh memory in order, without tables.
 */
function firstTouch(c: Yardstick): readonly Step[] {
  const config = namespaceConfig({ size: FIRST_BYTES, align: SZ_2M, kernel: "6.1" });
  let k = bootBox(config);
  // A head's and a tails' page of memmap for each compound, adjacent.
  const slots = Uint32Array.from({ length: 2 * FIRST_COMPOUNDS }, (_, i) => i);
  const bytes = BigInt(slots.length * 4096);
  let memory: Deno.PointerValue = null;
  return [{
    emulator: () => {
      const before = k.stat[C.structPagesWrittenDram];
      const namespace = createNamespace(k, ndRegions(k)[0], config);
      if (typeof namespace === "number") throw new NamespaceError(namespace);
      all(k.stat[C.structPagesWrittenDram] - before, slots.length * PER_MEMMAP_PAGE, "createNamespace");
    },
    native: () => {
      memory = c.fresh_memory(bytes);
      if (memory === null) panic("yardstick: C gets no memory");
      const compounds = c.init_compound(memory, slots, BigInt(FIRST_COMPOUNDS), 0n, 0n, 0n);
      all(compounds, slots.length * PER_MEMMAP_PAGE, "C");
    },
    restore: {
      emulator: () => {
        // Without this the old machine keeps its pages until it is collected, perhaps while a side is timed.
        c.drop_memory(memoryPointer(k), BigInt(k.phys.bytes.byteLength));
        k = bootBox(config);
      },
      native: () => c.release_memory(memory, bytes),
    },
  }];
}

const POPULATE_BYTES = 128 * SZ_1G;
const COMPOUNDS = POPULATE_BYTES / SZ_2M;
const PTES = 8 * COMPOUNDS;

/**
 * Frames, tables and references of the memmap of 128 GiB in 2 MiB compounds; no struct page of the device is written.
 */
function populate(c: Yardstick): readonly Step[] {
  const config = namespaceConfig({ size: POPULATE_BYTES, align: SZ_2M, kernel: "6.1", contents: false });
  const k = bootBox(config);
  const region = ndRegions(k)[0];
  let namespace: ReturnType<typeof createNamespace> = 0;
  // As many free frames as the machine's DRAM has.
  const frames = k.machine.topology.dram.reduce((sum, r) => sum + r.end - r.start, 0);
  const structPages = new Uint8Array(frames * k.structPageSize);
  const slots = new Uint32Array(frames);
  const tables = new Uint8Array((PTES / 512 + 16) * k.pageBytes);
  const reset = () => c.populate_reset(structPages, slots, tables, BigInt(frames));
  reset();
  return [{
    emulator: () => {
      const before = k.stat[C.pteWrites];
      namespace = createNamespace(k, region, config);
      if (typeof namespace === "number") throw new NamespaceError(namespace);
      all(k.stat[C.pteWrites] - before, PTES, "createNamespace");
    },
    native: () => all(c.populate(BigInt(COMPOUNDS)), PTES, "C"),
    restore: {
      emulator: () => {
        if (typeof namespace === "number" || destroyNamespace(k, namespace) < 0) panic("yardstick: cannot destroy");
        namespace = 0;
      },
      native: reset,
    },
  }];
}

const gupContest = { unit: "page", units: GUP_PAGES };
const gupSteps = (get: number, put: number) => [{ name: "get", limit: get }, { name: "put", limit: put }];
const initContest = { unit: "struct page", steps: [{ name: "init", limit: 1.3 }] };

/** All contests. */
export const CONTESTS: readonly Contest[] = [
  { ...gupContest, name: "gup 16G before", steps: gupSteps(1.3, 1.3), open: (c) => gup(c, "5.14", false) },
  { ...gupContest, name: "gup 16G before, locked", steps: gupSteps(2.2, 2.2), open: (c) => gup(c, "5.14", true) },
  { ...gupContest, name: "gup 16G after", steps: gupSteps(1.5, 1.75), open: (c) => gup(c, "v4", false) },
  { ...initContest, name: "base struct pages", units: initUnits(false).units, open: (c) => init(c, false) },
  { ...initContest, name: "2M struct pages", units: initUnits(true).units, open: (c) => init(c, true) },
  {
    ...initContest,
    name: "first touch of 1 GiB",
    units: FIRST_COMPOUNDS * 2 * PER_MEMMAP_PAGE,
    open: firstTouch,
  },
  { name: "memmap of 128G, 2M", unit: "PTE", units: PTES, steps: [{ name: "populate", limit: 2 }], open: populate },
];

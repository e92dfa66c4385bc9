// SPDX-License-Identifier: GPL-2.0-only
// Lines of the memmap that a round of gup_test touches, 512 pages to a 2 MiB page of the device. Per compound:
//
//   base pages           512 written in order
//   head only (patch 8)  1 jump, 1 written; 2 when the pin count has its own
//   tails, all separate  511 read in order
//   tails, shared        63 + 64 read in order, 6 x 64 cached

import { assertEquals } from "@std/assert";
import { PRESETS } from "../include/kernel_config.ts";
import type { KernelConfig } from "../include/kernel_config.ts";
import { checkInvariants } from "./debug_vm.ts";
import type { GupMode } from "./gup_refs.ts";
import { gupTest } from "./gup_test_ioctl.ts";
import type { CounterValues } from "./vmstat.ts";
import { namespaceConfig } from "../scenario/box.ts";
import { gupBox } from "../scenario/gup.ts";

const SIZE = 2 ** 26;
const COMPOUNDS = 32;

interface Lines {
  readonly written: number;
  readonly read: number;
  readonly cached: number;
  readonly jumps: number;
  readonly stats: number;
}

function linesOf(c: CounterValues): Lines {
  return {
    written: c.memmapLinesWrittenDram / COMPOUNDS,
    read: c.memmapLinesReadDram / COMPOUNDS,
    cached: c.memmapLinesCached / COMPOUNDS,
    jumps: c.memmapJumpsDram / COMPOUNDS,
    stats: c.nodeStatUpdates / COMPOUNDS,
  };
}

function round(kernel: KernelConfig, mode: GupMode): { readonly get: Lines; readonly put: Lines } {
  const { kernel: k, area } = gupBox(namespaceConfig({ size: SIZE, kernel: "5.14" }), { kernel });
  const pages = SIZE / k.pageBytes;
  const test = gupTest(k, { mm: area.mm, vpn: area.start, pages, batch: 512, mode, repeats: 1 });
  assertEquals(test.getCounters.gupCalls, COMPOUNDS);
  checkInvariants(k);
  return { get: linesOf(test.getCounters), put: linesOf(test.putCounters) };
}

const CORE: KernelConfig = { ...PRESETS["v4"], gup: "per-page", dedup: "none", initUniqueOnly: false };
const NOTHING = { written: 0, read: 0, cached: 0, jumps: 0, stats: 0 };

Deno.test("base pages: every line is written once to get and once to put", () => {
  const line = { ...NOTHING, written: 512 };
  assertEquals(round(PRESETS["5.14"], "get"), { get: line, put: line });
  const pinned = { ...line, stats: 512 };
  assertEquals(round(PRESETS["5.14"], "pin"), { get: pinned, put: pinned });
});

Deno.test("patch 8: to get touches the head alone, to unpin reads the tails", () => {
  const head = { ...NOTHING, written: 2, jumps: 1, stats: 1 };
  const { get, put } = round(PRESETS["v4"], "pin");
  assertEquals(get, head);
  assertEquals(put, { ...head, read: 127, cached: 384 });
  assertEquals(round(PRESETS["v4"], "get").get, { ...NOTHING, written: 1, jumps: 1 });
});

Deno.test("compounds with references per page: tails that share nothing are all read", () => {
  const { get, put } = round(CORE, "pin");
  assertEquals(get, { written: 2, read: 511, cached: 0, jumps: 1, stats: 512 });
  assertEquals(put, { written: 2, read: 511, cached: 0, jumps: 1, stats: 1 });
});

Deno.test("an altmap's lines count as pmem", () => {
  const { kernel: k, area } = gupBox(namespaceConfig({ size: SIZE, map: "dev", kernel: "5.14" }));
  const pages = SIZE / k.pageBytes;
  const { getCounters: c } = gupTest(k, { mm: area.mm, vpn: area.start, pages, batch: 512, mode: "get", repeats: 1 });
  // A section of which only a part is device memory has its memmap in DRAM even with an altmap (I15).
  assertEquals(c.memmapLinesWrittenDram + c.memmapLinesWrittenPmem, pages);
  assertEquals(c.memmapLinesWrittenPmem, c.refcountStoresPmem);
  checkInvariants(k);
});

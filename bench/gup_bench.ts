// SPDX-License-Identifier: GPL-2.0-only
// gup_test as patch 8 of document 001 reports it (fixtures/series/gup.json, README.md here): 16 and 128 GiB of a device
// with 2 MiB pages, get and pin, memmap in DRAM and in pmem, before and after the series, in calls of 512 pages. Get
// and put are timed separately; the other half of the round, and inspecting the state in between, are not timed.

import type { MapMode } from "../src/drivers/nvdimm/pfn_devs.ts";
import { SZ_1G, SZ_1M, SZ_2M } from "../src/include/sizes.ts";
import { panic } from "../src/lib/bug.ts";
import type { GupMode } from "../src/include/gup.ts";
import { gupTestGet, gupTestPut, verifyHeld } from "../src/mm/gup/ioctl.ts";
import { namespaceConfig } from "../src/scenario/box.ts";
import { type GupBox, gupBox } from "../src/scenario/gup.ts";
import { modelled, printModel } from "./_model.ts";
import { box, hostHas, recordedPages } from "./boxes.ts";

/** Memory held: gup_test's -m, in MiB, and how often it is measured. */
interface Sweep {
  readonly size: string;
  readonly map: MapMode;
  readonly mib: number;
  readonly n: number;
  readonly kernels: readonly (readonly [kernel: string, what: string])[];
}

const BEFORE = ["5.14", "before: base pages, a reference per page"] as const;
const AFTER = ["v4", "after (patch 8): a reference per compound"] as const;
const MERGED = ["6.1", "as merged: compounds, still a reference per page"] as const;

const SWEEPS: readonly Sweep[] = [
  { size: "16G", map: "mem", mib: 16384, n: 10, kernels: [BEFORE, AFTER, MERGED] },
  { size: "16G", map: "dev", mib: 16384, n: 10, kernels: [BEFORE, AFTER, MERGED] },
  { size: "128G", map: "mem", mib: 129022, n: 3, kernels: [BEFORE, AFTER] },
  { size: "128G", map: "dev", mib: 127004, n: 3, kernels: [BEFORE, AFTER] },
];

/** Pages per call (gup_test -n). */
const BATCH = 512;

function device(sweep: Sweep, kernel: string): GupBox {
  const { size, map, mib } = sweep;
  // A namespace is a multiple of 16 MiB; the range held need not be.
  const config = namespaceConfig({ size: SZ_1G, align: SZ_2M, map, kernel });
  return box(`${size} ${map}`, kernel, () => gupBox({ ...config, size: mib * SZ_1M }));
}

function get(mode: GupMode, { kernel, area }: GupBox, pages: Float64Array): void {
  const held = gupTestGet(kernel, area.mm, area.start, BATCH, mode, pages);
  if (held !== pages.length) panic(`gup_bench: ${held} of ${pages.length} pages held`);
}

/** Model time of one more round on the documents' machine; stderr, untimed. */
function printModels(name: string, mode: GupMode, target: GupBox, pages: Float64Array): void {
  printModel(`${name}: get`, modelled(target.kernel, () => get(mode, target, pages)));
  printModel(`${name}: put`, modelled(target.kernel, () => gupTestPut(target.kernel, mode, pages, pages.length)));
}

/** One bench: a round of gup_test with one half of it timed. The first round's state is checked page by page. */
function register(sweep: Sweep, mode: GupMode, half: "get" | "put", kernel: string, what: string): void {
  let looked = false;
  const look = (target: GupBox, pages: Float64Array) => {
    verifyHeld(target.kernel, pages, pages.length, mode);
    gupTestPut(target.kernel, mode, pages, pages.length);
    if (half === "get") printModels(`${mode} ${sweep.size} map=${sweep.map}, ${what}`, mode, target, pages);
    get(mode, target, pages);
  };
  Deno.bench({
    name: `${what}`,
    group: `${mode === "get" ? "get" : "pin"}_user_pages_fast ${sweep.size} map=${sweep.map}: ${half}`,
    baseline: kernel === BEFORE[0],
    ignore: !hostHas(sweep.size === "128G" ? 10 * SZ_1G : 3 * SZ_1G),
    n: sweep.n,
    warmup: 1,
    fn: (b) => {
      const target = device(sweep, kernel);
      const pages = recordedPages(sweep.mib * SZ_1M / target.kernel.pageBytes);
      if (half === "get") b.start();
      get(mode, target, pages);
      if (half === "get") b.end();
      if (!looked) look(target, pages);
      looked = true;
      if (half === "put") b.start();
      gupTestPut(target.kernel, mode, pages, pages.length);
      if (half === "put") b.end();
      const { gupRefs, gupPins } = target.kernel;
      if (gupRefs !== 0 || gupPins !== 0) panic(`gup_bench: ${gupRefs} references and ${gupPins} pins not returned`);
    },
  });
}

for (const sweep of SWEEPS) {
  for (const mode of ["get", "pin"] as const) {
    for (const half of ["get", "put"] as const) {
      for (const [kernel, what] of sweep.kernels) register(sweep, mode, half, kernel, what);
    }
  }
}

// SPDX-License-Identifier: GPL-2.0-only
// What bench:compare times: the paths of the benches on machines small enough that a case takes milliseconds, so that
// many turns fit into a minute, with memmaps that do not fit into a processor's own cache. `run` is timed, `restore`
// makes it possible again.

import { SZ_1G } from "../../src/include/sizes.ts";
import { panic } from "../../src/lib/bug.ts";
import { parseSize } from "../../src/lib/units.ts";
import { createNamespace, destroyNamespace } from "../../src/drivers/nvdimm/namespace.ts";
import { ndRegions } from "../../src/drivers/nvdimm/region.ts";
import { gupTestGet, gupTestPut } from "../../src/mm/gup/ioctl.ts";
import { bootBox, namespaceConfig, type NamespaceOptions } from "../../src/scenario/box.ts";
import { gupBox } from "../../src/scenario/gup.ts";
import { hotplugMachine, hotplugStep, type Step, STEPS, VARIANTS } from "./hotplug.ts";
import { givePoolBack, makePool, poolMachine, POOLS } from "./hugetlb.ts";

/** FOLL_GET or FOLL_PIN. */
type GupMode = "get" | "pin";

/** A case on its machine. */
export interface Bench {
  readonly run: () => void;
  readonly restore: () => void;
}

/** A case: its name, and how to build its machine. */
export interface Case {
  readonly name: string;
  readonly build: () => Bench;
}

/** What is held by gup. */
const HELD = 4 * SZ_1G;
/** gup_test's pages per call. */
const BATCH = 512;
/** Huge pages of a pool. */
const POOL = 1024;

function gup(half: "get" | "put", mode: GupMode, kernel: string): Bench {
  const { kernel: k, area } = gupBox(namespaceConfig({ size: HELD, kernel }));
  const pages = new Float64Array(HELD / k.pageBytes);
  const get = () => {
    const held = gupTestGet(k, area.mm, area.start, BATCH, mode, pages);
    if (held !== pages.length) panic(`gup: ${held} of ${pages.length} pages held`);
  };
  const put = () => gupTestPut(k, mode, pages, pages.length);
  if (half === "get") return { run: get, restore: put };
  get();
  return { run: put, restore: get };
}

function bootstrap(options: NamespaceOptions): Bench {
  const config = namespaceConfig(options);
  const k = bootBox(config);
  let namespace: ReturnType<typeof createNamespace> = 0;
  const run = () => {
    namespace = createNamespace(k, ndRegions(k)[0], config);
  };
  const restore = () => {
    if (typeof namespace === "number") panic(`bootstrap: the namespace fails with ${namespace}`);
    if (destroyNamespace(k, namespace) < 0) panic("bootstrap: the namespace does not go");
  };
  return { run, restore };
}

function pool(half: "make" | "free", options: typeof POOLS[number][1]): Bench {
  const k = poolMachine(POOL, options);
  const make = () => makePool(k, POOL);
  const free = () => givePoolBack(k);
  if (half === "make") return { run: make, restore: free };
  make();
  return { run: free, restore: make };
}

function hotplug(variant: typeof VARIANTS[number], timed: readonly Step[]): Bench {
  const k = hotplugMachine(SZ_1G, variant);
  const others = STEPS.filter((step) => !timed.includes(step));
  // What is timed comes first or last in a round, so that one restore() does all the rest.
  if (timed[0] !== STEPS[0]) { for (const step of others) hotplugStep(k, step); }
  return {
    run: () => timed.forEach((step) => hotplugStep(k, step)),
    restore: () => others.forEach((step) => hotplugStep(k, step)),
  };
}

/** gup's cases: kernels by what they stand for, what is timed, by what it was held. */
const GUP: readonly (readonly [name: string, half: "get" | "put", mode: GupMode])[] = [
  ["get", "get", "get"],
  ["put", "put", "get"],
  ["pin", "get", "pin"],
  ["unpin", "put", "pin"],
];
const GUP_KERNELS: readonly (readonly [kernel: string, what: string])[] = [
  ["5.14", "before"],
  ["v4", "patch 8"],
  ["6.1", "6.1"],
];

const NAMESPACES: readonly (readonly [size: string, align: string, map: "mem" | "dev"])[] = [
  ["4G", "4K", "mem"],
  ["8G", "2M", "mem"],
  ["2G", "2M", "dev"],
  ["256G", "1G", "mem"],
];

const HOTPLUG: readonly (readonly [name: string, variant: number, timed: readonly Step[]])[] = [
  ["add and online", 0, ["add", "online"]],
  ["add, base pages", 1, ["add"]],
  ["remove, base pages", 1, ["offline", "remove"]],
  ["add and online, memmap on memory", 2, ["add", "online"]],
];

/** Every case, in the order they are run. */
export const CASES: readonly Case[] = [
  ...GUP_KERNELS.flatMap(([kernel, what]) =>
    GUP.map(([name, half, mode]) => ({ name: `${name} 4G ${what}`, build: () => gup(half, mode, kernel) }))
  ),
  ...NAMESPACES.map(([size, align, map]) => ({
    name: `bootstrap ${size} ${align} map=${map}`,
    build: () => bootstrap({ size: parseSize(size), align: parseSize(align), map, kernel: "6.1" }),
  })),
  ...[0, 3, 4].map((i) => POOLS[i]).flatMap(([name, options]) =>
    (["make", "free"] as const).map((half) => ({
      name: `${half} ${POOL} huge pages, ${name}`,
      build: () => pool(half, options),
    }))
  ),
  ...HOTPLUG.map(([name, variant, timed]) => ({
    name: `hotplug 1G: ${name}`,
    build: () => hotplug(VARIANTS[variant], timed),
  })),
];

// SPDX-License-Identifier: GPL-2.0-only
// The cases of bench:compare: the paths of the benches on machines small enough that a case takes milliseconds, so that
// many runs fit into a minute, with memmaps too large for a processor's own cache. `run` is timed, `restore`
// makes it possible again.

import { SZ_1G } from "../../src/include/sizes.ts";
import { parseSize } from "../../src/lib/units.ts";
import { type CaseBox, creationCase, gupTestCase } from "../../src/cli/calibrate_cases.ts";
import type { GupMode } from "../../src/include/gup.ts";
import { hotplugMachine, hotplugStep, type Step, STEPS, VARIANTS } from "./hotplug.ts";
import { givePoolBack, makePool, poolMachine, POOLS } from "./hugetlb.ts";

/** A case on its machine. */
export type Bench = Pick<CaseBox, "run" | "restore">;

/** A case: its name, and how to build its machine. */
export interface Case {
  readonly name: string;
  readonly build: () => Bench;
}

/** Memory held by gup. */
const HELD = 4 * SZ_1G;
/** Huge pages of a pool. */
const POOL = 1024;

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
  // The timed part comes first or last in a round, so that one restore() does all the rest.
  if (timed[0] !== STEPS[0]) { for (const step of others) hotplugStep(k, step); }
  return {
    run: () => timed.forEach((step) => hotplugStep(k, step)),
    restore: () => others.forEach((step) => hotplugStep(k, step)),
  };
}

/** gup's cases: kernels by role, the timed half, and how it is held. */
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
    GUP.map(([name, half, mode]) => ({
      name: `${name} 4G ${what}`,
      build: () => gupTestCase({ kernel, phase: half, mode, size: HELD }),
    }))
  ),
  ...NAMESPACES.map(([size, align, map]) => ({
    name: `bootstrap ${size} ${align} map=${map}`,
    build: () => creationCase({ size: parseSize(size), align: parseSize(align), map, kernel: "6.1" }),
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

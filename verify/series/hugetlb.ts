// SPDX-License-Identifier: GPL-2.0-only
// HugeTLB pools with and without the vmemmap optimisation, before and after its flushes were batched. For each host,
// the plain and the batched times give the cost of a page, and the unbatched free gives the cost of an IPI. The
// unbatched allocation (7x and 60x slower than without the optimisation) is then predicted: five figures give five
// costs, and the sixth tests them.

import { FREED_PER_PAGE, type HugetlbCost, hugetlbIpis, hugetlbMs, type HugetlbWork } from "../../src/model/hugetlb.ts";
import { HUGETLB_FIT } from "../../src/model/calibrated.ts";
import { HUGETLB_HOSTS, HUGETLB_SEED004, type HugetlbHost } from "./figures.ts";
import { LIMIT } from "./judge.ts";

/** Pages of 2 MiB whose struct pages one split PMD leaf maps. */
const PAGES_PER_SPLIT = 64;

/** A predicted slowdown: allocation with the optimisation over allocation without. */
export interface Slowdown {
  readonly hostName: string;
  readonly documented: number;
  readonly modelled: number;
  readonly deviation: number;
  readonly ok: boolean;
}

/** Costs of one host, from all of its figures but the unbatched allocation. */
export function hostCost({ cpus, pages, off, batched, unbatched }: HugetlbHost): HugetlbCost {
  const perPage = (seconds: number) => seconds * 1e9 / pages;
  const ipis = hugetlbIpis(pages, cpus, "unbatched", Infinity) / pages;
  return {
    alloc: perPage(off.alloc),
    free: perPage(off.free),
    optimize: perPage(batched.alloc - off.alloc),
    restore: perPage(batched.free - off.free),
    ipi: perPage(unbatched.free - batched.free) / ipis,
  };
}

/** The predicted unbatched allocation of each host against the documented one. */
export function judgeSlowdowns(): Slowdown[] {
  return HUGETLB_HOSTS.map((host) => {
    const cost = hostCost(host);
    const { pages, cpus, off, unbatched } = host;
    const work = poolMade(pages);
    const tlbIpis = hugetlbIpis(pages, cpus, "unbatched", PAGES_PER_SPLIT);
    const modelled = hugetlbMs({ ...work, tlbIpis }, cost) / 1000 / off.alloc;
    const documented = unbatched.alloc / off.alloc;
    const deviation = modelled / documented - 1;
    return { hostName: host.name, documented, modelled, deviation, ok: Math.abs(deviation) <= LIMIT };
  });
}

/** A pool made and optimised as on the hosts, without interrupts. */
function poolMade(pages: number): Omit<HugetlbWork, "tlbIpis"> {
  return { allocated: pages, freed: 0, vmemmapFreed: pages * FREED_PER_PAGE, vmemmapRestored: 0 };
}

/** The slowdown of allocation with this many CPUs. */
export interface CpuRow {
  readonly cpus: number;
  readonly unbatched: number;
  readonly batched: number;
}

/** The slowdown of a host's allocation for other numbers of CPUs. */
export function slowdownByCpus(host: HugetlbHost, counts: readonly number[]): CpuRow[] {
  const cost = hostCost(host);
  const { pages } = host;
  const work = poolMade(pages);
  const slowdown = (cpus: number, policy: "unbatched" | "batched") => {
    const tlbIpis = hugetlbIpis(pages, cpus, policy, PAGES_PER_SPLIT);
    return hugetlbMs({ ...work, tlbIpis }, cost) / hugetlbMs({ ...work, vmemmapFreed: 0, tlbIpis: 0 }, cost);
  };
  return counts.map((cpus) => ({
    cpus,
    unbatched: slowdown(cpus, "unbatched"),
    batched: slowdown(cpus, "batched"),
  }));
}

/** Vmemmap pages of a huge page that the kernel of document 004 frees: it keeps two of eight. */
const FREED_BY_SEED004 = 6;

/**
 * Document 004 says "2x" but not how many CPUs its machine has. This is the number of CPUs that would account for its
 * extra 9.8 us per page, with the bare-metal host's work per vmemmap page and IPI.
 */
export function cpusOfSeed004(): number {
  const { pages, off, unbatched } = HUGETLB_SEED004;
  const more = (unbatched.alloc - off.alloc) * 1e9 / pages;
  const work = hostCost(HUGETLB_HOSTS[0]).optimize * FREED_BY_SEED004 / FREED_PER_PAGE;
  return 1 + (more - work) / HUGETLB_FIT.bareMetal.ipi;
}

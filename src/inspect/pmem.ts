// SPDX-License-Identifier: GPL-2.0-only
// The pmem of the emulated machine as /proc/iomem, `ndctl list -RNDv` and `daxctl list -DRM` print it. UUIDs are
// derived from the namespace's number.

import { truncationLog } from "../drivers/dax/kmem.ts";
import { type NdNamespace, usableBytes } from "../drivers/nvdimm/namespace.ts";
import { availableSize, maxAvailableExtent } from "../drivers/nvdimm/region.ts";
import type { Kernel } from "../mm/kernel.ts";
import type { Inspected } from "./machine.ts";

/** JSON as ndctl and daxctl print it: indented by two blanks, none after a colon. */
function pretty(value: unknown): string {
  return `${JSON.stringify(value, null, 2).replace(/^(\s*"(?:[^"\\]|\\.)*"): /gm, "$1:")}\n`;
}

const uuid = (id: number, what: number) => `00000000-0000-4000-8000-${String(what * 1000 + id + 1).padStart(12, "0")}`;

/** `ndctl list -RNDv`. */
export function ndctlList({ k, regions, namespaces }: Inspected): string {
  const lines = regions.map((region, i) => {
    const of = namespaces.filter((ns) => ns.region === region);
    return {
      dev: `region${i}`,
      size: region.end - region.start,
      align: region.align,
      available_size: availableSize(region),
      max_available_extent: maxAvailableExtent(region),
      type: "pmem",
      numa_node: region.nid,
      target_node: region.targetNid,
      iset_id: i + 1,
      persistence_domain: "memory_controller",
      namespaces: of.map((ns) => namespaceLine(k, ns, i)),
    };
  });
  return pretty({ regions: lines });
}

function namespaceLine(k: Kernel, ns: NdNamespace, i: number): object {
  const { mode, info, region } = ns;
  const size = usableBytes(k, ns);
  const common = { dev: `namespace${i}.0`, mode, map: info.mode, size, uuid: uuid(i, 0), raw_uuid: uuid(i, 1) };
  const near = { numa_node: region.nid, target_node: region.targetNid };
  if (mode === "fsdax") {
    return { ...common, sector_size: 512, align: info.align, blockdev: `pmem${i}`, ...near };
  }
  const devices = [{
    chardev: `dax${i}.0`,
    size,
    target_node: region.targetNid,
    align: info.align,
    mode: ns.dev?.kmem === null ? "devdax" : "system-ram",
  }];
  return { ...common, daxregion: { id: i, size, align: info.align, devices }, align: info.align, ...near };
}

/** `daxctl list -DRM`. */
export function daxctlList({ k, regions, namespaces }: Inspected): string {
  const lines = namespaces.filter(({ dev }) => dev !== null).map((ns) => {
    const i = regions.indexOf(ns.region);
    const { align } = ns.info;
    const size = usableBytes(k, ns);
    const [range] = ns.dev!.ranges;
    const blocks = ns.dev!.kmem?.flatMap(({ start, end }) =>
      [...k.hotplug.blocks.values()].filter((block) => start <= block.start && block.end <= end)
    );
    const ram = blocks === undefined ? { mode: "devdax" } : {
      mode: "system-ram",
      online_memblocks: blocks.filter(({ zone }) => zone >= 0).length,
      total_memblocks: blocks.length,
      movable: true,
    };
    const start = range.start * k.pageBytes;
    const mappings = [{ page_offset: 0, start, end: start + size - 1, size }];
    const devices = [{ chardev: `dax${i}.0`, size, target_node: ns.region.targetNid, align, ...ram, mappings }];
    return { path: `/platform/nfit_test.${i}/ndbus0/region${i}/dax${i}.0/dax_region${i}`, id: i, size, align, devices };
  });
  return pretty(lines);
}

/** /proc/iomem, as root. */
export function iomem({ k, regions, namespaces }: Inspected): string {
  const hex = (n: number) => n.toString(16).padStart(8, "0");
  const line = (depth: number, start: number, end: number, name: string) =>
    `${"  ".repeat(depth)}${hex(start)}-${hex(end - 1)} : ${name}\n`;
  const page = k.pageBytes;
  const dram = k.machine.topology.dram.map(({ start, end }) =>
    // The first frame is the firmware's.
    start === 0
      ? line(0, 0, page, "Reserved") + line(0, page, end * page, "System RAM")
      : line(0, start * page, end * page, "System RAM")
  );
  const pmem = regions.map((region, i) => {
    const inside = namespaces.filter((ns) => ns.region === region).map((ns) => namespaceLines(k, ns, i, line));
    return line(0, region.start, region.end, "Persistent Memory") + inside.join("");
  });
  return [...dram, ...pmem].join("");
}

function namespaceLines(
  k: Kernel,
  ns: NdNamespace,
  i: number,
  line: (depth: number, start: number, end: number, name: string) => string,
): string {
  const { start, end } = ns.extent;
  if (ns.dev === null) return line(1, start, end, `namespace${i}.0`);
  const data = start + ns.info.dataoff;
  const ram = ns.dev.kmem ?? [];
  return line(1, start, data, `namespace${i}.0`) +
    line(1, data, data + usableBytes(k, ns), `dax${i}.0`) +
    ram.map((r) => line(2, r.start * k.pageBytes, r.end * k.pageBytes, "System RAM (kmem)")).join("");
}

/** What kmem logs about a device that does not consist of whole memory blocks. */
export function kmemLines({ k, namespaces, regions }: Inspected): string[] {
  return namespaces.flatMap((ns) => {
    const added = ns.dev?.kmem?.reduce((sum, { start, end }) => sum + end - start, 0);
    if (added === undefined) return [];
    return truncationLog(k, `dax${regions.indexOf(ns.region)}.0`, usableBytes(k, ns) / k.pageBytes - added);
  });
}

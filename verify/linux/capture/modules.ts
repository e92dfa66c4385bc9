// SPDX-License-Identifier: GPL-2.0-only
// The kernel modules a guest needs, with their dependencies, in an order that insmod accepts. Dependencies are
// read from the modules themselves (the "depends=" string of their .modinfo section), so that no depmod run is
// required.

/** Modules that bring up a device-dax namespace: the NFIT bus, namespaces, the dax drivers. */
export const PMEM_MODULES: readonly string[] = ["nfit", "libnvdimm", "nd_pmem", "device_dax", "dax_pmem"];

/** The module that turns a dax device into System RAM; loaded by the scenario that needs it. */
export const KMEM_MODULES: readonly string[] = ["kmem"];

/** One module: its name with underscores and its bytes, not compressed. */
export interface KernelModule {
  readonly name: string;
  readonly data: Uint8Array;
}

/** Names a module depends on, from its own `.modinfo`. */
export function moduleDepends(data: Uint8Array): string[] {
  const text = new TextDecoder("latin1").decode(data);
  const match = /\0depends=([^\0]*)\0/.exec(text);
  return match === null || match[1] === "" ? [] : match[1].split(",").map(moduleName);
}

/** Normalises a name: `nd-pmem.ko.xz` and `nd_pmem` are both `nd_pmem`. */
export function moduleName(fileName: string): string {
  return fileName.replace(/^.*\//, "").replace(/\.ko(\..*)?$/, "").replaceAll("-", "_");
}

/**
 * The modules in `wanted` and all their dependencies, dependencies first. `load` returns a module, or null if there is
 * no such file, as for a driver that is built into the kernel; those are left out.
 */
export async function loadOrder(
  wanted: readonly string[],
  load: (name: string) => Promise<KernelModule | null>,
): Promise<KernelModule[]> {
  const done = new Set<string>();
  const order: KernelModule[] = [];
  const visit = async (name: string): Promise<void> => {
    if (done.has(name)) return;
    done.add(name);
    const module = await load(name);
    if (module === null) return;
    for (const needed of moduleDepends(module.data)) await visit(needed);
    order.push(module);
  };
  for (const name of wanted) await visit(name);
  return order;
}

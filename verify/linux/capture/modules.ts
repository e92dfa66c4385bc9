// SPDX-License-Identifier: GPL-2.0-only
// The kernel modules a guest needs, with those they need, in an order in which insmod accepts them. Dependencies are
// read from the modules themselves (the "depends=" string of their .modinfo section), so that no depmod run is
// required.

/** What brings a device-dax namespace up: the NFIT bus, namespaces, the dax drivers. */
export const PMEM_MODULES: readonly string[] = ["nfit", "libnvdimm", "nd_pmem", "device_dax", "dax_pmem"];

/** What makes System RAM of a dax device; loaded by the scenario that does. */
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

/** `nd-pmem.ko.xz` and `nd_pmem` are both `nd_pmem`. */
export function moduleName(fileName: string): string {
  return fileName.replace(/^.*\//, "").replace(/\.ko(\..*)?$/, "").replaceAll("-", "_");
}

/**
 * The modules in `wanted` and all they depend on, dependencies first. `load` gives a module or null when there is no
 * such file, which is how a driver that is built into the kernel looks; those are left out.
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

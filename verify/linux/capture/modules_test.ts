// SPDX-License-Identifier: GPL-2.0-only
// modules.ts: dependencies out of the modules themselves, and the order they give.

import { assertEquals } from "@std/assert";
import { loadOrder, moduleDepends, moduleName } from "./modules.ts";

function moduleBytes(depends: string): Uint8Array {
  return new TextEncoder().encode(`\x7fELF\0license=GPL\0depends=${depends}\0name=x\0`);
}

Deno.test("moduleDepends() reads names with underscores, and none from an empty list", () => {
  assertEquals(moduleDepends(moduleBytes("libnvdimm,nd-btt")), ["libnvdimm", "nd_btt"]);
  assertEquals(moduleDepends(moduleBytes("")), []);
});

Deno.test("moduleName() takes off the path and every suffix", () => {
  assertEquals(moduleName("kernel/drivers/nvdimm/nd-pmem.ko.xz"), "nd_pmem");
  assertEquals(moduleName("nd_pmem"), "nd_pmem");
});

Deno.test("loadOrder() puts dependencies first, each once, and leaves out built-in modules", async () => {
  const tree: Record<string, string> = { a: "b,c", b: "c", c: "built_in" };
  const order = await loadOrder(
    ["a", "c"],
    (name) => Promise.resolve(name in tree ? { name, data: moduleBytes(tree[name]) } : null),
  );
  assertEquals(order.map((m) => m.name), ["c", "b", "a"]);
});

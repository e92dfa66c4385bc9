// SPDX-License-Identifier: GPL-2.0-only

import { assert, assertEquals } from "@std/assert";
import { parseSize } from "../../../src/lib/units.ts";
import { aptOptions, KERNELS } from "./all.ts";
import { parseNamespaceSpec } from "./namespace_spec.ts";

Deno.test("KERNELS are one of each version, none of those that lose a pool's pages", () => {
  assertEquals(new Set(KERNELS.map(({ name }) => name)).size, KERNELS.length);
  for (const { packages, image } of KERNELS.filter(({ build }) => build === undefined)) {
    assert(!/6\.12\.11[5-7]/.test(packages.join()), `${packages}`);
    const release = /(?:vmlinuz-|modules\/)([^/]+)/.exec(image)![1];
    const ofKernel = packages.filter((name) => name.startsWith("linux-"));
    assert(ofKernel.every((name) => name.includes(release)), `${packages} and ${image}`);
  }
});

Deno.test("aptOptions() keep apt's lists, caches and sources in the directory given", () => {
  const values = aptOptions("/w", "arm64").filter((word) => word.includes("Dir::"));
  assertEquals(values.filter((word) => !/=(\/w|\/dev\/null)/.test(word)), []);
});

Deno.test("KERNELS that are built take their source, and namespaces that the page size allows", () => {
  for (const { name, build, packages, namespaces } of KERNELS.filter((kernel) => kernel.build !== undefined)) {
    assert(packages.includes(build!.source), name);
    for (const spec of namespaces!) {
      assert(parseSize(parseNamespaceSpec(spec).align) % (1024 * build!.pageKiB) === 0, spec);
    }
  }
});

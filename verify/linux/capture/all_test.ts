// SPDX-License-Identifier: GPL-2.0-only

import { assert, assertEquals } from "@std/assert";
import { parseSize } from "../../../src/lib/units.ts";
import { aptOptions, KERNELS } from "./all.ts";
import { SCENARIOS } from "./options.ts";
import { parseNamespaceSpec } from "./namespace_spec.ts";

Deno.test("KERNELS has one kernel of each version, and none that loses a pool's pages", () => {
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

Deno.test("KERNELS have existing scenarios, and namespaces that suit their page size", () => {
  for (const { name, build, packages, namespaces, scenarios } of KERNELS) {
    for (const scenario of scenarios ?? []) assert(scenario in SCENARIOS, `${name}: ${scenario}`);
    if (build === undefined) continue;
    assert(packages.includes(build.source), name);
    for (const spec of namespaces!) {
      assertEquals(parseSize(parseNamespaceSpec(spec).align) % (1024 * build.pageKiB), 0, spec);
    }
  }
});

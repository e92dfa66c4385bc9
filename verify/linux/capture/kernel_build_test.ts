// SPDX-License-Identifier: GPL-2.0-only
// kernel_build.ts without a build: its requirements, and options that a configuration does not accept.

import { assert, assertEquals } from "@std/assert";
import { configFragment, missingOptions } from "./kernel_build.ts";

Deno.test("configFragment() adds the page size to the options of every guest", async () => {
  const text = await Deno.readTextFile(new URL("./arm64.config", import.meta.url));
  const lines = configFragment(text, 64).split("\n");
  for (const option of ["ZONE_DEVICE", "DEV_DAX_PMEM", "ACPI_NFIT", "HUGETLBFS", "ARM64_64K_PAGES"]) {
    assert(lines.includes(`CONFIG_${option}=y`), option);
  }
});

Deno.test("missingOptions() names options that are off or have another value", () => {
  const fragment = "# why\nCONFIG_A=y\nCONFIG_B=y\nCONFIG_N=4\n";
  assertEquals(missingOptions(fragment, "CONFIG_A=y\n# CONFIG_B is not set\nCONFIG_N=2\n"), [
    "CONFIG_B=y",
    "CONFIG_N=4",
  ]);
  assertEquals(missingOptions(fragment, "CONFIG_N=4\nCONFIG_B=y\nCONFIG_A=y\n"), []);
});

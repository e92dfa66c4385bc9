// SPDX-License-Identifier: GPL-2.0-only
// Command lines of `lab` and of tasks whose reports, taken together, contain every key that the command can print.

export const EXAMPLES: Readonly<Record<string, readonly string[]>> = {
  namespace: [
    "--size 64M --check",
    "--size 256M --arch arm64-4k --no-contents --map dev",
    "--size 64M --align 4K --set dedup=none",
    "--namespaces 64M,32M::dev,4G --region 128M --ways 2 --check",
    "--size 66M --no-labels --start 4G --struct-page 72",
    "--size 64M --region-align 3M --no-contents",
  ],
  gup: ["--size 4M --repeats 2 --check", "--size 4M --slow --kernel v4", "--size 4M --jobs 2 --repeats 1"],
  hugetlb: [
    "--count 4 --check",
    "--count 2 --no-give-back",
    "--count 2 --size 1G --no-hugetlb-free-vmemmap",
    "--count 4 --free deferred",
    "--count 2 --struct-page 56",
    "--sizes",
  ],
  hotplug: [
    "--size 128M --memmap-on-memory --check",
    "--size 256M --no-contents",
    "--dax --size 256M --no-contents",
    "--dax --size 64M --memmap-on-memory",
    "--range 0x240000000-0x24fffffff --no-contents",
    "--fences",
  ],
  layout: ["--check", "--map dev --window 128M", "--kernel 5.14 --align 4K", "--kernel v4 --align 1G"],
  pages: ["--size 64M --check", "--size 64M --range 0x0-0x10", "--size 64M --summary", "--size 64M --pfn 0,0x7fffff"],
  plan: [
    "--pmem 1G,2G --hugetlb 2M:8 --hotplug 128M,256M --align 2M",
    "--pmem 1G --align 1G --kernel 6.1 --map mem",
    "--usable 512M --align 2M",
    "--pmem 256M --hugetlb 2M:2",
  ],
  diff: ["5.14 v7 namespace --size 64M", "6.1 6.1 hugetlb --count 2"],
  kernels: ["6.1 v7", "--diff 6.1 6.12"],
  lineage: ["--size 64M", "--pool 2M:4", "--dimm 128M", "--size 64M --map dev"],
  trace: [
    "namespace --size 64M --depth 2 --check",
    "put --size 2M",
    "fault --size 2M --filter create_huge_pmd",
    "hugetlb --count 2 --depth 2",
    "hotplug --size 128M --depth 2",
    "destroy --size 64M --depth 1",
  ],
  box: [
    "fixtures/box",
    "fixtures/box/lsmem.txt",
    "fixtures/box/ndctl-list.json",
    "fixtures/box/ndctl-list.json fixtures/box/daxctl-list.json",
    "fixtures/box/meminfo.txt fixtures/box/zoneinfo.txt",
  ],
  inspect: ["--dram 4G,2G --pmem 1G,512M/1 --hugetlb 2M:4 --check", "meminfo --dram 4G --pmem none --system-ram"],
  claims: ["--id 000-04", "--id 000-20 --run", "--id 001-112 --run", "--document 001", "--theme hugetlb"],
  completions: ["bash"],
  calibrate: [""],
  verify: ["--quick", "--quick --document 000 --theme history"],
  "verify:series": ["--quick"],
  races: [""],
  mutations: [""],
  soak: ["--operations 20 --seed 1"],
};

/** Examples that take many seconds; their own tests check the reports that they compute anyway. */
export const SLOW: readonly string[] = ["calibrate", "verify", "verify:series", "races", "mutations"];

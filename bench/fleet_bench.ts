// SPDX-License-Identifier: GPL-2.0-only
// `lab box --fleet` over 10,000 machines of 50 kinds, read from JSON Lines, with a team of new workers each round; and
// one large machine, 6 TiB of pmem and 1.5 TiB of huge pages, from text to report. The targets are 20 s and 2 s.

import { readBox } from "../src/box/join.ts";
import { boxReport } from "../src/box/report.ts";
import { runFleet } from "../src/cli/fleet.ts";
import { panic } from "../src/lib/bug.ts";

const MACHINES = 10000;
const KINDS = 50;
const GIB = 2 ** 30;

/** A machine's own description; machines whose numbers are `KINDS` apart differ only in names and UUIDs. */
function files(number: number, kind: number): Record<string, unknown> {
  const pmem = (1 + kind % 10) * 64 * GIB;
  const dram = (1 + kind % 5) * 16;
  const map = kind % 2 === 0 ? "mem" : "dev";
  const size = (map === "dev" ? pmem * 63 / 64 : pmem) - 2 ** 21;
  const uuid = `00000000-0000-4000-8000-${String(number).padStart(12, "0")}`;
  const mode = kind % 4 === 0 ? "fsdax" : "devdax";
  const namespace = { dev: "namespace0.0", mode, map, size, align: 2 ** 21, uuid };
  const region = { dev: "region0", size: pmem, align: 2 ** 24, available_size: 0, namespaces: [namespace] };
  return {
    "ndctl": { regions: [region] },
    "lsmem": [
      "RANGE SIZE STATE REMOVABLE BLOCK NODE",
      "0x0-0x7fffffff 2G online yes 0-15 0",
      `0x100000000-0x${((dram + 2) * GIB - 1).toString(16)} ${dram - 2}G online yes 32-${(dram + 2) * 8 - 1} 0`,
      "Memory block size: 128M",
    ].join("\n"),
    "dmesg": [
      `[    0.000000] Linux version ${kind % 3 === 0 ? "5.14.0" : "6.1.0"} (builder@host${number}) #1 SMP`,
      `[    0.000000] Command line: root=UUID=${uuid} hugetlb_free_vmemmap=${kind % 2 === 0 ? "off" : "on"}`,
      ...Array.from({ length: 20 }, (_, i) => `[    ${i}.500000] usb ${i}-1: new device on host${number}`),
    ].join("\n"),
    "meminfo": `HugePages_Total: ${(1 + kind % 7) * 1024}\nHugepagesize: 2048 kB\n`,
  };
}

function writeFleet(): string {
  const path = Deno.makeTempFileSync({ suffix: ".jsonl" });
  const lines = Array.from(
    { length: MACHINES },
    (_, i) => JSON.stringify({ name: `host${i}`, files: files(i, i % KINDS) }),
  );
  Deno.writeTextFileSync(path, `${lines.join("\n")}\n`);
  return path;
}

Deno.bench({
  name: `${MACHINES} machines of ${KINDS} kinds`,
  group: "lab box --fleet",
  n: 2,
  warmup: 0,
  fn: async (b) => {
    const path = writeFleet();
    b.start();
    const { machines, damaged, shapes } = await runFleet(path, false, () => {});
    b.end();
    Deno.removeSync(path);
    if (machines !== MACHINES || damaged !== 0 || shapes !== KINDS) {
      panic(`fleet_bench: ${machines} machines, ${damaged} damaged, ${shapes} kinds`);
    }
  },
});

const LARGE = [
  {
    name: "ndctl",
    text: JSON.stringify([0, 1].map((i) => ({
      dev: `region${i}`,
      size: 3072 * GIB,
      available_size: 0,
      numa_node: i,
      namespaces: [{
        dev: `namespace${i}.0`,
        mode: "devdax",
        map: i === 0 ? "mem" : "dev",
        align: 2 ** 21,
        size: (i === 0 ? 3072 : 3024) * GIB - 2 ** 21,
      }],
    }))),
  },
  {
    name: "proc",
    text: [
      "Linux version 6.1.0 x",
      "Command line: hugetlb_free_vmemmap=on",
      "MemTotal: 2147483648 kB",
      "HugePages_Total: 786432",
      "Hugepagesize: 2048 kB",
    ].join("\n"),
  },
];

Deno.bench({
  name: "6 TiB of pmem, 1.5 TiB of huge pages",
  group: "lab box",
  n: 3,
  warmup: 0,
  fn: () => {
    const { costs } = boxReport(readBox(LARGE));
    const remark = costs.find((cost) => cost.remark !== null)?.remark;
    if (costs.length !== 4 || remark !== undefined) panic(`fleet_bench: ${costs.length} parts, ${remark}`);
  },
});

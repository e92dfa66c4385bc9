// SPDX-License-Identifier: GPL-2.0-only
// What people paste, variant by variant: what is read, and what is reported about the rest.

import { assert, assertEquals, assertObjectMatch } from "@std/assert";
import { readText } from "./detect.ts";
import { type Facts, noFacts } from "./facts.ts";
import { readBox } from "./join.ts";

const GIB = 2 ** 30;

function read(text: string): Facts {
  const facts = noFacts();
  readText("f", text, facts);
  return facts;
}

/** The same, without errors. */
function readWhole(text: string): Facts {
  const facts = read(text);
  assertEquals(facts.notes, []);
  return facts;
}

const exact = (bytes: number) => ({ least: bytes, most: bytes });

Deno.test("ndctl list: regions with namespaces inside, as one object", () => {
  const facts = readWhole(`{
  "regions":[{
    "dev":"region1", "size":1082331758592, "align":100663296, "available_size":0, "max_available_extent":0,
    "type":"pmem", "numa_node":0, "target_node":3, "iset_id":-5133785675551928048,
    "persistence_domain":"memory_controller",
    "mappings":[{"dimm":"nmem0","offset":0,"length":1,"position":0},{"dimm":"nmem1","offset":0,"length":1,"position":1}],
    "namespaces":[{"dev":"namespace1.0","mode":"fsdax","map":"dev","size":1065418227712,
      "raw_uuid":"4a85e25f-7a07-4a23-8ed2-4c5999b3d94d","sector_size":512,"align":2097152,"blockdev":"pmem1"}]
  }]
}`);
  assertObjectMatch(facts.regions[0], {
    dev: "region1",
    size: exact(1008 * GIB),
    align: 6 * 2 ** 24,
    ways: 2,
    node: 0,
  });
  assertObjectMatch(facts.namespaces[0], {
    line: 7,
    region: "region1",
    mode: "fsdax",
    map: "dev",
    size: exact(1065418227712),
  });
});

Deno.test("ndctl list -u: rounded figures, which narrow each other down", () => {
  const [region] =
    readWhole('[{"dev":"region0","size":"63.00 GiB (67.64 GB)","align":"16.00 MiB (16.78 MB)"}]').regions;
  // 63.00 GiB begins at 62.995 GiB, later than 67.635 GB; they end at 63.005 GiB and 67.645 GB.
  assertEquals(region.size, { least: Math.ceil(62.995 * GIB), most: 67645000000 });
  assertEquals(region.align, 2 ** 24);
  assert(region.size.least <= 67643637760 && 67643637760 <= region.size.most);
});

Deno.test("ndctl list: a lone namespace, an array of them, names of old modes, seeds and disabled ones", () => {
  for (
    const text of [
      '{"dev":"namespace0.0","mode":"memory","size":1}',
      '[{"dev":"namespace0.0","mode":"memory","size":1}]',
    ]
  ) {
    assertObjectMatch(readWhole(text).namespaces[0], { dev: "namespace0.0", region: null, mode: "fsdax" });
  }
  const list = readWhole(`[{"dev":"namespace0.1","mode":"raw","size":0,"uuid":"0","state":"disabled"},
    {"dev":"namespace0.0","mode":"dax","map":"none","size":34359738368,"state":"disabled"}]`).namespaces;
  assertEquals(list.length, 1);
  assertObjectMatch(list[0], { dev: "namespace0.0", mode: "devdax", map: "none", disabled: true });
});

Deno.test("ndctl list: under a bus, and the devices of a DAX region", () => {
  const facts = readWhole(`[{"provider":"ACPI.NFIT","dev":"ndbus0","dimms":[{"dev":"nmem0","id":"8089"}],
    "namespaces":[{"dev":"namespace0.2","mode":"devdax","map":"mem","size":4292870144,
      "daxregion":{"id":0,"size":4292870144,"align":2097152,"devices":[{"chardev":"dax0.2","size":4292870144}]}}]}]`);
  assertObjectMatch(facts.namespaces[0], { dax: "dax0.2", size: exact(4292870144) });
  assertObjectMatch(facts.daxes[0], { chardev: "dax0.2", source: "ndctl", align: null, mode: null });
});

Deno.test("daxctl list: with regions or without, human or not, several mappings, System RAM", () => {
  const device = `{"chardev":"dax0.0","size":"0x80000000","target_node":2,"align":"2.00 MiB (2.10 MB)",
    "mode":"system-ram","online_memblocks":15,"total_memblocks":16,"movable":true,"mappings":[
      {"page_offset":0,"start":4294967296,"end":5368709119,"size":1073741824},
      {"page_offset":262144,"start":"0x180000000","end":"0x1bfffffff","size":"1.00 GiB (1.07 GB)"}]}`;
  for (const text of [device, `[${device}]`, `[{"path":"/platform/x","id":0,"size":1,"devices":[${device}]}]`]) {
    const [dax] = read(text).daxes;
    assertObjectMatch(dax, {
      size: exact(2 * GIB),
      mode: "system-ram",
      onlineBlocks: 15,
      totalBlocks: 16,
      movable: true,
      mappings: [{ start: 4 * GIB, end: 5 * GIB }, { start: 6 * GIB, end: 7 * GIB }],
    });
  }
});

Deno.test("lsmem: columns in any order, and those of 2.42", () => {
  const facts = readWhole(
    `RANGE                                  SIZE   STATE REMOVABLE BLOCK CONFIGURED MEMMAP-ON-MEMORY NODE   ZONES
0x0000000000000000-0x000000007fffffff    2G  online       yes  0-15        yes               no    0    None
0x0000000100000000-0x0000000107ffffff  128M offline                32        yes              yes    1 Movable

Memmap on memory parameter:  yes
Memory block size:                128M
Total online memory:                2G
Total offline memory:             128M
`,
  );
  assertObjectMatch(facts.ranges[0], { start: 0, end: 2 * GIB, node: 0, zones: "None", memmapOnMemory: false });
  assertEquals([facts.blockBytes[0].value, facts.mhpParameter[0].on, facts.onlineTotal[0].value], [
    2 ** 27,
    true,
    2 * GIB,
  ]);
});

Deno.test("lsmem: a blank REMOVABLE cell moves no other", () => {
  const [row] = readWhole(`RANGE                                  SIZE   STATE REMOVABLE BLOCK NODE   ZONES
0x0000000100000000-0x0000000107ffffff  128M offline              32    1 Movable
`).ranges;
  assertObjectMatch(row, { online: false, firstBlock: 32, lastBlock: 32, node: 1, zones: "Movable" });
});

Deno.test("lsmem -J, -b", () => {
  const [row] = readWhole(`{"memory": [{"range":"0x0000000100000000-0x000000047fffffff","size":15032385536,
    "state":"online","removable":true,"block":"32-143","node":0,"zones":"Normal"}]}`).ranges;
  assertObjectMatch(row, { start: 4 * GIB, end: 18 * GIB, firstBlock: 32, lastBlock: 143, node: 0, online: true });
});

Deno.test("iomem: nested; as a user, nothing but zeros", () => {
  const facts = readWhole(`00001000-0009fbff : System RAM
480000000-147fffffff : Persistent Memory
  480000000-4c01fffff : namespace0.0
`);
  assertEquals(facts.resources.map((r) => [r.start, r.end, r.depth]), [
    [0x1000, 0x9fc00, 0],
    [18 * GIB, 82 * GIB, 0],
    [18 * GIB, 18 * GIB + 1026 * 2 ** 20, 1],
  ]);
  const hidden = read(
    "00000000-00000000 : System RAM\n00000000-00000000 : Persistent Memory\n  00000000-00000000 : dax0.0\n",
  );
  assertEquals(hidden.resources, []);
  assertEquals(hidden.notes.map((n) => [n.line, n.kind, n.text]), [
    [1, "unread", "3 of 3 resources have every address zero: read as root to see them"],
  ]);
});

Deno.test("zoneinfo: whole, grepped, joined", () => {
  const whole = `Node 0, zone   Device
  per-node stats
      nr_inactive_anon 12
  pages free     0
        boost    0
        spanned  16777216
        present  0
        managed  0
        protection: (0, 0)
Node 2, zone  Movable
  pages free     5
        spanned  10
        present  9
        managed  8
`;
  const zones = [
    { node: 0, zone: "Device", spanned: 16777216, present: 0, managed: 0 },
    { node: 2, zone: "Movable", spanned: 10, present: 9, managed: 8 },
  ];
  const grepped = whole.split("\n").filter((l) => /Node|spanned|present|managed/.test(l)).join("\n");
  const joined = "Node 0, zone   Device   spanned 16777216  present 0         managed 0\n" +
    "Node 2, zone  Movable   spanned 10  present 9  managed 8\n";
  for (const text of [whole, grepped, grepped.replace(/^\s+/gm, ""), joined]) {
    assertEquals(readWhole(text).zones.map(({ file: _f, line: _l, ...zone }) => zone), zones, text);
  }
  assertEquals(readWhole("Node 0, zone      DMA      0      0      0      1\n").zones, []);
});

Deno.test("meminfo: of the machine, of a node, sysfs, SPDK's table", () => {
  const meminfo = readWhole(
    "MemTotal:       131072000 kB\nHugePages_Total:    20480\nHugePages_Free:     20480\nHugepagesize:       2048 kB\n",
  );
  assertEquals(meminfo.memTotal[0].value, 131072000 * 1024);
  const pools = (text: string) => readWhole(text).pools.map(({ size, count, node }) => [size, count, node]);
  assertEquals(pools("HugePages_Total: 4\nHugepagesize: 1048576 kB\n"), [[GIB, 4, null]]);
  assertEquals(pools("Node 1 HugePages_Total:   512\nNode 1 HugePages_Free:    512\n"), [[2 ** 21, 512, 1]]);
  assertEquals(
    pools(
      "/sys/kernel/mm/hugepages/hugepages-1048576kB/nr_hugepages:8\n/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages:1\n" +
        "/sys/devices/system/node/node1/hugepages/hugepages-2048kB/nr_hugepages:7\n",
    ),
    [[GIB, 8, null], [2 ** 21, 7, 1]],
  );
  assertEquals(
    pools(
      "Hugepages\nnode     hugesize     free /  total\nnode0   2048kB 20480 / 20480\nnode1  1048576kB 0 / 4\n".slice(
        10,
      ),
    ),
    [
      [2 ** 21, 20480, 0],
      [GIB, 4, 1],
    ],
  );
});

Deno.test("dmesg: HugeTLB in the words of three kernels, with stamps or without", () => {
  for (
    const stamp of [
      "",
      "[    0.123456] ",
      "[    0.123456][    T0] ",
      "<6>[    1.000000] ",
      "Nov 28 10:00:00 example kernel: ",
    ]
  ) {
    const facts = readWhole(
      [
        "Linux version 6.1.0-99-amd64 (build@example) #1 SMP",
        "Kernel command line: hugepages=40 memmap=4G!20G",
        "HugeTLB: can free 6 vmemmap pages for hugepages-2048kB",
        "HugeTLB: can optimize 4095 vmemmap pages for hugepages-1048576kB",
        "HugeTLB: 28 KiB vmemmap can be freed for a 2.00 MiB page",
        "HugeTLB: registered 1.00 GiB page size, pre-allocated 40 pages",
        "HugeTLB registered 2.00 MiB page size, pre-allocated 0 pages",
        "memmap_init_zone_device initialised 16514560 pages in 181ms",
      ].map((line) => stamp + line).join("\n"),
    );
    assertEquals(facts.freed.map((f) => [f.size, f.freed]), [[2 ** 21, 6 * 4096], [GIB, 4095 * 4096], [
      2 ** 21,
      28672,
    ]]);
    assertEquals(facts.pools.map((p) => [p.size, p.count]), [[GIB, 40]]);
    assertEquals([facts.kernels[0].word, facts.commandLines[0].word], ["6.1.0-99-amd64", "hugepages=40 memmap=4G!20G"]);
    assertEquals(facts.initialised[0].value, 16514560);
  }
});

Deno.test("dmesg: kmem, virtio_mem, the firmware's map; a stranger's lines with stamps", () => {
  const facts = readWhole(`kmem dax0.0: DAX region truncated by 126 MiB due to alignment
kmem dax1.0: mapping0: 0x2010000000-0x202fffffff too small after alignment
virtio_mem virtio0: memory block size: 0x8000000
x86/mm: Memory block size: 2048MB
BIOS-e820: [mem 0x0000000100000000-0x000000047fffffff] usable
user: [mem 0x0000000500000000-0x00000005ffffffff] persistent (type 12)
ACPI: SRAT: Node 1 PXM 1 [mem 0x100000000-0x47fffffff]
[    2.000000] usb 1-1: new high-speed USB device
`);
  assertEquals(facts.kmem.map((f) => [f.dev, f.truncated, f.tooSmall?.end]), [
    ["dax0.0", 126 * 2 ** 20, undefined],
    ["dax1.0", null, 0x2030000000],
  ]);
  assertEquals(facts.blockBytes.map((f) => f.value), [2 ** 27, 2 ** 31]);
  assertEquals(facts.resources.map((r) => r.name), ["e820 usable", "e820 persistent (type 12)"]);
  assertEquals(facts.srat[0].node, 1);
});

Deno.test("one paste of everything, with prompts, CRLF and a byte order mark", () => {
  const text = '\uFEFF# ndctl list -R\n[{"dev":"region0","size":68719476736}]\n\n[root@example ~]# lsmem\n' +
    "RANGE SIZE STATE BLOCK\n0x0-0x7fffffff 2G online 0-15\nMemory block size: 128M\n$ cat /proc/meminfo\n" +
    "MemTotal: 1024 kB\n[    0.000000] Linux version 6.8.0\n[ 0.1] x\n";
  for (const given of [text, text.replace(/\n/g, "\r\n")]) {
    const facts = readWhole(given);
    assertEquals([facts.regions, facts.ranges, facts.blockBytes, facts.memTotal, facts.kernels].map((f) => f.length), [
      1,
      1,
      1,
      1,
      1,
    ]);
  }
});

Deno.test("uname -a and /proc/cmdline name the kernel, vmstat the memmap; page-types says nothing", () => {
  const facts = readWhole(`Linux host 4.18.0-193.el8.x86_64 #1 SMP x86_64 GNU/Linux
BOOT_IMAGE=(hd0,gpt2)/vmlinuz root=/dev/sda1 hugepages=32
nr_free_pages 100
nr_memmap_pages 24
nr_memmap_boot_pages 4096
             flags\tpage-count       MB  symbolic-flags\t\t\tlong-symbolic-flags
0x0000000000000400\t       512        2  __________B_______\tbuddy
             total\t       512        2
`);
  assertEquals([facts.kernels[0].word, facts.commandLines[0].line], ["4.18.0-193.el8.x86_64", 2]);
  assertEquals(facts.memmapPages.map(({ value }) => value), [4120]);
});

Deno.test("lines of no known format are reported, one note per run", () => {
  const facts = read("hello world\nagain\n\nMemTotal: 1024 kB\nand this\n");
  assertEquals(facts.notes.map((n) => [n.kind, n.line, n.text]), [
    ["unread", 1, '"hello world" is of no format that is known, and 1 more line'],
    ["unread", 5, '"and this" is of no format that is known'],
  ]);
});

Deno.test("readBox() finds the whole of a namespace without labels, or of a region whose align was set to less", () => {
  const list = '{"dev":"namespace0.0","mode":"devdax","map":"mem","align":2097152,"size":1073741824}';
  const alone = readBox([{ name: "f", text: list }]).regions[0].namespaces[0];
  // 1 GiB of data after 2 MiB of label and info block: not a multiple of 16 MiB.
  assertEquals(alone.sizeBytes, GIB + 2 ** 21);
  const region = `{"dev":"region0","size":${4 * GIB},"align":2097152,"available_size":${3 * GIB - 2 ** 21},` +
    `"namespaces":[${list}]}`;
  const { alignBytes: align, namespaces } = readBox([{ name: "f", text: region }]).regions[0];
  assertEquals([align, namespaces[0].sizeBytes], [2 ** 21, GIB + 2 ** 21]);
});

// SPDX-License-Identifier: GPL-2.0-only
// `struct_pages`: raw struct pages, eight 64-bit words each: of devices with 2M and 4K pages, of a touched device, of a
// HugeTLB page. Perl maps the device and finds the huge page, since nothing smaller in the packages can.

import type { Guest } from "./guest.ts";
import { layoutOf, type StructPageLayout } from "./layouts.ts";
import { createNamespace, destroyNamespaces, type GuestNamespace, initLabels } from "./namespace.ts";
import { parseNamespaceSpec } from "./namespace_spec.ts";
import { STRUCT_PAGE_BYTES, vmemmapAddress } from "./page_walk.ts";
import { machineOf, type Scenario } from "./scenario.ts";

const DRAM_MIB = 4096;
const DEVICES = [
  { spec: parseNamespaceSpec("1G-2M-mem"), offsets: [0, 1, 2, 64, 128], touch: true },
  { spec: parseNamespaceSpec("1G-4K-mem"), offsets: [0, 1], touch: false },
];
/** Struct pages read of a namespace of the command line: the head, tails of its page, of the next, of the one after. */
const OFFSETS = [0, 1, 2, 64, 128];
const HUGE_OFFSETS = [0, 1, 2, 64];

/** The struct pages, by `NAMESPACE.data INDEX`, and so on. */
export const structPages: Scenario = async (capture) => {
  const { machine } = machineOf(capture, DRAM_MIB);
  let release = "";
  const pages = await capture.withGuest(machine, async (guest) => {
    release = await guest.shell.text("uname -r");
    await initLabels(guest);
    const found: Record<string, StructPage> = {};
    const given = capture.options.namespaces?.map((spec) => ({ spec, offsets: OFFSETS, touch: false }));
    for (const { spec, offsets, touch } of given ?? DEVICES) {
      capture.note(spec.name);
      const ns = await createNamespace(guest, spec);
      if (typeof ns === "string") {
        capture.note(`${spec.name}: ${ns}`);
        await destroyNamespaces(guest);
        continue;
      }
      const pfn = ns.dataStart / await guest.pageBytes();
      for (const i of offsets) found[`${spec.name}.data${i}`] = await readStructPage(guest, pfn + i);
      if (touch) {
        await touchDevice(guest, ns);
        found[`${spec.name}.aftermap0`] = await readStructPage(guest, pfn);
      }
      await destroyNamespaces(guest);
    }
    capture.note("a 2M HugeTLB page");
    const huge = await hugePage(guest);
    for (const i of HUGE_OFFSETS) found[`hugetlb2M.${i}`] = await readStructPage(guest, huge + i);
    return found;
  });
  return {
    layout: layoutOf(release).words,
    flagBits: flagBits(Object.values(pages)[0].words[0], layoutOf(release)),
    pages,
  };
};

interface StructPage {
  readonly pfn: number;
  readonly va: string;
  readonly pa: string;
  readonly words: string[];
}

/**
 * Meaning of the bits in the flags word. The position of the zone's three bits depends on the kernel's configuration
 * (NODES_SHIFT, NUMA_BALANCING): in the word of a device page of node 0 the highest bit set is that of zone 4.
 */
export function flagBits(deviceFlags: string, { flags }: StructPageLayout): string {
  const zone = BigInt(deviceFlags).toString(2).length - 3;
  return `PG_referenced ${flags.referenced}, PG_reserved ${flags.reserved}, PG_head ${flags.head}; zone bits ${zone}-${
    zone + 2
  } (DMA 0, DMA32 1, Normal 2, ` +
    `Movable 3, Device 4), node bits ${zone + 3}-63`;
}

async function readStructPage(guest: Guest, pfn: number): Promise<StructPage> {
  const offset = pfn * STRUCT_PAGE_BYTES;
  const base = vmemmapAddress(await guest.tableFormat());
  const page = await guest.readVmemmap(offset, STRUCT_PAGE_BYTES);
  if (page === null) throw new Error(`Cannot read the struct page of frame ${pfn}: it is not mapped`);
  return {
    pfn,
    va: `0x${(base + BigInt(offset)).toString(16)}`,
    pa: `0x${page.physical.toString(16)}`,
    words: words(page.bytes),
  };
}

/** 64-bit words in hexadecimal. */
export function words(bytes: Uint8Array): string[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: bytes.length / 8 }, (_, i) => `0x${view.getBigUint64(8 * i, true).toString(16)}`);
}

/** Maps the first 2 MiB of the device (call 9 is mmap) and reads one byte. */
async function touchDevice(guest: Guest, ns: GuestNamespace): Promise<void> {
  await guest.shell.text(
    `perl -e 'open F,"+<","/dev/${ns.device}" or die "open: $!"; $a=syscall(9,0,2<<20,3,1,fileno(F),0); ` +
      `$a>0 or die "mmap: $!"; $b=unpack("P1",pack("Q",$a))'`,
  );
}

/** Takes one huge page and finds its frame: the one with KPF_COMPOUND_HEAD (15) and KPF_HUGE (17). */
async function hugePage(guest: Guest): Promise<number> {
  const pfn = await guest.shell.text(
    `echo 1 > /proc/sys/vm/nr_hugepages; perl -e 'open F,"<","/proc/kpageflags"; while(read(F,$b,8192)){ $p=0; ` +
      `for (unpack("Q*",$b)) { if (($_ & 0x28000)==0x28000) { print $n+$p; exit } $p++ } $n+=1024 }'`,
  );
  if (!/^\d+$/.test(pfn)) throw new Error(`Cannot find the huge page: /proc/kpageflags has none`);
  return Number(pfn);
}

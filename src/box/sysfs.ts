// SPDX-License-Identifier: GPL-2.0-only
// /sys/devices/system/memory as `grep -r .` prints it: block size, and of each block its state, zones and node.

import { damaged, type Facts, place, type RangeFact, type Source } from "./facts.ts";

const LINE = /^\/sys\/devices\/system\/(?:memory\/(\w+)|node\/node(\d+)\/memory(\d+))(?:\/(\w+))?:(.*)$/;

type Block = { at: number; online: boolean; zones: string | null; node: number | null };

/** A run of such lines. Adjacent equal blocks make one range. */
export function readSysfsMemory(source: Source, at: number, facts: Facts): number {
  let next = at;
  let blockBytes = 0;
  const blocks = new Map<number, Block>();
  for (; next < source.lines.length; next++) {
    const match = LINE.exec(source.lines[next].trimEnd());
    if (match === null) break;
    const [, name, node, inNode, file, value] = match;
    if (name === "block_size_bytes") {
      blockBytes = parseInt(value, 16);
      if (blockBytes > 0) facts.blockBytes.push({ ...place(source, next), value: blockBytes });
      else damaged(facts, place(source, next), `block_size_bytes "${value}" is not a number`);
      continue;
    }
    const id = inNode ?? /^memory(\d+)$/.exec(name ?? "")?.[1];
    if (id === undefined) continue;
    const block = blocks.get(Number(id)) ?? { at: next, online: true, zones: null, node: null };
    blocks.set(Number(id), block);
    if (node !== undefined) block.node = Number(node);
    if (file === "state") block.online = value === "online";
    if (file === "valid_zones") block.zones = value.split(" ")[0];
  }
  if (blocks.size > 0 && blockBytes === 0) {
    damaged(facts, place(source, at), "memory blocks without their block_size_bytes: left out");
  } else pushRanges(source, blocks, blockBytes, facts);
  return next;
}

function pushRanges(
  source: Source,
  blocks: ReadonlyMap<number, Block>,
  blockBytes: number,
  facts: Facts,
): void {
  let open: RangeFact | null = null;
  for (const [id, { at, online, zones, node }] of [...blocks].sort((a, b) => a[0] - b[0])) {
    const alike: boolean = open !== null && open.lastBlock === id - 1 && open.online === online &&
      open.zones === zones && open.node === node;
    if (alike) facts.blocks.pop();
    const first: number = alike ? open!.firstBlock! : id;
    open = {
      ...place(source, at),
      start: first * blockBytes,
      end: (id + 1) * blockBytes,
      online,
      firstBlock: first,
      lastBlock: id,
      node,
      zones,
      memmapOnMemory: null,
    };
    facts.blocks.push(open);
  }
}

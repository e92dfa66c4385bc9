// SPDX-License-Identifier: GPL-2.0-only
// Descriptions of the words of a raw struct page, for each generation of kernels. They are written to
// struct_pages.json, so that the file can be read alone.

import { isSince } from "./release.ts";

/** Words and flag bits of one generation. */
export interface StructPageLayout {
  /** First release with this layout. */
  readonly since: string;
  readonly words: string;
  readonly flags: { readonly referenced: number; readonly reserved: number; readonly head: number };
}

/** Newest first. */
const LAYOUTS: readonly StructPageLayout[] = [
  {
    since: "7.1",
    words:
      "words[0]=flags, low byte of tail 1: order [1]=pgmap/compound_info: bit 0 and, of a tail, a mask whose zeros " +
      "span the compound [2]=zone_device_data [3]=mapping [4]=index [5]=private [6]=lo32 _mapcount or page_type in its " +
      "top byte (0xf4 HugeTLB), hi32 _refcount [7]=memcg_data, of tail 1 nr_pages",
    flags: { referenced: 2, reserved: 13, head: 6 },
  },
  {
    since: "6.12",
    words:
      "words[0]=flags, low byte of tail 1: order [1]=lru.next/compound_head|1/pgmap [2]=zone_device_data, of tail 1 -1 " +
      "[3]=mapping [4]=index, of tail 1 nr_pages [5]=private [6]=lo32 _mapcount or page_type in its top byte (0xf4 " +
      "HugeTLB), hi32 _refcount [7]=memcg_data",
    flags: { referenced: 2, reserved: 13, head: 6 },
  },
  {
    since: "0",
    words:
      "words[0]=flags [1]=lru.next/compound_head|1/pgmap [2]=lru.prev/zone_device_data/(tail1: byte0 dtor, byte1 " +
      "order, hi32 compound_mapcount=-1) [3]=mapping/(tail1: lo32 pincount, hi32 compound_nr) [4]=index [5]=private " +
      "[6]=lo32 _mapcount hi32 _refcount [7]=memcg_data",
    flags: { referenced: 1, reserved: 12, head: 16 },
  },
];

/** The layout of a kernel, by its release (`6.12.113+deb12-amd64`). */
export function layoutOf(release: string): StructPageLayout {
  return LAYOUTS.find(({ since }) => isSince(release, since))!;
}

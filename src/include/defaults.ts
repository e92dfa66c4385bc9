// SPDX-License-Identifier: GPL-2.0-only
// Defaults of the library and of `lab`. Mirrors no kernel file.

import { SZ_1G } from "./sizes.ts";

/** Preset of the kernel. */
export const DEFAULT_KERNEL = "6.1";
/** Architecture. */
export const DEFAULT_ARCH = "x86-64";
/** sizeof(struct page). */
export const DEFAULT_STRUCT_PAGE_SIZE = 64;
/** Bytes of host memory for the emulated metadata. */
export const DEFAULT_HOST_MEMORY = 20 * SZ_1G;

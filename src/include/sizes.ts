// SPDX-License-Identifier: GPL-2.0-only
// Byte sizes by their kernel names (include/linux/sizes.h). Plain numbers: all are far below 2^53.

export const SZ_8K = 8192;
export const SZ_1M = 1048576;
export const SZ_2M = 2097152;
export const SZ_16M = 16777216;
export const SZ_1G = 1073741824;

// SPDX-License-Identifier: GPL-2.0-only
// Zones and section states (include/linux/mmzone.h). Zone numbers are those of x86-64 with all zones configured.

export const ZONE_DMA = 0;
export const ZONE_DMA32 = 1;
export const ZONE_NORMAL = 2;
export const ZONE_MOVABLE = 3;
export const ZONE_DEVICE = 4;
export const MAX_NR_ZONES = 5;
export const ZONE_NAMES: readonly string[] = ["DMA", "DMA32", "Normal", "Movable", "Device"];

/** Bits of a mem_section's state (the flag bits of section_mem_map). */
export const SECTION_MARKED_PRESENT = 1 << 0;
export const SECTION_HAS_MEM_MAP = 1 << 1;
export const SECTION_IS_ONLINE = 1 << 2;
export const SECTION_IS_EARLY = 1 << 3;
/** The usage map (struct mem_section_usage) is allocated. */
export const SECTION_HAS_USAGE = 1 << 4;

/** Migrate types of a pageblock; 0 means never set. */
export const MIGRATE_NONE = 0;
export const MIGRATE_UNMOVABLE = 1;
export const MIGRATE_MOVABLE = 2;

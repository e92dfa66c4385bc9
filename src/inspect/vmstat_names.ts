// SPDX-License-Identifier: GPL-2.0-only
// Names of the counters of /proc/vmstat, in its order (vmstat_text of mm/vmstat.c), with the options of Debian's amd64
// kernels; /proc/zoneinfo prints the first ones of them by zone and node. Kernels before 6.1 are given 6.1's names.

import { versionOf } from "../box/kernel_of.ts";

const LINUX_6_1 = "nr_free_pages nr_zone_inactive_anon nr_zone_active_anon nr_zone_inactive_file nr_zone_active_file " +
  "nr_zone_unevictable nr_zone_write_pending nr_mlock nr_bounce nr_zspages nr_free_cma numa_hit numa_miss " +
  "numa_foreign numa_interleave numa_local numa_other nr_inactive_anon nr_active_anon nr_inactive_file " +
  "nr_active_file nr_unevictable nr_slab_reclaimable nr_slab_unreclaimable nr_isolated_anon nr_isolated_file " +
  "workingset_nodes workingset_refault_anon workingset_refault_file workingset_activate_anon " +
  "workingset_activate_file workingset_restore_anon workingset_restore_file workingset_nodereclaim " +
  "nr_anon_pages nr_mapped nr_file_pages nr_dirty nr_writeback nr_writeback_temp nr_shmem nr_shmem_hugepages " +
  "nr_shmem_pmdmapped nr_file_hugepages nr_file_pmdmapped nr_anon_transparent_hugepages nr_vmscan_write " +
  "nr_vmscan_immediate_reclaim nr_dirtied nr_written nr_throttled_written nr_kernel_misc_reclaimable " +
  "nr_foll_pin_acquired nr_foll_pin_released nr_kernel_stack nr_page_table_pages nr_sec_page_table_pages " +
  "nr_swapcached pgpromote_success pgpromote_candidate nr_dirty_threshold nr_dirty_background_threshold " +
  "pgpgin pgpgout pswpin pswpout pgalloc_dma pgalloc_dma32 pgalloc_normal pgalloc_movable pgalloc_device " +
  "allocstall_dma allocstall_dma32 allocstall_normal allocstall_movable allocstall_device pgskip_dma " +
  "pgskip_dma32 pgskip_normal pgskip_movable pgskip_device pgfree pgactivate pgdeactivate pglazyfree pgfault " +
  "pgmajfault pglazyfreed pgrefill pgreuse pgsteal_kswapd pgsteal_direct pgdemote_kswapd pgdemote_direct " +
  "pgscan_kswapd pgscan_direct pgscan_direct_throttle pgscan_anon pgscan_file pgsteal_anon pgsteal_file " +
  "zone_reclaim_failed pginodesteal slabs_scanned kswapd_inodesteal kswapd_low_wmark_hit_quickly " +
  "kswapd_high_wmark_hit_quickly pageoutrun pgrotated drop_pagecache drop_slab oom_kill numa_pte_updates " +
  "numa_huge_pte_updates numa_hint_faults numa_hint_faults_local numa_pages_migrated pgmigrate_success " +
  "pgmigrate_fail thp_migration_success thp_migration_fail thp_migration_split compact_migrate_scanned " +
  "compact_free_scanned compact_isolated compact_stall compact_fail compact_success compact_daemon_wake " +
  "compact_daemon_migrate_scanned compact_daemon_free_scanned htlb_buddy_alloc_success htlb_buddy_alloc_fail " +
  "cma_alloc_success cma_alloc_fail unevictable_pgs_culled unevictable_pgs_scanned unevictable_pgs_rescued " +
  "unevictable_pgs_mlocked unevictable_pgs_munlocked unevictable_pgs_cleared unevictable_pgs_stranded " +
  "thp_fault_alloc thp_fault_fallback thp_fault_fallback_charge thp_collapse_alloc thp_collapse_alloc_failed " +
  "thp_file_alloc thp_file_fallback thp_file_fallback_charge thp_file_mapped thp_split_page " +
  "thp_split_page_failed thp_deferred_split_page thp_split_pmd thp_scan_exceed_none_pte " +
  "thp_scan_exceed_swap_pte thp_scan_exceed_share_pte thp_split_pud thp_zero_page_alloc " +
  "thp_zero_page_alloc_failed thp_swpout thp_swpout_fallback balloon_inflate balloon_deflate balloon_migrate " +
  "swap_ra swap_ra_hit ksm_swpin_copy cow_ksm zswpin zswpout direct_map_level2_splits " +
  "direct_map_level3_splits";

interface Edition {
  readonly since: string;
  /** Names that were removed. */
  readonly drop: string;
  /** Names that were added, by the name before them. */
  readonly add: Readonly<Record<string, string>>;
}

const EDITIONS: readonly Edition[] = [
  {
    since: "6.12",
    drop: "pgdemote_kswapd pgdemote_direct",
    add: {
      nr_free_cma: "nr_unaccepted",
      nr_sec_page_table_pages: "nr_iommu_pages",
      pgpromote_candidate: "pgdemote_kswapd pgdemote_direct pgdemote_khugepaged",
      nr_dirty_background_threshold: "nr_memmap_pages nr_memmap_boot_pages",
      pgsteal_direct: "pgsteal_khugepaged",
      pgscan_direct: "pgscan_khugepaged",
      pgsteal_file: "zone_reclaim_success",
      thp_deferred_split_page: "thp_underused_split_page",
      swap_ra_hit: "swpin_zero swpout_zero",
      zswpout: "zswpwb",
    },
  },
  {
    since: "7.3",
    drop: "nr_bounce nr_writeback_temp pgrefill pgsteal_kswapd pgsteal_direct pgsteal_khugepaged pgscan_kswapd " +
      "pgscan_direct pgscan_khugepaged pgscan_anon pgscan_file pgsteal_anon pgsteal_file balloon_inflate " +
      "balloon_deflate balloon_migrate",
    add: {
      nr_free_pages: "nr_free_pages_blocks",
      nr_foll_pin_released: "nr_vmalloc",
      pgpromote_candidate: "pgpromote_candidate_nrl",
      pgdemote_khugepaged:
        "pgdemote_proactive pgsteal_kswapd pgsteal_direct pgsteal_khugepaged pgsteal_proactive pgsteal_anon " +
        "pgsteal_file pgscan_kswapd pgscan_direct pgscan_khugepaged pgscan_proactive pgscan_anon pgscan_file " +
        "pgrotate_anon pgrotate_file pgrefill nr_hugetlb nr_balloon_pages nr_kernel_file_pages nr_gpu_active " +
        "nr_gpu_reclaim",
      direct_map_level3_splits: "direct_map_level2_collapses direct_map_level3_collapses nrswpin nrswpout",
    },
  },
];

/** The names of a release, in order. */
export function vmstatNames(release: string): string[] {
  let names = LINUX_6_1.split(" ");
  for (const { drop, add } of EDITIONS.filter(({ since }) => versionOf(release) >= versionOf(since))) {
    const gone = new Set(drop.split(" "));
    names = ["first", ...names.filter((name) => !gone.has(name))]
      .flatMap((name) => [name, ...(Object.hasOwn(add, name) ? add[name].split(" ") : [])])
      .slice(1);
  }
  return names;
}

/** The same, grouped: zones, NUMA events of zones, nodes. */
export function statNames(release: string): {
  readonly zone: readonly string[];
  readonly numa: readonly string[];
  readonly node: readonly string[];
} {
  const names = vmstatNames(release);
  const at = (name: string) => names.indexOf(name);
  return {
    zone: names.slice(0, at("numa_hit")),
    numa: names.slice(at("numa_hit"), at("nr_inactive_anon")),
    node: names.slice(at("nr_inactive_anon"), at("nr_dirty_threshold")),
  };
}

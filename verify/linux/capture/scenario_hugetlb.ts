// SPDX-License-Identifier: GPL-2.0-only
// `hugetlb`: nr_hugepages from 0 up and back, with the vmemmap optimisation on and off: free pages consumed and
// returned.

import { idleSpread, settledZones } from "./free_pages.ts";
import type { Guest } from "./guest.ts";
import { dramOf, type Scenario } from "./scenario.ts";
import { counterOf, freePages, sumOf } from "./zoneinfo.ts";

const DRAM_MIB = 6144;
const ROUNDS = 2;

/** Both modes, a guest each. */
export const hugetlb: Scenario = async (capture) => {
  const { machine, dramMiB } = dramOf(capture, DRAM_MIB);
  const { hugepages } = capture.options;
  const largest = Math.max(...hugepages);
  const modes: Record<string, unknown> = {};
  let spread = 0;
  for (const mode of ["on", "off"]) {
    capture.note(`hugetlb_free_vmemmap=${mode}`);
    modes[mode] = await capture.withGuest({ ...machine, append: `hugetlb_free_vmemmap=${mode}` }, async (guest) => {
      spread = Math.max(spread, await idleSpread(guest));
      const perPage = await pagesOfHugePage(guest);
      const rounds = [];
      for (let i = 0; i < ROUNDS; i++) {
        const { consumed, returned, managedDelta } = await upAndDown(guest, largest);
        rounds.push({ consumed, returned, savedPages: largest * perPage - consumed, managedDelta });
      }
      const steps = [];
      for (const n of hugepages) {
        const { consumed, returned } = await upAndDown(guest, n);
        steps.push({ n, consumed, returned });
      }
      return { [`nr_hugepages_0_${largest}_0`]: rounds, steps };
    });
  }
  const note =
    "pages of the default size; managedDelta: from before to after the whole round; idleSpread: how far readings of free pages " +
    "lay apart with nothing going on";
  return { dramMiB, note, idleSpread: spread, modes };
};

/** Base pages of a huge page of the default size. */
async function pagesOfHugePage(guest: Guest): Promise<number> {
  const huge = counterOf(await guest.shell.text("cat /proc/meminfo"), "Hugepagesize");
  return huge / counterOf(await guest.shell.text("cat /proc/self/smaps"), "KernelPageSize");
}

async function upAndDown(guest: Guest, pages: number) {
  const before = await settledZones(guest);
  await setHugepages(guest, pages);
  const up = await settledZones(guest);
  await setHugepages(guest, 0);
  const down = await settledZones(guest);
  return {
    consumed: freePages(before) - freePages(up),
    returned: freePages(down) - freePages(up),
    managedDelta: sumOf(down, "managed") - sumOf(before, "managed"),
  };
}

async function setHugepages(guest: Guest, pages: number): Promise<void> {
  const got = Number(
    await guest.shell.text(`echo ${pages} > /proc/sys/vm/nr_hugepages; cat /proc/sys/vm/nr_hugepages`),
  );
  if (got !== pages) throw new Error(`Cannot hold ${pages} huge pages: the guest gave ${got}`);
}

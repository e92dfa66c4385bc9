// SPDX-License-Identifier: GPL-2.0-only
// Claims of which no mutant changed a figure, with the reason.

export const WHY_ONLY_FAILS: Readonly<Record<string, string>> = {
  "001-09": "the geometry is set, not counted",
  "001-119": "none is aligned, and no single slip aligns one",
};

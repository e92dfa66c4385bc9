// SPDX-License-Identifier: GPL-2.0-only
// Loaded before the tests of a trial: random tests draw the same cases with every mutant, so that only the mutant tells.

import fc from "fast-check";

fc.configureGlobal({ seed: 1 });

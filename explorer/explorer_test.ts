// SPDX-License-Identifier: GPL-2.0-only
// The explorer in a real browser. The tests are in files by subject but form one module, so that the page is built and
// the browser started only once.

import "./build_testing.ts";
import "./agreement_testing.ts";
import "./access_testing.ts";
import "./save_testing.ts";

// SPDX-License-Identifier: GPL-2.0-only
// What a view is to the page that shows it.

import type { ComponentType } from "preact";
import type { Field, Values } from "./fields.ts";

/** What a view is given. */
export interface ViewProps {
  /** Its options, every one filled in. */
  readonly values: Values;
  /** Changes some of them; `replace` leaves no step in the browser's history. */
  readonly set: (changes: Values, replace?: boolean) => void;
}

/** A view. */
export interface View {
  readonly name: string;
  readonly title: string;
  readonly fields: readonly Field[];
  readonly Show: ComponentType<ViewProps>;
}

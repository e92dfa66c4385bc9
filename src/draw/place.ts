// SPDX-License-Identifier: GPL-2.0-only
// Positions in a layout drawing: boxes, and the ribbons that converge on what is shared. SVG files and the explorer
// draw these shapes. Pixels; text is not measured but assumed to have a width that every monospace font keeps to.

import { type Mapping, rowLabel } from "./mapping.ts";

/** Number of colours; each shape has the number of one. */
export const HUES = 8;

const ROW = 24;
const SPACE = 4;
const HEAD = 26;

/** Widths of the columns. */
interface Columns {
  readonly left: number;
  readonly gap: number;
  readonly right: number;
  /** Whether a target's note is drawn beside it. */
  readonly notes: boolean;
}

/** On a sheet or a screen. */
export const WIDE: Columns = { left: 132, gap: 190, right: 120, notes: true };
/** On a phone: notes are shown on request. */
export const NARROW: Columns = { left: 104, gap: 84, right: 104, notes: false };
/** Width of a character of 12 px monospace, generously. */
export const CHAR = 7.4;

/** A box with its text. */
export interface Box {
  readonly side: "from" | "to";
  /** Row or target of the mapping. */
  readonly index: number;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly label: string;
  /** Number of its colour; -1 if nothing is mapped. */
  readonly hue: number;
}

/** A ribbon from a row to its target. */
export interface Ribbon {
  readonly row: number;
  readonly path: string;
  readonly hue: number;
}

/** Text beside a box, or over a column. */
export interface Label {
  readonly x: number;
  readonly y: number;
  readonly text: string;
  readonly anchor: "start" | "middle";
  readonly head: boolean;
}

/** One mapping, placed. */
export interface Placed {
  readonly width: number;
  readonly height: number;
  readonly boxes: readonly Box[];
  readonly ribbons: readonly Ribbon[];
  readonly labels: readonly Label[];
}

/** Places a mapping with its upper left corner at (0, 0). */
export function placeMapping(mapping: Mapping, columns: Columns = WIDE): Placed {
  const { rows, targets, more } = mapping;
  const { left, gap, right } = columns;
  const boxes: Box[] = rows.map((row, i) => ({
    side: "from",
    index: i,
    x: 0,
    y: HEAD + i * (ROW + SPACE),
    width: left,
    height: ROW,
    label: rowLabel(row),
    hue: rowHue(mapping, i),
  }));
  const ribbons: Ribbon[] = [];
  const labels: Label[] = [
    { x: left / 2, y: HEAD - 9, text: mapping.from, anchor: "middle", head: true },
    { x: left + gap + right / 2, y: HEAD - 9, text: mapping.to, anchor: "middle", head: true },
  ];
  let free = HEAD;
  for (const [t, target] of targets.entries()) {
    const members = boxes.filter((box) => box.side === "from" && rows[box.index].target === t);
    const top = members[0].y;
    const bottom = members[members.length - 1].y + ROW;
    const height = target.block ? bottom - top : Math.min(bottom - top, Math.max(ROW, members.length * 8));
    const y = Math.max(free, (top + bottom - height) / 2);
    free = y + height + SPACE;
    boxes.push({ side: "to", index: t, x: left + gap, y, width: right, height, label: target.label, hue: t % HUES });
    if (columns.notes) {
      const text = noteOf(mapping, t);
      labels.push({ x: left + gap + right + 10, y: y + height / 2 + 4, text, anchor: "start", head: false });
    }
    members.forEach(({ index, y: from }, i) => {
      const step = target.block ? ROW + SPACE : height / members.length;
      const thick = target.block ? ROW : step;
      ribbons.push({ row: index, path: ribbon(columns, from, y + i * step, thick), hue: rowHue(mapping, index) });
    });
  }
  const end = Math.max(free, HEAD + rows.length * (ROW + SPACE));
  if (more > 0) {
    const text = `... and ${more} more`;
    labels.push({ x: left / 2, y: end + 14, text, anchor: "middle", head: false });
  }
  const notes = Math.max(0, ...targets.map((_, t) => noteOf(mapping, t).length));
  return {
    width: left + gap + right + (columns.notes ? 10 + Math.ceil(notes * CHAR) : 0),
    height: end + (more > 0 ? ROW : 0),
    boxes,
    ribbons,
    labels,
  };
}

/** Each page of a block has its own frame, and so its own colour. */
function rowHue({ rows, targets }: Mapping, i: number): number {
  const { target } = rows[i];
  if (target < 0) return -1;
  return (targets[target].block ? i : target) % HUES;
}

function noteOf({ targets }: Mapping, t: number): string {
  const { note, sources, refcount, block } = targets[t];
  return block || sources === 1 || sources === refcount ? note : `${note}, mapped ${sources} times`;
}

/** From the right edge of a row to a part of the left edge of a target. */
function ribbon({ left, gap }: Columns, fromY: number, toY: number, toHeight: number): string {
  const [x0, x1, middle] = [left, left + gap, left + gap / 2];
  const curve = (x: number, from: number, to: number) => `C${middle} ${n(from)} ${middle} ${n(to)} ${x} ${n(to)}`;
  return `M${x0} ${n(fromY)}${curve(x1, fromY, toY)}V${n(toY + toHeight)}` +
    `${curve(x0, toY + toHeight, fromY + ROW)}Z`;
}

function n(value: number): string {
  return String(Math.round(value * 10) / 10);
}

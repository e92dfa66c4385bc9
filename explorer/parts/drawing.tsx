// SPDX-License-Identifier: GPL-2.0-only
// The layout drawing (src/draw) in the page: the same shapes as in `lab layout --svg`, and rows that can be chosen.
/// <reference lib="dom" />

import { useEffect, useState } from "preact/hooks";
import { type Mapping, rowLabel } from "../../src/draw/mapping.ts";
import { type Box, NARROW, placeMapping, WIDE } from "../../src/draw/place.ts";

interface DrawingProps {
  readonly mapping: Mapping;
  /** Description of the picture. */
  readonly label: string;
  /** Rows drawn so far; the others are not mapped yet. Default all. */
  readonly drawn?: number;
  /** Row chosen, or -1. */
  readonly chosen?: number;
  /** Called with the first source of a row; without it rows are no controls. */
  readonly onChoose?: (source: number) => void;
}

/** Least width, so that adjacent drawings have one scale, however short their notes are. */
const LEAST = 640;
/** Screens too small for a drawing with its notes. */
const PHONE = "(max-width: 640px)";

function useNarrow(): boolean {
  const [narrow, setNarrow] = useState(() => matchMedia(PHONE).matches);
  useEffect(() => {
    const phone = matchMedia(PHONE);
    const changed = () => setNarrow(phone.matches);
    phone.addEventListener("change", changed);
    return () => phone.removeEventListener("change", changed);
  }, []);
  return narrow;
}

/** A mapping, drawn. */
export function Drawing({ mapping, label, drawn = Infinity, chosen = -1, onChoose }: DrawingProps) {
  const narrow = useNarrow();
  const { width, height, boxes, ribbons, labels } = placeMapping(mapping, narrow ? NARROW : WIDE);
  const mapped = (target: number) => mapping.rows.some((row, i) => row.target === target && i < drawn);
  return (
    <svg
      class="drawing"
      viewBox={`0 0 ${Math.max(width, narrow ? 0 : LEAST)} ${height}`}
      role={onChoose === undefined ? "img" : "group"}
      aria-label={label}
    >
      {ribbons.map(({ row, path, hue }) => (
        <path
          key={`r${row}`}
          class={`ribbon h${hue}${row >= drawn ? " later" : ""}${row === chosen ? " chosen" : ""}`}
          d={path}
        />
      ))}
      {boxes.map((box) => {
        const row = mapping.rows[box.index];
        const later = box.side === "from" ? box.index >= drawn || row.target < 0 : !mapped(box.index);
        const choose = box.side === "from" && onChoose !== undefined ? () => onChoose(row.first) : undefined;
        return (
          <BoxShape
            key={`${box.side}${box.index}`}
            box={box}
            later={later}
            chosen={box.side === "from" && box.index === chosen}
            name={describe(mapping, box)}
            {...(choose === undefined ? {} : { choose })}
          />
        );
      })}
      {labels.map(({ x, y, text, anchor, head }) => (
        <text key={`${text}${y}`} class={head ? "head" : "side"} x={x} y={y} text-anchor={anchor}>{text}</text>
      ))}
    </svg>
  );
}

interface BoxProps {
  readonly box: Box;
  readonly later: boolean;
  readonly chosen: boolean;
  readonly name: string;
  readonly choose?: () => void;
}

function BoxShape({ box, later, chosen, name, choose }: BoxProps) {
  const { x, y, width, height, label, hue } = box;
  const shape = (
    <>
      <title>{name}</title>
      <rect class={`h${hue}${later ? " later" : ""}`} x={x} y={y} width={width} height={height} rx={3} />
      <text x={x + width / 2} y={y + height / 2 + 4} text-anchor="middle">{label}</text>
    </>
  );
  if (choose === undefined) return <g>{shape}</g>;
  const onKey = (event: KeyboardEvent) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    choose();
  };
  return (
    <g
      class="choice"
      role="button"
      tabindex={0}
      aria-pressed={chosen}
      aria-label={name}
      onClick={choose}
      onKeyDown={onKey}
    >
      {shape}
    </g>
  );
}

function describe({ from, to, rows, targets }: Mapping, { side, index }: Box): string {
  if (side === "to") {
    return `${to} ${targets[index].label}: ${targets[index].note}, mapped by ${targets[index].sources}`;
  }
  const row = rows[index];
  const target = targets[row.target];
  return `${from} ${rowLabel(row)} maps to ${
    target === undefined ? "nothing" : `${to} ${target.label}, ${target.note}`
  }`;
}

// SPDX-License-Identifier: GPL-2.0-only
// Saving: a picture as SVG or PNG, a table as CSV, the state as a link. A picture keeps the colours it has in the
// page: they are written into its shapes, since the page's style sheet stays behind.
/// <reference lib="dom" />

import { useRef, useState } from "preact/hooks";
import type { ComponentChildren } from "preact";

const DRAWN = ["fill", "stroke", "stroke-width", "opacity", "font-family", "font-size", "font-weight", "text-anchor"];

/** The children, and buttons to save them. */
export function Savable({ name, children }: { readonly name: string; readonly children: ComponentChildren }) {
  const frame = useRef<HTMLElement>(null);
  const [said, say] = useState("");
  const svgs = () => [...frame.current!.querySelectorAll("svg")];
  return (
    <figure class="savable" ref={frame}>
      {children}
      <figcaption class="save">
        <button type="button" onClick={() => say(save(`${name}.svg`, svgBlob(svgs())))}>Save SVG</button>
        <button type="button" onClick={async () => say(save(`${name}.png`, await pngBlob(svgs())))}>Save PNG</button>
        <button type="button" onClick={async () => say(await copyText(pictureText(svgs()), "copied"))}>Copy SVG</button>
        <span role="status">{said}</span>
      </figcaption>
    </figure>
  );
}

/** A table with a button that saves it as CSV. */
export function SavableTable({ name, children }: { readonly name: string; readonly children: ComponentChildren }) {
  const frame = useRef<HTMLDivElement>(null);
  const [said, say] = useState("");
  const csv = () => say(save(`${name}.csv`, csvBlob(frame.current!.querySelector("table")!)));
  return (
    <div ref={frame}>
      <div class="scroll" tabIndex={0} role="region" aria-label={name}>{children}</div>
      <p class="save">
        <button type="button" onClick={csv}>Save CSV</button>
        <span role="status">{said}</span>
      </p>
    </div>
  );
}

function save(name: string, blob: Blob): string {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  // The browser reads the blob after this turn.
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  return `saved ${name}`;
}

/** Copies text; if the browser does not allow that, the text is shown for copying by hand. */
export async function copyText(text: string, done: string): Promise<string> {
  try {
    await navigator.clipboard.writeText(text);
    return done;
  } catch {
    return text;
  }
}

/** Space between the drawings of one picture. */
const BETWEEN = 16;

/** All drawings of a figure as one document, one below the other. */
function pictureText(svgs: readonly SVGSVGElement[]): string {
  const { width, height } = pictureSize(svgs);
  let y = 0;
  const parts = svgs.map((svg) => {
    const part = withColours(svg);
    part.setAttribute("y", String(y));
    y += svg.viewBox.baseVal.height + BETWEEN;
    return new XMLSerializer().serializeToString(part);
  });
  const paper = getComputedStyle(document.body).backgroundColor;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}">` +
    `<rect width="100%" height="100%" fill="${paper}"/>${parts.join("")}</svg>`;
}

function pictureSize(svgs: readonly SVGSVGElement[]): { readonly width: number; readonly height: number } {
  const boxes = svgs.map((svg) => svg.viewBox.baseVal);
  const heights = boxes.reduce((sum, box) => sum + box.height, 0);
  return { width: Math.max(...boxes.map((box) => box.width)), height: heights + BETWEEN * (svgs.length - 1) };
}

/** A copy whose shapes have the page's style inline. */
function withColours(svg: SVGSVGElement): SVGSVGElement {
  const copy = svg.cloneNode(true) as SVGSVGElement;
  const [from, to] = [[svg, ...svg.querySelectorAll("*")], [copy, ...copy.querySelectorAll("*")]];
  from.forEach((element, i) => {
    const style = getComputedStyle(element);
    for (const name of DRAWN) to[i].setAttribute(name, style.getPropertyValue(name));
    for (const name of ["class", "style", "tabindex", "role", "aria-pressed"]) to[i].removeAttribute(name);
  });
  const { width, height } = svg.viewBox.baseVal;
  copy.setAttribute("width", String(width));
  copy.setAttribute("height", String(height));
  return copy;
}

function svgBlob(svgs: readonly SVGSVGElement[]): Blob {
  return new Blob([pictureText(svgs)], { type: "image/svg+xml" });
}

async function pngBlob(svgs: readonly SVGSVGElement[]): Promise<Blob> {
  const { width, height } = pictureSize(svgs);
  const image = new Image(2 * width, 2 * height);
  image.src = URL.createObjectURL(svgBlob(svgs));
  await image.decode();
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [2 * width, 2 * height];
  canvas.getContext("2d")!.drawImage(image, 0, 0, canvas.width, canvas.height);
  URL.revokeObjectURL(image.src);
  return new Promise((resolve) => canvas.toBlob((blob) => resolve(blob!), "image/png"));
}

/** Figures with all their digits, other cells as they are. */
function csvBlob(table: HTMLTableElement): Blob {
  const cell = (element: Element) =>
    element.querySelector("[data-value]")?.getAttribute("data-value") ?? element.textContent!.trim();
  const quoted = (text: string) => /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  const rows = [...table.querySelectorAll("tr")].map((row) =>
    [...row.querySelectorAll("th, td")].map((element) => quoted(cell(element))).join(",")
  );
  return new Blob([rows.join("\r\n") + "\r\n"], { type: "text/csv" });
}

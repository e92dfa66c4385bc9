// SPDX-License-Identifier: GPL-2.0-only
// One claim: its text and verdict in a line, its figures below when opened, and a button that judges it here.

import { useState } from "preact/hooks";
import type { ResultClaim, ResultRow } from "../../results/types.ts";
import { ask } from "../ask.ts";
import { Figure } from "../parts/figure.tsx";

interface ClaimProps {
  readonly claim: ResultClaim;
  readonly open: boolean;
  readonly toggle: () => void;
}

/** The claim. */
export function Claim({ claim, open, toggle }: ClaimProps) {
  return (
    <li>
      <button type="button" class="claim" aria-expanded={open} onClick={toggle}>
        <span class={`verdict ${claim.verdict}`}>{claim.verdict}</span>
        <span class="says">{claim.text}</span>
        <span class="place">{[claim.place, ...claim.alsoAt].join(", ")}</span>
      </button>
      {open ? <Evidence claim={claim} /> : null}
    </li>
  );
}

type Rows = readonly Pick<
  ResultRow,
  "id" | "what" | "unit" | "printed" | "formula" | "measured" | "model" | "band" | "verdict" | "note"
>[];

function Evidence({ claim }: { readonly claim: ResultClaim }) {
  const [again, setAgain] = useState<{ readonly rows: Rows; readonly ms: number } | string | null>(null);
  const run = async () => {
    setAgain("running");
    try {
      const { report, ms } = await ask("claim", { id: claim.id });
      setAgain({ rows: report, ms });
    } catch (error) {
      setAgain(error instanceof Error ? error.message : String(error));
    }
  };
  return (
    <div class="evidence">
      <p class="note">
        Claim {claim.id}
        {claim.theme === null ? "" : `, about ${claim.theme}`}.
      </p>
      <Rows rows={claim.rows} caption="As published" />
      <p>
        <button type="button" disabled={again === "running"} onClick={run}>
          {again === "running" ? "Judging…" : "Run it here"}
        </button>{" "}
        <span role="status">{saidOf(claim, again)}</span>
      </p>
      {typeof again === "object" && again !== null
        ? <Rows rows={again.rows} caption="As judged here, just now" />
        : null}
    </div>
  );
}

function saidOf(claim: ResultClaim, again: { readonly rows: Rows; readonly ms: number } | string | null): string {
  if (again === null || again === "running") return "";
  if (typeof again === "string") return again;
  const verdicts = (rows: Rows) => rows.map((row) => `${row.id} ${row.verdict}`).join();
  const same = verdicts(again.rows) === verdicts(claim.rows);
  return `${same ? "The same verdict" : "A different verdict"}, in ${Math.round(again.ms)} ms.`;
}

/** Both ends of a band, as in the tables of `deno task verify`. */
function bandText(band: NonNullable<ResultRow["band"]> | null): string {
  if (band === null) return "–";
  const [low, high] = band.map((end) => end === null ? null : Number(end.toPrecision(4)));
  return high === null ? `from ${low}` : `${low} to ${high}`;
}

function Rows({ rows, caption }: { readonly rows: Rows; readonly caption: string }) {
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label={caption}>
      <table class="plain">
        <caption>{caption}</caption>
        <thead>
          <tr>
            {["What", "Printed", "Formula", "Measured", "Model", "Band", "Verdict", "Because"].map((head) => (
              <th key={head} scope="col">{head}</th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, i) => (
            <tr key={row.id}>
              <th scope="row">{row.what}{row.unit === "" ? "" : `, ${row.unit}`}</th>
              <td>{row.printed ?? "–"}</td>
              {(["formula", "measured", "model"] as const).map((key) => (
                <td key={key} class="num">
                  <Figure path={`rows.${i}.${key}`} value={row[key]} />
                </td>
              ))}
              <td class="num">{bandText(row.band ?? null)}</td>
              <td>
                <span class={`verdict ${row.verdict}`}>{row.verdict}</span>
              </td>
              <td class="because">{row.note ?? ""}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

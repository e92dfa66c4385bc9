// SPDX-License-Identifier: GPL-2.0-only
// Claims: the documents' statements and their verdicts in the published run; any of them can be judged again here.
/// <reference lib="dom" />

import { useEffect, useState } from "preact/hooks";
import { type ResultClaim, VERDICTS } from "../../results/types.ts";
import { unpacked } from "../ask.ts";
import type { Field, Values } from "../fields.ts";
import { Form } from "../parts/form.tsx";
import type { Published } from "../published.ts";
import type { View, ViewProps } from "../view.ts";
import { Claim } from "./claim.tsx";

const ANY = "any";

const FIELDS: readonly Field[] = [
  { name: "text", label: "Text", kind: "text", fallback: "" },
  { name: "verdict", label: "Verdict", kind: "text", fallback: ANY },
  { name: "theme", label: "Theme", kind: "text", fallback: ANY },
  { name: "document", label: "Document", kind: "text", fallback: ANY },
  { name: "open", label: "Shown", kind: "text", fallback: "", hidden: true },
];

/** The view. */
export const claimsView: View = { name: "claims", title: "Claims", fields: FIELDS, Show };

let loaded: Promise<Published> | null = null;

function usePublished(): Published | null {
  const [published, setPublished] = useState<Published | null>(null);
  useEffect(() => {
    loaded ??= unpacked("published").then((text) => JSON.parse(text) as Published);
    void loaded.then(setPublished);
  }, []);
  return published;
}

/** Claims whose words, figures or reasons contain the text, with this verdict, theme and document. */
function matching(claims: readonly ResultClaim[], { text, verdict, theme, document }: Values): ResultClaim[] {
  const wanted = text.toLowerCase();
  const words = (claim: ResultClaim) =>
    [claim.id, claim.place, ...claim.alsoAt, claim.text, ...claim.rows.flatMap((row) => [row.what, row.note ?? ""])]
      .join(" ").toLowerCase();
  return claims.filter((claim) =>
    (verdict === ANY || claim.verdict === verdict) && (theme === ANY || claim.theme === theme) &&
    (document === ANY || claim.id.startsWith(`${document}-`)) && (wanted === "" || words(claim).includes(wanted))
  );
}

function Show({ values, set }: ViewProps) {
  const published = usePublished();
  if (published === null) return null;
  const { claims, documents, run } = published;
  const themes = [...new Set(claims.flatMap((claim) => claim.theme ?? []))].sort();
  const choices: Readonly<Record<string, readonly string[]>> = {
    verdict: VERDICTS.filter((verdict) => claims.some((claim) => claim.verdict === verdict)),
    theme: themes,
    document: documents.map(({ id }) => id),
  };
  const fields = FIELDS.map((field) =>
    field.name in choices ? { ...field, choices: [ANY, ...choices[field.name]] } : field
  );
  const wrong = Object.keys(choices).find((name) => values[name] !== ANY && !choices[name].includes(values[name]));
  const error = wrong === undefined
    ? null
    : `Unknown ${wrong} "${values[wrong]}": expected ${choices[wrong].join(", ")}`;
  const found = wrong === undefined ? matching(claims, values) : [];
  return (
    <>
      <p>
        The {claims.length} claims of {documents.length}{" "}
        documents, judged by running them: what is printed, what the closed formula gives, what the emulator counted.
        Verdicts are of {run.date.slice(0, 10)}, commit {run.commit?.slice(0, 7) ?? "unknown"}.
      </p>
      <Form
        label="Filter"
        fields={fields}
        values={values}
        error={error}
        onChange={(changes) => set({ open: "", ...changes })}
      />
      <p class="note" role="status">{found.length} of {claims.length} claims</p>
      {documents.filter(({ id }) => found.some((claim) => claim.id.startsWith(`${id}-`))).map(({ id, title }) => (
        <section key={id} aria-label={title}>
          <h2 class="document">
            <span>{id}</span> {title}
          </h2>
          <ul class="claims">
            {found.filter((claim) => claim.id.startsWith(`${id}-`)).map((claim) => (
              <Claim
                key={claim.id}
                claim={claim}
                open={values.open === claim.id}
                toggle={() => set({ open: values.open === claim.id ? "" : claim.id }, true)}
              />
            ))}
          </ul>
        </section>
      ))}
    </>
  );
}

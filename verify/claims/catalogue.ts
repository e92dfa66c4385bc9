// SPDX-License-Identifier: GPL-2.0-only
// The claims of the documents, from fixtures/claims. Only data, so that browsers can use it too; catalogue_file.ts
// reads files that users add.

import { type Verdict, YES_NO } from "./claim.ts";
import d000 from "../../fixtures/claims/000.json" with { type: "json" };
import d001 from "../../fixtures/claims/001.json" with { type: "json" };
import d002 from "../../fixtures/claims/002.json" with { type: "json" };
import d003 from "../../fixtures/claims/003.json" with { type: "json" };
import d004 from "../../fixtures/claims/004.json" with { type: "json" };

export type ClaimKind = "behaviour" | "condition" | "count" | "formula" | "ratio" | "timing";

/** How to get a number without code: a command of `lab`, and the place of the number in its report. */
export interface Measure {
  /** Command line without `lab`. */
  readonly command: string;
  /** JSON pointer into the `report` of its `--json`. */
  readonly pointer: string;
  /** The number is multiplied by this; default 1. */
  readonly scale?: number;
}

/** A row of verify. A claim has a row of its own, a row per part, or both. */
export interface DocumentedRow {
  /** The claim's id, with `/part` for a part. */
  readonly id: string;
  /** What is counted. */
  readonly what: string;
  readonly unit: string;
  /** The figure as the document prints it, 1 or 0 for yes or no; null if it prints none. */
  readonly printed: string | null;
  /** A number, range or bound in the row's unit, if the document prints words instead of a time. */
  readonly means: string | null;
  readonly expected: Verdict | null;
  readonly note: string | null;
  /** How to get the number, for a row without code. */
  readonly measure: Measure | null;
}

/** A claim as a document makes it. */
export interface DocumentedClaim {
  /** Document and number, such as `000-07`. */
  readonly id: string;
  /** Line in the document. */
  readonly line: number;
  /** Other places that say the same, such as `001:88`. */
  readonly alsoAt: readonly string[];
  /** The claim in short. */
  readonly text: string;
  readonly kind: ClaimKind | null;
  /** Subject; null for none. */
  readonly theme: string | null;
  readonly rows: readonly DocumentedRow[];
}

export interface SourceDocument {
  /** First part of its claims' ids. */
  readonly id: string;
  readonly title: string;
  /** Name of the file whose lines are counted; null if unknown. */
  readonly file: string | null;
  /** When it was posted, if known. */
  readonly date: string | null;
  /** Where to read it. */
  readonly link: string | null;
}

export interface ClaimsDocument {
  readonly document: SourceDocument;
  readonly claims: readonly DocumentedClaim[];
}

/** A row as in a file: every field is optional, and the figure of a yes/no row is `yes` or `no`. */
type FileRow = Partial<Omit<DocumentedRow, "id">>;

/** A claim as in a file, with the fields of its own row, and the rows of its parts by name. */
type FileClaim =
  & Pick<DocumentedClaim, "id" | "line" | "text">
  & Partial<Pick<DocumentedClaim, "alsoAt" | "kind" | "theme">>
  & FileRow
  & { readonly parts?: Readonly<Record<string, FileRow>> };

export interface ClaimsFile {
  readonly document: {
    readonly title: string;
    readonly file?: string;
    readonly date?: string;
    readonly link?: string;
    readonly messageId?: string;
  };
  readonly claims: readonly FileClaim[];
}

/** Converts a file's contents. */
export function documentOf(id: string, { document: d, claims }: ClaimsFile): ClaimsDocument {
  const link = d.link ?? (d.messageId === undefined ? null : `https://lore.kernel.org/r/${d.messageId}/`);
  return {
    document: { id, title: d.title, file: d.file ?? null, date: d.date ?? null, link },
    claims: claims.map(claimOf),
  };
}

function claimOf({ id, line, text, alsoAt = [], kind = null, theme = null, parts = {}, ...own }: FileClaim) {
  const rows = Object.entries(parts).map(([part, row]) => rowOf(`${id}/${part}`, text, row));
  if (Object.keys(own).length > 0 || rows.length === 0) rows.unshift(rowOf(id, text, own));
  return { id, line, alsoAt, text, kind, theme, rows };
}

function rowOf(id: string, text: string, { what = text, unit = "", printed = null, ...row }: FileRow): DocumentedRow {
  const figure = unit === YES_NO && printed !== null ? String(Number(printed === "yes")) : printed;
  return { id, what, unit, printed: figure, means: null, expected: null, note: null, measure: null, ...row };
}

const FILES: Readonly<Record<string, unknown>> = { "000": d000, "001": d001, "002": d002, "003": d003, "004": d004 };

/** The documents that the suites judge, in order. */
export const SHIPPED: readonly ClaimsDocument[] = Object.keys(FILES).sort()
  .map((id) => documentOf(id, FILES[id] as ClaimsFile));

export const DOCUMENTS: readonly SourceDocument[] = SHIPPED.map(({ document }) => document);

/** The document of a claim's id: `001` for `001-33`. */
export function documentId(claimId: string): string {
  return claimId.slice(0, 3);
}

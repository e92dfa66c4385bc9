// SPDX-License-Identifier: GPL-2.0-only
// The claims of the documents, as fixtures/claims lists them. Data only, so that a browser has them as well; files that
// somebody adds or damages are read by catalogue_file.ts.

import { type Verdict, YES_NO } from "./claim.ts";
import d000 from "../../fixtures/claims/000.json" with { type: "json" };
import d001 from "../../fixtures/claims/001.json" with { type: "json" };
import d002 from "../../fixtures/claims/002.json" with { type: "json" };
import d003 from "../../fixtures/claims/003.json" with { type: "json" };
import d004 from "../../fixtures/claims/004.json" with { type: "json" };

/** What a claim is about. */
export type ClaimKind = "behaviour" | "condition" | "count" | "formula" | "ratio" | "timing";

/** How a number is counted without code of its own: a command of `lab`, and where in its report the number stands. */
export interface Measure {
  /** The command line behind `lab`. */
  readonly command: string;
  /** JSON pointer into the `report` of its `--json`. */
  readonly pointer: string;
  /** What the number is multiplied by; default 1. */
  readonly scale?: number;
}

/** The words of one row of verify: a claim is judged in a row of its own, in one for each of its parts, or in both. */
export interface DocumentedRow {
  /** The claim's id, with `/part` for a part of it. */
  readonly id: string;
  /** What is counted. */
  readonly what: string;
  readonly unit: string;
  /** The figure as the document prints it, 1 or 0 for yes or no; null where it prints none. */
  readonly printed: string | null;
  /** What a word that is printed instead of a time stands for: a number, a range or a bound, in the row's unit. */
  readonly means: string | null;
  readonly expected: Verdict | null;
  readonly note: string | null;
  /** How to count it, of a row that has no code. */
  readonly measure: Measure | null;
}

/** One claim as a document makes it. */
export interface DocumentedClaim {
  /** Document and number, as `000-07`. */
  readonly id: string;
  /** Line in the document. */
  readonly line: number;
  /** Other places that say the same, as `001:88`. */
  readonly alsoAt: readonly string[];
  /** The claim in short. */
  readonly text: string;
  readonly kind: ClaimKind | null;
  /** What it is about; null for none. */
  readonly theme: string | null;
  readonly rows: readonly DocumentedRow[];
}

/** A source document. */
export interface SourceDocument {
  /** First part of the ids of its claims. */
  readonly id: string;
  readonly title: string;
  /** Name of the file its lines are counted in; null where the claims do not say. */
  readonly file: string | null;
  /** When it was posted, as far as it says. */
  readonly date: string | null;
  /** Where it can be read. */
  readonly link: string | null;
}

/** A document with its claims. */
export interface ClaimsDocument {
  readonly document: SourceDocument;
  readonly claims: readonly DocumentedClaim[];
}

/** The words of a row as a file has them: all may be left out; the figure of a row in yes/no is `yes` or `no`. */
type FileRow = Partial<Omit<DocumentedRow, "id">>;

/** A claim as a file has it: the words of its own row beside its place, those of its parts by name. */
type FileClaim =
  & Pick<DocumentedClaim, "id" | "line" | "text">
  & Partial<Pick<DocumentedClaim, "alsoAt" | "kind" | "theme">>
  & FileRow
  & { readonly parts?: Readonly<Record<string, FileRow>> };

/** A file's contents. */
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

/** The document that a file of this shape is. */
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

/** The same without their claims. */
export const DOCUMENTS: readonly SourceDocument[] = SHIPPED.map(({ document }) => document);

/** A document's name in ids and places: `001` of `001-33`. */
export function documentId(claimId: string): string {
  return claimId.slice(0, 3);
}

// SPDX-License-Identifier: GPL-2.0-only
// Reads files of claims: those of fixtures/claims, one that a user added there, or one given to `lab claims check`.
// Reading is strict (fixtures/claims/schema.json): anything wrong is reported in one line with file, place and reason.

import schema from "../../fixtures/claims/schema.json" with { type: "json" };
import { CommandError } from "../../src/cli/command.ts";
import { checkOf, parseJson, readJson } from "../fixtures.ts";
import { type ClaimsDocument, type ClaimsFile, type DocumentedClaim, documentId, documentOf } from "./catalogue.ts";
import { unreadReason } from "../../src/cli/unread.ts";

const checkSchema = checkOf(schema, "fixtures/claims/schema.json");
const FOLDER = new URL("../../fixtures/claims/", import.meta.url);

/** Every document of the folder, sorted by name. CommandError for an invalid file. */
export function readDocuments(folder: URL = FOLDER): ClaimsDocument[] {
  let names: string[];
  try {
    names = [...Deno.readDirSync(folder)].map(({ name }) => name).filter((name) => /^\d{3}\.json$/.test(name)).sort();
  } catch (error) {
    throw new CommandError(`${folder.pathname}: cannot be read: ${unreadReason(error)}`);
  }
  return names.map((name) => readDocument(new URL(name, folder).pathname, `fixtures/claims/${name}`));
}

export function readCatalogue(folder: URL = FOLDER): DocumentedClaim[] {
  return readDocuments(folder).flatMap(({ claims }) => claims);
}

/** Reads one file; messages call it `called`. */
export function readDocument(file: string, called = file): ClaimsDocument {
  return documentIn(called, readJson(file, new URL(`file://${Deno.cwd()}/`)));
}

export function parseDocument(file: string, text: string): ClaimsDocument {
  return documentIn(file, parseJson(file, text));
}

function documentIn(file: string, value: unknown): ClaimsDocument {
  checkSchema(file, value);
  const contents = value as ClaimsFile;
  const { claims } = contents;
  const id = documentId(claims[0].id);
  const seen = new Set<string>();
  for (const claim of claims) {
    if (documentId(claim.id) !== id) throw new CommandError(`${file}: ${claim.id}: expected an id ${id}-NN`);
    if (seen.has(claim.id)) throw new CommandError(`${file}: ${claim.id}: the id is there twice`);
    seen.add(claim.id);
  }
  const named = /(\d{3})\.json$/.exec(file)?.[1];
  if (file.startsWith("fixtures/") && named !== id) {
    throw new CommandError(`${file}: its claims are of document ${id}`);
  }
  return documentOf(id, contents);
}

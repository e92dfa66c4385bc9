// SPDX-License-Identifier: GPL-2.0-only
// Reads the keys of a JSON object of ndctl, daxctl or lsmem by type. Errors name the key; unknown keys are reported.

import { isPowerOf2 } from "../lib/align.ts";
import type { SizeRange } from "../lib/units.ts";
import { damaged, type Facts, type Place } from "./facts.ts";
import type { Json } from "./json.ts";
import { roundest, sizeOf } from "./size.ts";

/** A JSON object whose keys a reader asks for; a bad value is noted and reads as absent. */
export interface Fields extends Place {
  readonly has: (key: string) => boolean;
  /** Whether the key is absent or null. */
  readonly isNull: (key: string) => boolean;
  readonly text: (key: string) => string | null;
  /** The name of a DAX device. */
  readonly device: (key: string) => string | null;
  readonly size: (key: string) => SizeRange | null;
  /** An alignment or address: the roundest value that a rounded figure may stand for. */
  readonly round: (key: string) => number | null;
  /** A page size: a power of two from 4 KiB. */
  readonly page: (key: string) => number | null;
  /** One of some words. */
  readonly word: (key: string, words: readonly string[]) => string | null;
  readonly count: (key: string) => number | null;
  readonly flag: (key: string) => boolean | null;
  readonly list: (key: string) => readonly Json[];
  readonly object: (key: string) => Json | null;
}

/** Whether a value is an object. */
export function isObject(json: Json): json is Json & { readonly value: ReadonlyMap<string, Json> } {
  return json.value instanceof Map;
}

/** The keys of an object, given those that its program can print. */
export function fieldsOf(
  file: string,
  json: Json & { readonly value: ReadonlyMap<string, Json> },
  known: ReadonlySet<string>,
  facts: Facts,
): Fields {
  const map = json.value;
  const at = (key: string): Place => ({ file, line: map.get(key)!.line });
  const refuse = (key: string, wanted: string) => {
    const given = map.get(key)!.value;
    const shown = typeof given === "object" && given !== null ? "a list or object" : JSON.stringify(given);
    damaged(facts, at(key), `"${key}" is ${shown}: expected ${wanted}`);
    return null;
  };
  const scalar = <T>(key: string, wanted: string, read: (given: Json["value"]) => T | null): T | null => {
    const given = map.get(key);
    return given === undefined || given.value === null ? null : read(given.value) ?? refuse(key, wanted);
  };
  const size = (key: string) =>
    scalar(key, "a size from 0 to 2^53", (v) => typeof v === "string" || typeof v === "number" ? sizeOf(v) : null);
  for (const [key, { line }] of map) {
    if (!known.has(key)) facts.notes.push({ file, line, kind: "note", text: `key "${key}" is not known: not read` });
  }
  const round = (key: string) => {
    const read = size(key);
    return read === null ? null : roundest(read);
  };
  return {
    file,
    line: json.line,
    has: (key) => map.has(key),
    isNull: (key) => (map.get(key)?.value ?? null) === null,
    text: (key) => scalar(key, "a text", (v) => typeof v === "string" ? v : null),
    device: (key) => scalar(key, "a DAX device", (v) => typeof v === "string" && /^dax\d+\.\d+$/.test(v) ? v : null),
    size,
    round,
    page: (key) => {
      const read = round(key);
      return read === null || (isPowerOf2(read) && read >= 4096) ? read : refuse(key, "a page size");
    },
    word: (key, words) => scalar(key, words.join(", "), (v) => typeof v === "string" && words.includes(v) ? v : null),
    count: (key) =>
      scalar(key, "a whole number from 0", (v) => {
        const n = typeof v === "string" && /^\d+$/.test(v) ? Number(v) : v;
        return typeof n === "number" && Number.isSafeInteger(n) && n >= 0 ? n : null;
      }),
    flag: (key) => scalar(key, "true or false", (v) => typeof v === "boolean" ? v : yesNo(v)),
    list: (key) => scalar(key, "a list", (v) => Array.isArray(v) ? v as readonly Json[] : null) ?? [],
    object: (key) => map.has(key) ? map.get(key)! : null,
  };
}

function yesNo(v: unknown): boolean | null {
  return v === "yes" ? true : v === "no" ? false : null;
}

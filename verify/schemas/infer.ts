// SPDX-License-Identifier: GPL-2.0-only
// Infers a JSON Schema from values: the types of every key, which keys are always present, no other keys. Objects in
// MAPS have data as keys: any key is allowed, with values of the types seen.

/** The subset of JSON Schema made here. */
export interface Schema {
  type?: string | string[];
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: boolean | Schema;
  items?: Schema;
}

/**
 * Objects whose keys are data: counters that moved, views, arguments of kernel functions, terms of the model, claims by
 * verdict.
 */
export const MAPS: readonly string[] = ["counters", "views", "args", "framesTaken", "costNs", "verdicts"];

/** The schema of these values, all found under `name`. */
export function inferSchema(values: readonly unknown[], name = ""): Schema {
  const types = [...new Set(values.map(typeOf))].sort();
  const schema: Schema = types.length === 1 ? { type: types[0] } : types.length === 0 ? {} : { type: types };
  const objects = values.filter(isObject);
  if (objects.length > 0) Object.assign(schema, MAPS.includes(name) ? mapSchema(objects) : objectSchema(objects));
  const lists = values.filter(Array.isArray);
  if (lists.length > 0) schema.items = inferSchema(lists.flat(1));
  return schema;
}

function mapSchema(objects: readonly Record<string, unknown>[]): Schema {
  return { additionalProperties: inferSchema(objects.flatMap((object) => Object.values(object))) };
}

function objectSchema(objects: readonly Record<string, unknown>[]): Schema {
  const keys = [...new Set(objects.flatMap((object) => Object.keys(object)))];
  const own = (key: string) => objects.filter((object) => Object.hasOwn(object, key));
  return {
    properties: Object.fromEntries(keys.map((key) => [key, inferSchema(own(key).map((object) => object[key]), key)])),
    required: keys.filter((key) => own(key).length === objects.length),
    additionalProperties: false,
  };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** JSON Schema's "integer" is not used: whether a figure is whole may depend on the run. */
function typeOf(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "array" : typeof value;
}

/** Reading what programs print as JSON: shapes are checked, so that a program that prints something else fails in words. */

export type Fields = Readonly<Record<string, unknown>>;

/** An array of objects; throws when it is something else. `from` names the program. */
export function records(json: unknown, from: string): readonly Fields[] {
  if (!Array.isArray(json)) throw new Error(`${from} printed no list`);
  return json.map((item: unknown) => record(item, from));
}

export function record(json: unknown, from: string): Fields {
  if (typeof json !== "object" || json === null || Array.isArray(json))
    throw new Error(`${from} printed ${JSON.stringify(json)} where an object was expected`);
  return Object.fromEntries(Object.entries(json));
}

/** The text at `key`; throws when there is none. */
export function textAt(fields: Fields, key: string): string {
  const value = fields[key];
  if (typeof value !== "string") throw new Error(`no ${key} in ${JSON.stringify(fields)}`);
  return value;
}

export function listAt(fields: Fields, key: string): readonly unknown[] {
  const value: unknown = fields[key];
  return Array.isArray(value) ? value : [];
}

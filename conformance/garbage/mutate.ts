/** What clients get wrong, and what attackers try: a valid request, made worse. */
import type { Chance } from "./chance.ts";

export interface Said {
  readonly method: string;
  readonly path: string;
  /** `key=value` pairs, as sent. */
  readonly query: string;
  readonly headers: Readonly<Record<string, string>>;
  /** The body as it goes over the wire. */
  readonly text: string;
}

type Mutation = (said: Said, chance: Chance) => Said;

const METHODS = ["GET", "PUT", "POST", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE", "get", "FOO"];

/** Values of every type and of odd sizes. Built anew each time: some are large. */
const VALUES: readonly (() => unknown)[] = [
  () => null,
  () => true,
  () => 0,
  () => -1,
  () => 1e308,
  () => 2 ** 53 + 1,
  () => 0.5,
  () => "",
  () => " ",
  () => "x".repeat(256),
  () => "x".repeat(100_000),
  () => "\u0000\u0001",
  () => "\ud800",
  () => "ﷺ𝕏\u202e",
  () => "'; DROP TABLE port; --",
  () => "__proto__",
  () => "constructor",
  () => [],
  () => {},
  () => [[[[[]]]]],
  () => ({ "": null }),
  () => ({ __proto__: { admin: true } }),
  () => Array.from({ length: 2000 }, (_, at) => at),
  () => Array.from({ length: 500 }, () => ({ ip_address: "10.0.0.1" })),
  () => "10.0.0.0/33",
  () => "0.0.0.0/0",
  () => "::/0",
  () => "10.0.0.256",
  () => "fe80::1%eth0",
  () => "00:00:00:00:00:00",
  () => "ff:ff:ff:ff:ff:ff",
  () => "-1",
  () => "65536",
  () => "1e9",
  () => "00000000-0000-4000-8000-000000000000",
  () => nested(200),
];

const WORDS = [
  "id",
  "fields",
  "limit",
  "marker",
  "sort_key",
  "sort_dir",
  "page_reverse",
  "fixed_ips",
  "tags",
  "shared",
  "__proto__",
  "%00",
  "name",
];

export const MUTATIONS: readonly Mutation[] = [
  (said, chance) => ({ ...said, method: chance.of(METHODS) }),
  (said, chance) => withBody(said, (body) => replaced(body, chance)),
  (said, chance) => withBody(said, (body) => replaced(body, chance)),
  (said, chance) => withBody(said, (body) => without(body, chance)),
  (said, chance) => withBody(said, (body) => keyed(body, chance)),
  (said, chance) => ({ ...said, text: said.text.slice(0, chance.below(said.text.length + 1)) }),
  (said, chance) => ({ ...said, text: said.text.replace("{", `{"${chance.of(WORDS)}":1,"${chance.of(WORDS)}":2,`) }),
  (said) => ({ ...said, text: "[".repeat(5000) }),
  (said, chance) => ({ ...said, text: chance.of(["", "null", "0", '"x"', "[]", "{}", "{", "NaN", "\u0000", "ÿþ"]) }),
  (said, chance) => ({ ...said, path: pathed(said.path, chance) }),
  (said, chance) => ({ ...said, query: `${said.query}&${queried(chance)}` }),
  (said, chance) => ({ ...said, query: Array.from({ length: 1 + chance.below(300) }, () => queried(chance)).join("&") }),
  (said, chance) => ({
    ...said,
    headers: { ...said.headers, "if-match": chance.of(["revision_number=1", "x", "", "revision_number=99999999999999999999", '"*"']) },
  }),
  (said, chance) => ({
    ...said,
    headers: { ...said.headers, accept: chance.of(["application/xml", "*/*", "", "\u00ff", "text/html;q=0"]) },
  }),
];

/** An object within an object, so many deep. */
function nested(depth: number): unknown {
  let value: unknown = 1;
  for (let at = 0; at < depth; at++) value = { a: [value] };
  return value;
}

function withBody(said: Said, change: (body: unknown) => unknown): Said {
  let body: unknown;
  try {
    body = JSON.parse(said.text);
  } catch {
    return said;
  }
  return { ...said, text: JSON.stringify(change(body)) ?? "" };
}

/** Some value somewhere becomes another. */
function replaced(body: unknown, chance: Chance): unknown {
  if (Array.isArray(body) && body.length > 0 && !chance.oneIn(4)) {
    const at = chance.below(body.length);
    return (body as readonly unknown[]).map((item, index) => (index === at ? replaced(item, chance) : item));
  }
  const keys = isRecord(body) ? Object.keys(body) : [];
  if (!isRecord(body) || keys.length === 0 || chance.oneIn(6)) return chance.of(VALUES)();
  const key = chance.of(keys);
  return { ...body, [key]: replaced(body[key], chance) };
}

function without(body: unknown, chance: Chance): unknown {
  const inner = firstOf(body);
  if (inner === undefined || Object.keys(inner.object).length === 0) return body;
  const { [chance.of(Object.keys(inner.object))]: _, ...rest } = inner.object;
  return { [inner.name]: rest };
}

function keyed(body: unknown, chance: Chance): unknown {
  const inner = firstOf(body);
  return inner === undefined ? body : { [inner.name]: { ...inner.object, [chance.of(WORDS)]: chance.of(VALUES)() } };
}

function firstOf(body: unknown): { readonly name: string; readonly object: Readonly<Record<string, unknown>> } | undefined {
  if (!isRecord(body)) return undefined;
  const [entry] = Object.entries(body);
  return entry !== undefined && isRecord(entry[1]) ? { name: entry[0], object: entry[1] } : undefined;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

const SEGMENTS = [
  "..",
  "",
  ".",
  "%2e%2e",
  "%",
  "%zz",
  "%ff",
  "x".repeat(3000),
  "tags",
  "ports",
  "'",
  "null",
  "a/b/c/d/e",
  "%00",
  "add_router_interface",
];

function pathed(path: string, chance: Chance): string {
  const segments = path.split("/");
  const at = 1 + chance.below(segments.length);
  return [...segments.slice(0, at), chance.of(SEGMENTS), ...segments.slice(at + chance.below(2))].join("/");
}

function queried(chance: Chance): string {
  const value = chance.of([
    "",
    "x",
    "true",
    "-1",
    "99999999999999999999",
    "%",
    "ip_address=",
    "ip_address=x",
    "subnet_id=%ff",
    "a".repeat(3000),
    "asc",
  ]);
  return `${chance.of(WORDS)}=${value}`;
}

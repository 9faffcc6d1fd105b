/** Headers on the way to Nova's metadata API and back: what says who asks is written here and taken from nobody. */
import type { Caller } from "./caller.ts";

/** Name and value, as they were written. */
export type Header = readonly [name: string, value: string];

/** Of one connection alone (RFC 9110, 7.6.1), or set anew for the next. */
const PER_CONNECTION: ReadonlySet<string> = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "proxy-authenticate",
  "proxy-authorization",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "expect",
]);

/** What Nova would believe of the caller, from us alone; and what belongs to the message that is sent on. */
const OURS =
  /^(x-instance-id|x-instance-id-signature|x-tenant-id|x-forwarded(-.*)?|x-real-ip|x-metadata-.*|forwarded|via|host|content-length)$/;

/** A server behind WSGI reads both spellings as one name: HTTP_X_INSTANCE_ID. */
function plainName(name: string): string {
  return name.toLowerCase().replaceAll("_", "-");
}

/** Names that the Connection header says are of this connection alone. */
function namedIn(headers: readonly Header[]): ReadonlySet<string> {
  const lists = headers.filter(([name]) => plainName(name) === "connection").flatMap(([, value]) => value.split(","));
  return new Set(lists.map((name) => plainName(name.trim())));
}

function withoutConnection(headers: readonly Header[]): Header[] {
  const named = namedIn(headers);
  return headers.filter(([name]) => !PER_CONNECTION.has(plainName(name)) && !named.has(plainName(name)));
}

/** `signature`: of the instance's id. */
export function headersToNova(said: readonly Header[], instance: NonNullable<Caller["instance"]>, by: Signed): Header[] {
  return [
    ...withoutConnection(said).filter(([name]) => !OURS.test(plainName(name))),
    ["X-Instance-ID", instance.id],
    ["X-Tenant-ID", instance.project],
    ["X-Forwarded-For", by.address],
    ["X-Instance-ID-Signature", by.signature],
  ];
}

export interface Signed {
  readonly address: Caller["address"];
  /** Hexadecimal HMAC-SHA256 of the instance's id, with the secret that Nova knows. */
  readonly signature: string;
}

/** As Nova answered. */
export function headersToVm(said: readonly Header[]): Header[] {
  return withoutConnection(said);
}

/** Names and values by turns, as a socket's program reads them. */
export function pairsOf(raw: readonly string[]): Header[] {
  return Array.from({ length: raw.length >> 1 }, (_, at) => [raw[2 * at] ?? "", raw[2 * at + 1] ?? ""]);
}

/**
 * A client of the API: enough to list and show, and to ask for Margay's own. Where it is: `--url`, else MARGAY_URL, else OS_ENDPOINT, else this
 * machine; `unix:PATH` is a socket. A token, where one is asked for, comes from OS_TOKEN.
 */
import { exchange } from "#adapters/http/exchange.ts";
import type { Question } from "#adapters/http/exchange.ts";

/** What an operator is told instead of a stack: the command ends with status 1. */
export class Complaint extends Error {}

export type Item = Readonly<Record<string, unknown>>;

export interface Client {
  /** All items of a collection that match; `collection` is its name in the URL and in the answer: `networks`. */
  list(collection: string, query?: Readonly<Record<string, string>>): Promise<readonly Item[]>;
}

type Environment = Readonly<Record<string, string | undefined>>;

const HERE = "http://127.0.0.1:9696";
/** Of one answer, in milliseconds: a server that has taken a request and says nothing is as bad as none. */
const PATIENCE = 30_000;

/** Without the version, with which some write it and some do not. */
export function endpointOf(url: string | undefined, env: Environment): string {
  const given = url || env["MARGAY_URL"] || env["OS_ENDPOINT"] || HERE;
  if (/^unix:./.test(given)) return given;
  const absolute = URL.parse(given);
  if (absolute === null || !/^https?:$/.test(absolute.protocol)) throw new Complaint(`${given}: not an http://, https:// or unix: address`);
  return given.replace(/\/+$/, "").replace(/\/v2\.0$/, "");
}

export function clientAt(endpoint: string, token?: string): Client {
  const headers = token ? { "x-auth-token": token } : {};
  const { door, base } = doorOf(endpoint);
  return {
    async list(collection, query = {}) {
      const items: Item[] = [];
      let next: string | undefined = `${base}/v2.0/${collection}?${new URLSearchParams(query)}`.replace(/\?$/, "");
      while (next !== undefined) {
        const page: Item = await get(door, next, headers);
        items.push(...itemsOf(page[collection], `${door}${next}: no list of ${collection} in the answer`));
        next = nextPage(page[`${collection}_links`]);
      }
      return items;
    },
  };
}

/** Where to knock, and what every path there begins with. */
export function doorOf(endpoint: string): { readonly door: string; readonly base: string } {
  if (endpoint.startsWith("unix:")) return { door: endpoint, base: "" };
  const { origin, pathname } = new URL(endpoint);
  return { door: origin, base: pathname.replace(/\/$/, "") };
}

interface Said {
  readonly body: object;
  readonly token?: string | undefined;
}

/** Asks a part of Margay's own API to do something: `/margay/v1/apply`. */
export function post(endpoint: string, path: string, said: Said): Promise<Item> {
  return send("POST", endpoint, path, said);
}

/** Changes what is at a place of the API: `/v2.0/quotas/PROJECT`. */
export function put(endpoint: string, path: string, said: Said): Promise<Item> {
  return send("PUT", endpoint, path, said);
}

async function send(method: "POST" | "PUT", endpoint: string, path: string, { body, token }: Said): Promise<Item> {
  const { door, base } = doorOf(endpoint);
  const headers = token ? { "x-auth-token": token } : {};
  return await answerTo(door, { method, path: `${base}${path}`, headers, body: JSON.stringify(body) });
}

/** What a part of Margay's own API tells: `/margay/v1/store/check`. */
export async function getFrom(endpoint: string, path: string, token?: string): Promise<Item> {
  const { door, base } = doorOf(endpoint);
  return await get(door, `${base}${path}`, token ? { "x-auth-token": token } : {});
}

async function get(door: string, path: string, headers: Readonly<Record<string, string>>): Promise<Item> {
  return await answerTo(door, { method: "GET", path, headers });
}

async function answerTo(door: string, question: Question): Promise<Item> {
  const { status, reason, text } = await exchange(door, question, { timeout: PATIENCE }).catch((error: NodeJS.ErrnoException) => {
    throw unreachable(door, error);
  });
  const body = parsed(text);
  const asked = `${door}${question.path}`;
  if (status < 200 || status > 299) throw new Complaint(`${asked}: ${status} ${reason}: ${messageOf(body) ?? text.slice(0, 200)}`);
  if (body === undefined) throw new Complaint(`${asked}: the answer is not JSON: is this a Neutron API?`);
  return body;
}

/** As OpenSSL and Node say it. */
const UNTRUSTED = /CERT|SIGNATURE|ISSUER/;

export function unreachable(door: string, error: NodeJS.ErrnoException): Complaint {
  // Whoever has no trust in a certificate has reached somebody.
  if (error.code !== undefined && UNTRUSTED.test(error.code))
    return new Complaint(`${door}: its certificate is not trusted (${error.code}). NODE_EXTRA_CA_CERTS=FILE names whom to trust besides.`);
  return new Complaint(
    `Nothing answers at ${door} (${error.code ?? error.message}). Is the controller running there? Otherwise say where with --url or MARGAY_URL.`,
  );
}

/** Neutron's own words in an answer, or its beginning. */
export function wordsOf(text: string): string {
  return messageOf(parsed(text)) ?? text.slice(0, 200);
}

/** Neutron's own words. Errors come as `{NeutronError: {type, message, detail}}`, Keystone's middleware as `{error: {message}}`. */
function messageOf(body: Item | undefined): string | undefined {
  const [first] = Object.values(body ?? {});
  if (typeof first === "string") return first;
  return isItem(first) && typeof first["message"] === "string" ? first["message"] : undefined;
}

function parsed(text: string): Item | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isItem(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function itemsOf(value: unknown, otherwise: string): readonly Item[] {
  if (Array.isArray(value) && value.every(isItem)) return value;
  throw new Complaint(otherwise);
}

function nextPage(links: unknown): string | undefined {
  const found = Array.isArray(links) ? links.find((link) => isItem(link) && link["rel"] === "next") : undefined;
  const next = isItem(found) && typeof found["href"] === "string" ? URL.parse(found["href"], HERE) : null;
  // The same door as before, by whatever name the server knows itself.
  return next === null ? undefined : `${next.pathname}${next.search}`;
}

function isItem(value: unknown): value is Item {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * A reader of the Neutron API: enough to list and show. Where it is: `--url`, else MARGAY_URL, else OS_ENDPOINT, else this
 * machine; a token, where one is asked for, comes from OS_TOKEN.
 */

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
  const absolute = URL.parse(given);
  if (absolute === null || !/^https?:$/.test(absolute.protocol)) throw new Complaint(`${given}: not an http:// or https:// address`);
  return given.replace(/\/+$/, "").replace(/\/v2\.0$/, "");
}

export function clientAt(endpoint: string, token?: string): Client {
  const headers = { accept: "application/json", ...(token ? { "x-auth-token": token } : {}) };
  return {
    async list(collection, query = {}) {
      const items: Item[] = [];
      let next: string | undefined = `${endpoint}/v2.0/${collection}?${new URLSearchParams(query)}`.replace(/\?$/, "");
      while (next !== undefined) {
        const page: Item = await get(next, headers);
        items.push(...itemsOf(page[collection], `${next}: no list of ${collection} in the answer`));
        next = nextPage(page[`${collection}_links`]);
      }
      return items;
    },
  };
}

async function get(url: string, headers: Readonly<Record<string, string>>): Promise<Item> {
  const answer = await fetch(url, { headers, signal: AbortSignal.timeout(PATIENCE) }).catch((error: unknown) => {
    throw new Complaint(
      `Nothing answers at ${new URL(url).origin} (${causeOf(error)}). Is the controller running there? Otherwise say where with --url or MARGAY_URL.`,
    );
  });
  const text = await answer.text();
  const body = parsed(text);
  if (!answer.ok) throw new Complaint(`${url}: ${answer.status} ${answer.statusText}: ${messageOf(body) ?? text.slice(0, 200)}`);
  if (body === undefined) throw new Complaint(`${url}: the answer is not JSON: is this a Neutron API?`);
  return body;
}

function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause as { readonly code?: unknown } | undefined; // fetch hides the system's error code in there
  return typeof cause?.code === "string" ? cause.code : error.message;
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
  return isItem(found) && typeof found["href"] === "string" ? found["href"] : undefined;
}

function isItem(value: unknown): value is Item {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * Requests by the thousand, most of them wrong, one after the other over an API of ours: none may be answered by 5xx, none may
 * hang, and the cloud must be afterwards what those alone would have made that changed something.
 */
import type { HttpAnswer, HttpRequest } from "#contracts/http.ts";
import type { Fresh } from "#core/neutron/decision.ts";
import { ok } from "#core/result.ts";
import { at, exchanges, filled, projects } from "../fixtures/exchange.ts";
import type { Exchange } from "../fixtures/exchange.ts";
import { memoryApi } from "../place/memory-api.ts";
import type { MemoryApi } from "../place/memory-api.ts";
import { chance } from "./chance.ts";
import type { Chance } from "./chance.ts";
import { MUTATIONS } from "./mutate.ts";
import type { Said } from "./mutate.ts";

/** Nothing that is decided takes this long. */
const HANGS_MS = 5000;
/** So many objects are enough: deleting them is among the requests, too. */
const KNOWN = 400;

export interface Played {
  readonly statuses: ReadonlyMap<number, number>;
  /** What was answered by 5xx, threw, or hung: the request, and what came of it. */
  readonly faults: readonly string[];
  /** Requests that changed something. */
  readonly changing: readonly HttpRequest[];
  /** Everything that the store holds in the end. */
  readonly rows: ReadonlyMap<string, object>;
}

/** An API whose fresh ids and chance follow from the revision alone: what changes nothing leaves no trace in them. */
export function player(): Promise<MemoryApi> {
  return memoryApi({
    identify: async ({ "x-roles": roles = "admin", "x-project-id": project = "p" }) => ok({ user: "u", project, roles: [roles] }),
    fresh: freshAt,
  });
}

function freshAt(revision: number): Omit<Fresh, "now"> {
  const numbers = chance(revision * 7919 + 1);
  let ids = 0;
  return {
    uuid: () => `${revision.toString(16).padStart(8, "0")}-${(ids++).toString(16).padStart(4, "0")}-4000-8000-000000000000`,
    below: (bound) => (BigInt(numbers.below(2 ** 32)) * 2n ** 32n + BigInt(numbers.below(2 ** 32))) % bound,
  };
}

/** Plays `count` requests, drawn by `seed`. */
export async function played(count: number, seed: number): Promise<Played> {
  const { handle, present } = await player();
  const draw = drawer(chance(seed));
  const statuses = new Map<number, number>();
  const [faults, changing]: [string[], HttpRequest[]] = [[], []];
  for (let left = count; left > 0; left--) {
    const { request, learn } = draw();
    const before = present.revision();
    const answered = await settled(handle(request));
    if (present.revision() !== before) changing.push(request);
    const status = answered instanceof Error ? 500 : answered.status;
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
    if (status >= 500) faults.push(`${told(request)} -> ${answered instanceof Error ? answered.stack : JSON.stringify(answered)}`);
    else if (!(answered instanceof Error)) learn(answered);
  }
  return { statuses, faults, changing, rows: present.rows() };
}

/** The same requests, and nothing else. */
export async function replayed(requests: readonly HttpRequest[]): Promise<ReadonlyMap<string, object>> {
  const { handle, present } = await player();
  for (const request of requests) await handle(request);
  return present.rows();
}

async function settled(asked: Promise<HttpAnswer>): Promise<HttpAnswer | Error> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Error>((resolve) => (timer = setTimeout(() => resolve(new Error("it hangs")), HANGS_MS)));
  const answered = asked.catch((error: unknown) => (error instanceof Error ? error : new Error(String(error))));
  const first = await Promise.race([answered, late]);
  clearTimeout(timer);
  return first;
}

interface Drawn {
  readonly request: HttpRequest;
  /** Takes from an answer what later requests may speak of. */
  learn(answer: HttpAnswer): void;
}

/** Draws requests out of the exchanges with a Neutron, about objects that are there, three in four made worse. */
function drawer(luck: Chance): () => Drawn {
  const all = exchanges().filter(({ as }) => as !== "none");
  const fixed = projects();
  const names = new Map(Object.entries(fixed));
  const ids: string[] = [];
  return () => {
    const exchange = luck.of(all);
    const valid = saidBy(exchange, names);
    let said = luck.oneIn(6) && ids.length > 0 ? { ...valid, path: valid.path.replace(/[0-9a-f-]{36}/, luck.of(ids)) } : valid;
    for (let times = luck.below(4); times > 0; times--) said = luck.of(MUTATIONS)(said, luck);
    return { request: requestOf(said), learn: ({ body }) => learn(exchange, body) };
  };

  function learn({ captures }: Exchange, body: unknown): void {
    for (const [name, path] of Object.entries(captures)) {
      const value = at(body, path);
      if (typeof value !== "string") continue;
      names.set(name, value);
      ids.push(value);
      if (ids.length > KNOWN) ids.splice(luck.below(ids.length), 1);
    }
  }
}

function saidBy({ as, method, template }: Exchange, names: ReadonlyMap<string, string>): Said {
  const [path = "", query = ""] = String(filled(template.path, names)).split("?");
  const body = filled(template.body, names);
  const project = { admin: "adminproject", member: "demo", alt: "altproject", reader: "demo", none: "demo" }[as];
  const headers = { "x-roles": as === "alt" ? "member" : as, "x-project-id": names.get(project) ?? "" };
  return { method, path, query, headers, text: body === null ? "" : JSON.stringify(body) };
}

function requestOf({ method, path, query, headers, text }: Said): HttpRequest {
  return { method, path, query: [...new URLSearchParams(query)], headers, text, base: "http://controller:9696" };
}

function told({ method, path, query, text }: HttpRequest): string {
  return `${method} ${path.slice(0, 200)} ${JSON.stringify(query).slice(0, 200)} ${text.slice(0, 400)}`;
}

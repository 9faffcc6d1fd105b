/** For tests: a cloud of its own, whose writes are applied at once, asked through the API like any other. */
import type { Who } from "../policy/who.ts";
import { ok } from "../result.ts";
import type { Result } from "../result.ts";
import { answer } from "./api.ts";
import { refusalResponse } from "./api-types.ts";
import type { ApiRequest, ApiResponse } from "./api-types.ts";
import { Cloud } from "./cloud.ts";
import type { Decide, Fresh } from "./decision.ts";
import { DEFAULT_SETTINGS } from "./settings.ts";
import type { CloudSettings } from "./settings.ts";

export const ADMIN: Who = { user: "u-admin", project: "p-admin", roles: ["admin"] };
export const MEMBER: Who = { user: "u-member", project: "p-member", roles: ["member"] };
export const OTHER: Who = { user: "u-other", project: "p-other", roles: ["member"] };
export const READER: Who = { user: "u-reader", project: "p-member", roles: ["reader"] };
export const SERVICE: Who = { user: "u-nova", project: "p-service", roles: ["service"] };

export interface Sandbox {
  readonly cloud: Cloud;
  /** The clock, to be set: RFC 3339, UTC, seconds. */
  readonly time: { now: string };
  /** `path` below /v2.0, with its query: `ports?name=a`. */
  ask(who: Who, method: string, path: string, body?: unknown, ifMatch?: string): ApiResponse;
  /** Makes any decision and applies its writes. */
  decide<T>(decide: Decide<Cloud, T>): Result<T>;
}

/** Ids count up; chance is a generator with a fixed seed, so that a failure can be seen again. */
export function sandbox(settings: Partial<CloudSettings> = {}): Sandbox {
  const cloud = new Cloud({ ...DEFAULT_SETTINGS, ...settings });
  const time = { now: "2026-11-23T08:00:00Z" };
  const chance = seeded(20261123);
  let ids = 0;
  const fresh = (): Fresh => ({
    now: time.now,
    // They differ at the front: a tap is named after the first characters of its port's id.
    uuid: () => `${(++ids).toString(16).padStart(8, "0")}-0000-4000-8000-000000000000`,
    below: (bound) => (chance() * 2n ** 64n + chance() * 2n ** 32n + chance()) % bound,
  });
  const ask: Sandbox["ask"] = (who, method, path, body, ifMatch) => {
    const asked = answer(cloud, requestOf(who, { method, path, body, ifMatch, now: time.now }));
    if (asked.kind === "read") return asked.response;
    const decided = decide(asked.decide);
    return decided.ok ? decided.value : refusalResponse(decided.refusal);
  };
  function decide<T>(make: Decide<Cloud, T>): Result<T> {
    const decided = make(cloud, fresh());
    if (!decided.ok) return decided;
    for (const { key, row } of decided.value.writes) cloud.apply(key, row);
    return ok(decided.value.answer);
  }
  return { cloud, time, ask, decide };
}

interface Said {
  readonly method: string;
  readonly path: string;
  readonly body: unknown;
  readonly ifMatch: string | undefined;
  readonly now: string;
}

function requestOf(who: Who, { method, path, body, ifMatch, now }: Said): ApiRequest {
  const [segments = "", query = ""] = path.split("?");
  const pairs = query === "" ? [] : query.split("&").map((pair) => splitOnce(decodeURIComponent(pair)));
  const request = { method, path: segments.split("/"), query: pairs, body, who, base: "http://controller:9696/v2.0", now };
  return ifMatch === undefined ? request : { ...request, ifMatch };
}

function splitOnce(pair: string): readonly [string, string] {
  const at = pair.indexOf("=");
  return at < 0 ? [pair, ""] : [pair.slice(0, at), pair.slice(at + 1)];
}

/** Whole numbers of 32 bits (mulberry32). */
function seeded(seed: number): () => bigint {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return BigInt((mixed ^ (mixed >>> 14)) >>> 0);
  };
}

export type Fields = Readonly<Record<string, unknown>>;

/** What the body has under `name`. */
export function shownIn(response: ApiResponse | undefined, name: string): Fields {
  const body = response?.body as Readonly<Record<string, Fields>> | undefined;
  const value = body?.[name];
  if (value === undefined) throw new Error(`no ${name} in ${JSON.stringify(response)}`);
  return value;
}

/** The objects of a list. */
export function allIn(response: ApiResponse, plural: string): readonly Fields[] {
  return shownIn(response, plural) as unknown as readonly Fields[];
}

/** Id of the one object of the body. */
export function idOf(response: ApiResponse): string {
  return String(Object.values((response.body ?? {}) as Readonly<Record<string, Fields>>)[0]?.["id"] ?? shownIn(response, "id"));
}

/** Status, type and message in one line: what an operator reads in a log. */
export function refusalOf(response: ApiResponse): string {
  const { type, message } = shownIn(response, "NeutronError");
  return `${response.status} ${type}: ${message}`;
}

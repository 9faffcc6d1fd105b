/** A question to the reading part of the identity API, and what its answers have in common: lists, filters, links. */
import { ok } from "../result.ts";
import type { Result } from "../result.ts";
import { IDENTITY_PLACE } from "./catalog.ts";
import type { Asker } from "./claims.ts";
import type { Item } from "./collections.ts";
import type { IdentityAnswer } from "./refusals.ts";

export interface IdentityRequest {
  /** Upper case. */
  readonly method: string;
  /** Below /v3, decoded segments. */
  readonly path: readonly string[];
  readonly query: readonly (readonly [string, string])[];
  readonly asker: Asker;
  /** The controller as the client reached it. */
  readonly base: string;
}

/** Those that have what the query says of them; what no object has is said of none. */
export function matching({ query }: IdentityRequest, items: readonly Item[]): readonly Item[] {
  return items.filter((item) => query.every(([name, value]) => !Object.hasOwn(item, name) || same(item[name], value)));
}

export function listed(request: IdentityRequest, plural: string, items: readonly Item[]): Result<IdentityAnswer> {
  const shown = matching(request, items);
  return ok({ status: 200, body: { [plural]: shown.map((item) => linked(request, plural, item)), ...listLinks(request) } });
}

export function linked({ base }: IdentityRequest, plural: string, item: Item): Item {
  return { ...item, links: { self: urlOf(base, [plural, String(item["id"])]) } };
}

export function listLinks({ base, path }: IdentityRequest): object {
  return { links: { self: urlOf(base, path), next: null, previous: null } };
}

/** What a query says of truth: `?enabled`, `?enabled=True`. */
export function isTrue(text: string): boolean {
  return !/^(0|false)$/i.test(text);
}

export function isAdmin({ asker }: IdentityRequest): boolean {
  return asker.roles.includes("admin");
}

function urlOf(base: string, path: readonly string[]): string {
  return `${base}/${IDENTITY_PLACE}/v3/${path.map(encodeURIComponent).join("/")}`;
}

function same(held: unknown, asked: string): boolean {
  return typeof held === "boolean" ? held === isTrue(asked) : String(held ?? "") === asked;
}

/**
 * What a token of ours says, as text; whoever seals the text makes it a token. It names the user and the place and no
 * roles: these are looked up whenever it is shown, so that a role that is taken away is gone at once.
 */
import { ok, refused } from "../result.ts";
import type { Result } from "../result.ts";
import { domainOf, found, rolesAt } from "./accounts.ts";
import type { Accounts, Place, User } from "./accounts.ts";
import type { WantedScope } from "./auth-request.ts";
import { unauthorized } from "./refusals.ts";

export interface Claims {
  /** Id. */
  readonly user: string;
  /** Absent: it is for no place; good for asking which there are, and for getting another token. */
  readonly place?: Place;
  /** UTC, milliseconds since 1970. */
  readonly issued: number;
  readonly expires: number;
  /** Names the token without being it. */
  readonly audit: string;
  readonly methods: readonly string[];
}

export function claimsText({ user, place, issued, expires, audit, methods }: Claims): string {
  return JSON.stringify([user, place?.kind ?? "", place?.id ?? "", issued, expires, audit, ...methods]);
}

/** Undefined: nothing that `claimsText` wrote. */
export function readClaims(text: string): Claims | undefined {
  const value = parsed(text);
  if (!Array.isArray(value)) return undefined;
  const [user, kind, id, issued, expires, audit, ...methods] = value as readonly unknown[];
  const times = typeof issued === "number" && typeof expires === "number";
  if (!times || ![user, kind, id, audit, ...methods].every((part) => typeof part === "string")) return undefined;
  const place = kind === "project" || kind === "domain" ? { place: { kind, id: String(id) } as const } : {};
  return { user: String(user), ...place, issued, expires, audit: String(audit), methods: methods.map(String) };
}

/** Where a token shall be good; undefined: nowhere in particular. Refused, in one and the same way, where the user has no role. */
export function placeFor(accounts: Accounts, user: User, scope: WantedScope): Result<Place | undefined> {
  if (scope.kind === "none") return ok(undefined);
  const place = placeNamed(accounts, scope);
  return place === undefined || rolesAt(accounts, user, place).length === 0 ? refused(unauthorized) : ok(place);
}

/** Nobody has a role on the system as a whole. */
function placeNamed(accounts: Accounts, scope: WantedScope): Place | undefined {
  if (scope.kind === "project") {
    const project = found(accounts, accounts.projects, scope.project);
    return project && { kind: "project", id: project.id };
  }
  const domain = scope.kind === "domain" ? domainOf(accounts, scope.domain) : undefined;
  return domain && { kind: "domain", id: domain.id };
}

/** Who showed a token of ours, and what they may where it is for. */
export interface Asker {
  readonly user: User;
  readonly claims: Claims;
  readonly roles: readonly string[];
}

/** Undefined: the user is gone or out of use, or has no role any more where the token is for. */
export function askerOf(accounts: Accounts, claims: Claims): Asker | undefined {
  const user = accounts.users.get(claims.user);
  if (user === undefined || !user.enabled) return undefined;
  const roles = claims.place === undefined ? [] : rolesAt(accounts, user, claims.place);
  return claims.place !== undefined && roles.length === 0 ? undefined : { user, claims, roles };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

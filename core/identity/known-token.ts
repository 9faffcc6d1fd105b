/** A token that was found good, by whichever identity service, and whose it is for the networking API. */
import { isMapping } from "../datacenter/source.ts";
import type { Who } from "../policy/who.ts";
import { ok, refused } from "../result.ts";
import type { Result } from "../result.ts";

export interface KnownToken {
  readonly user: string;
  /** Absent: it is for a domain, for the system, or for nothing. */
  readonly project?: string;
  /** What it is for: `a project`, `a domain`, `the system`, `no project`. */
  readonly scope: string;
  readonly roles: readonly string[];
  /** UTC, milliseconds since 1970. */
  readonly expires: number;
}

/** Networks belong to projects, so whoever speaks for none has nothing to ask here: Neutron's `enforce_scope`. */
export function whoOf({ user, project, scope, roles }: KnownToken): Result<Who> {
  if (project !== undefined) return ok({ user, project, roles });
  const message = `Cannot ask the networking API with a token that is for ${scope}: it requires a scope of ['project'].`;
  return refused({ status: 403, type: "HTTPForbidden", message });
}

/** The body of Keystone's `GET /v3/auth/tokens`; undefined: something is missing in it. */
export function readKnownToken(body: unknown): KnownToken | undefined {
  const token = isMapping(body) ? body["token"] : undefined;
  if (!isMapping(token)) return undefined;
  const user = idOf(token["user"]);
  const expires = typeof token["expires_at"] === "string" ? Date.parse(token["expires_at"]) : Number.NaN;
  if (user === undefined || Number.isNaN(expires)) return undefined;
  const project = idOf(token["project"]);
  return { user, ...(project !== undefined && { project }), scope: scopeIn(token), roles: namesIn(token["roles"]), expires };
}

function scopeIn(token: Readonly<Record<string, unknown>>): string {
  if ("project" in token) return "a project";
  if ("domain" in token) return "a domain";
  return "system" in token ? "the system" : "no project";
}

function idOf(value: unknown): string | undefined {
  const id = isMapping(value) ? value["id"] : undefined;
  return typeof id === "string" && id !== "" ? id : undefined;
}

function namesIn(roles: unknown): readonly string[] {
  const all: readonly unknown[] = Array.isArray(roles) ? roles : [];
  return all.flatMap((role) => (isMapping(role) && typeof role["name"] === "string" ? [role["name"]] : []));
}

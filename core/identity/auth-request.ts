/** `POST /v3/auth/tokens`: how somebody says who they are, and what the token shall be for. */
import { isMapping } from "../datacenter/source.ts";
import { ok, refused } from "../result.ts";
import type { Result } from "../result.ts";
import type { DomainRef, Ref } from "./accounts.ts";
import { malformed, unauthorized } from "./refusals.ts";

export type Proof =
  | { readonly method: "password"; readonly user: Ref; readonly password: string }
  /** A token that is there already, for another place. */
  | { readonly method: "token"; readonly token: string };

/** What a token shall be for. */
export type WantedScope =
  | { readonly kind: "project"; readonly project: Ref }
  | { readonly kind: "domain"; readonly domain: DomainRef }
  | { readonly kind: "system" | "none" };

export interface AuthRequest {
  readonly proof: Proof;
  readonly scope: WantedScope;
}

/** 400 where it is not understood, 401 where it is, but nobody can be known by it. */
export function readAuthRequest(body: unknown): Result<AuthRequest> {
  const auth = member(body, "auth");
  const identity = member(auth, "identity");
  const methods = member(identity, "methods");
  if (!Array.isArray(methods) || methods.length === 0) return refused(malformed("auth.identity.methods is no list of methods."));
  const proof = readProof(identity, methods);
  if (!proof.ok) return proof;
  const scope = readScope(member(auth, "scope"));
  return scope === undefined ? refused(malformed("auth.scope is none that is known here.")) : ok({ proof: proof.value, scope });
}

function readProof(identity: unknown, methods: readonly unknown[]): Result<Proof> {
  const [method, second] = methods;
  if (second !== undefined) return refused(unauthorized);
  if (method === "password") return readPassword(member(member(identity, "password"), "user"));
  if (method !== "token") return refused(unauthorized);
  const token = textAt(member(identity, "token"), "id");
  return token === undefined ? refused(malformed("auth.identity.token.id is missing.")) : ok({ method, token });
}

function readPassword(said: unknown): Result<Proof> {
  const user = readRef(said);
  const password = textAt(said, "password");
  if (user === undefined || password === undefined)
    return refused(malformed("auth.identity.password.user has no password, or neither an id nor a name with its domain."));
  return ok({ method: "password", user, password });
}

function readScope(said: unknown): WantedScope | undefined {
  if (said === undefined || said === "unscoped") return { kind: "none" };
  if (!isMapping(said)) return undefined;
  if ("unscoped" in said) return { kind: "none" };
  if ("system" in said) return { kind: "system" };
  const project = readRef(said["project"]);
  if (project !== undefined) return { kind: "project", project };
  const domain = readDomainRef(said["domain"]);
  return domain && { kind: "domain", domain };
}

function readRef(said: unknown): Ref | undefined {
  const id = textAt(said, "id");
  if (id !== undefined) return { id };
  const name = textAt(said, "name");
  const domain = readDomainRef(member(said, "domain"));
  return name === undefined || domain === undefined ? undefined : { name, domain };
}

function readDomainRef(said: unknown): DomainRef | undefined {
  const [id, name] = [textAt(said, "id"), textAt(said, "name")];
  if (id !== undefined) return { id };
  return name === undefined ? undefined : { name };
}

function member(value: unknown, name: string): unknown {
  return isMapping(value) && Object.hasOwn(value, name) ? value[name] : undefined;
}

function textAt(value: unknown, name: string): string | undefined {
  const text = member(value, name);
  return typeof text === "string" ? text : undefined;
}

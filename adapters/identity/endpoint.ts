/**
 * The embedded identity service as its clients reach it, below `/identity`: a small part of Keystone's API v3. Logging in and
 * out, and checking of tokens, are here; what else there is to read is decided in core.
 */
import type { Handle, HttpAnswer, HttpRequest } from "#contracts/http.ts";
import type { Log } from "#contracts/log.ts";
import { answerIdentity } from "#core/identity/api.ts";
import { found } from "#core/identity/accounts.ts";
import type { Accounts, Ref, User } from "#core/identity/accounts.ts";
import { readAuthRequest } from "#core/identity/auth-request.ts";
import type { AuthRequest, Proof } from "#core/identity/auth-request.ts";
import { IDENTITY_PLACE } from "#core/identity/catalog.ts";
import { askerOf, placeFor } from "#core/identity/claims.ts";
import type { Asker } from "#core/identity/claims.ts";
import { challengeOf, versionAnswer, versionsAnswer } from "#core/identity/discovery.ts";
import { malformed, notAllowed, notFound, refuse, tooMany, unauthorized, unavailable, wrongMethod } from "#core/identity/refusals.ts";
import { tokenBody } from "#core/identity/token-body.ts";
import { ok, refused } from "#core/result.ts";
import type { Result } from "#core/result.ts";
import type { Attempts } from "./attempts.ts";
import type { Passwords } from "./passwords.ts";
import type { Tokens } from "./tokens.ts";

export interface EndpointParts {
  readonly accounts: () => Accounts;
  readonly tokens: Tokens;
  readonly passwords: Passwords;
  readonly attempts: Attempts;
  readonly log: Log;
}

/** Is it for this service? Everything else is for somebody else. */
export function isIdentityPath(path: string): boolean {
  return path === `/${IDENTITY_PLACE}` || path.startsWith(`/${IDENTITY_PLACE}/`);
}

export function identityEndpoint(parts: EndpointParts): Handle {
  return async (request) => {
    const path = segmentsOf(request.path);
    if (path === undefined) return refuse(malformed("The path is not properly encoded."));
    const base = `${request.base}/${IDENTITY_PLACE}`;
    if (path.length === 0) return request.method === "GET" ? versionsAnswer(base) : refuse(wrongMethod);
    if (path.length === 1 && path[0] === "v3") return request.method === "GET" ? versionAnswer(base) : refuse(wrongMethod);
    const answer = path.join("/") === "v3/auth/tokens" ? await onTokens(parts, request) : onRest(parts, request, path);
    return { ...answer, headers: { vary: "X-Auth-Token", ...answer.headers } };
  };
}

/** Below the place; empty ones at the end mean nothing. */
function segmentsOf(path: string): readonly string[] | undefined {
  try {
    return path.replace(/\/+$/, "").split("/").slice(2).map(decodeURIComponent);
  } catch {
    return undefined;
  }
}

function onRest(parts: EndpointParts, request: HttpRequest, [version, ...path]: readonly string[]): HttpAnswer {
  const asker = parts.tokens.read(request.headers["x-auth-token"]);
  if (asker === undefined) return stranger(request);
  if (version !== "v3") return refuse(notFound(`/${version}`));
  return answerIdentity(parts.accounts(), { method: request.method, path, query: request.query, asker, base: request.base });
}

function stranger({ base }: HttpRequest): HttpAnswer {
  return { ...refuse(unauthorized), headers: { "www-authenticate": challengeOf(base) } };
}

async function onTokens(parts: EndpointParts, request: HttpRequest): Promise<HttpAnswer> {
  if (request.method === "POST") return await login(parts, request);
  if (!["GET", "HEAD", "DELETE"].includes(request.method)) return refuse(wrongMethod);
  return await onSubject(parts, request);
}

/** Somebody looks at a token, or ends it: one's own, or as a service or an administrator any. */
async function onSubject({ accounts, tokens }: EndpointParts, request: HttpRequest): Promise<HttpAnswer> {
  const { "x-auth-token": own, "x-subject-token": subject } = request.headers;
  const asker = tokens.read(own);
  if (asker === undefined) return stranger(request);
  const asks = new Map(request.query);
  const known = tokens.read(subject, asks.get("allow_expired") === "1" ? "expired" : "valid");
  const all = asker.roles.includes("admin") || asker.roles.includes("service");
  if (!all && known?.user.id !== asker.user.id) return refuse(known === undefined ? notFound("token") : notAllowed);
  if (known === undefined || subject === undefined) return refuse(notFound("token"));
  if (request.method === "DELETE") {
    await tokens.revoke(known.claims);
    return { status: 204 };
  }
  const base = asks.has("nocatalog") ? {} : { base: request.base };
  return { status: 200, headers: { "x-subject-token": subject }, body: tokenBody(accounts(), known, base) };
}

async function login(parts: EndpointParts, request: HttpRequest): Promise<HttpAnswer> {
  const asked = readAuthRequest(jsonOf(request.text));
  if (!asked.ok) return refuse(asked.refusal);
  const proven = await prove(parts, asked.value.proof, request.from ?? "");
  if (!proven.ok) return proven.refusal.status === 401 ? stranger(request) : refuse(proven.refusal);
  const sealed = give(parts, asked.value, proven.value);
  if (sealed === undefined) return stranger(request);
  const base = request.query.some(([name]) => name === "nocatalog") ? {} : { base: request.base };
  return { status: 201, headers: { "x-subject-token": sealed.token }, body: tokenBody(parts.accounts(), sealed.asker, base) };
}

/** Who it is, by password; or by a token, out of which another one is made. */
interface Proven {
  readonly user: User;
  readonly from?: Asker;
}

async function prove(parts: EndpointParts, proof: Proof, from: string): Promise<Result<Proven>> {
  if (proof.method === "password") return await byPassword(parts, proof, from);
  const asker = parts.tokens.read(proof.token);
  return asker === undefined ? refused(unauthorized) : ok({ user: asker.user, from: asker });
}

interface Said {
  readonly user: Ref;
  readonly password: string;
}

async function byPassword({ accounts, passwords, attempts, log }: EndpointParts, said: Said, from: string): Promise<Result<Proven>> {
  if (!attempts.begin(from)) return refused(tooMany);
  const all = accounts();
  const user = found(all, all.users, said.user);
  // Somebody who is not there takes as long as somebody who is, and so does somebody who is out of use.
  const answer = await passwords.check(said.password, user?.passwordHash ?? decoyFor(all, said.user));
  const right = answer === "right" && user?.enabled === true;
  if (right || answer === "busy") attempts.giveBack(from);
  if (right) return ok({ user });
  if (answer === "busy") return refused(unavailable("Too many are logging in at this moment: try again."));
  log.warn("a login failed", { from, user: user?.id ?? "unknown" });
  return refused(unauthorized);
}

/** The hash of another user, always the same for the same name: as costly as that of a real one. Its password does not help. */
function decoyFor({ users }: Accounts, ref: Ref): string | undefined {
  const hashes = [...users.values()].map(({ passwordHash }) => passwordHash);
  const letters = [...("id" in ref ? ref.id : ref.name)];
  return hashes[letters.reduce((sum, letter) => (sum * 31 + (letter.codePointAt(0) ?? 0)) % 1_000_003, 7) % Math.max(1, hashes.length)];
}

/** Undefined: the user has no role there. */
function give({ accounts, tokens }: EndpointParts, { proof, scope }: AuthRequest, { user, from }: Proven) {
  const place = placeFor(accounts(), user, scope);
  if (!place.ok) return undefined;
  const methods = [...new Set([...(from?.claims.methods ?? []), proof.method])];
  const { token, claims } = tokens.give({ user, place: place.value, methods, ...(from && { expires: from.claims.expires }) });
  const asker = askerOf(accounts(), claims);
  return asker && { token, asker };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Being somebody at a Keystone: a token of our own, got by password, once for all who wait for it, and renewed before it ends. */
import type { Clock } from "#contracts/clock.ts";
import { isMapping } from "#core/datacenter/source.ts";
import { readKnownToken } from "#core/identity/known-token.ts";
import { exchange } from "../http/exchange.ts";
import type { Exchange, Question } from "../http/exchange.ts";

export interface KeystoneAccess {
  /** With or without `/v3`. */
  readonly url: string;
  readonly user: string;
  readonly userDomain: string;
  readonly password: string;
  readonly project: string;
  readonly projectDomain: string;
  readonly timeoutMs: number;
  /** PEM. */
  readonly ca?: string;
}

export interface Login {
  readonly token: string;
  /** UTC, milliseconds since 1970. */
  readonly expires: number;
  /** What Keystone said of it, its catalog included where that was wanted. */
  readonly body: unknown;
}

export interface KeystoneLogin {
  /** Rejects where Keystone gives none: it does not answer, or does not know us. */
  login(): Promise<Login>;
  /** It is no good, although it should be: the next one is asked for anew. */
  forget(token: string): void;
}

/** So much before its end, our token is not used any more. */
const MARGIN_MS = 60_000;
/** After a login that failed, for so long none is tried: a Keystone that counts them would lock us out. */
const PAUSE_MS = 2000;

export type Ask = (question: Question) => Promise<Exchange>;

/** Questions to this Keystone, below its version: rejects when there is no whole answer in time. */
export function askKeystone(access: KeystoneAccess, clock: Clock): Ask {
  const door = access.url.replace(/\/+$/, "").replace(/\/v3$/, "");
  const terms = { timeout: access.timeoutMs, ...(access.ca !== undefined && { ca: access.ca }) };
  return (question) => withDeadline(exchange(door, question, terms), access.timeoutMs, clock);
}

export interface LoginWishes {
  /** Of all services: long, and only of use to who looks for one. */
  readonly catalog: "wanted" | "spared";
}

export function keystoneLogin(access: KeystoneAccess, clock: Clock, wishes: LoginWishes): KeystoneLogin {
  const ask = askKeystone(access, clock);
  let own: Promise<Login> | undefined;
  let last = "";
  let failed: { readonly error: unknown; readonly until: number } | undefined;
  const renew = (): Promise<Login> => {
    if (failed !== undefined && clock.now() < failed.until) throw failed.error;
    const asked = newLogin(access, ask, wishes);
    own = asked;
    asked.then(
      ({ token }) => (last = token),
      (error: unknown) => {
        own = undefined;
        failed = { error, until: clock.now() + PAUSE_MS };
      },
    );
    return asked;
  };
  return {
    login: async () => {
      const before = own;
      const held = before && (await before);
      if (held !== undefined && clock.now() < held.expires - MARGIN_MS) return held;
      return await (own === undefined || own === before ? renew() : own);
    },
    forget: (token) => {
      if (token === last) own = undefined;
    },
  };
}

async function newLogin(access: KeystoneAccess, ask: Ask, { catalog }: LoginWishes): Promise<Login> {
  const user = { name: access.user, domain: { name: access.userDomain }, password: access.password };
  const scope = { project: { name: access.project, domain: { name: access.projectDomain } } };
  const question = JSON.stringify({ auth: { identity: { methods: ["password"], password: { user } }, scope } });
  const path = `/v3/auth/tokens${catalog === "spared" ? "?nocatalog=1" : ""}`;
  const { status, reason, text, headers } = await ask({ method: "POST", path, body: question });
  const [token, body] = [headers["x-subject-token"], jsonOf(text)];
  const known = readKnownToken(body);
  if (status !== 201 || token === undefined || known === undefined)
    throw new Error(`Keystone answers ${status} ${reason} when ${access.user} logs in to the project ${access.project}`);
  return { token, expires: known.expires, body };
}

/** Silence is one thing, an answer that comes in drops another. */
export function withDeadline<T>(asked: Promise<T>, ms: number, clock: Clock): Promise<T> {
  return new Promise((resolve, reject) => {
    const end = clock.after(ms, () => reject(new Error(`no whole answer for ${ms / 1000} s`)));
    asked.then(resolve, reject).finally(end);
  });
}

/** An object, or nothing. */
export function jsonOf(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return isMapping(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

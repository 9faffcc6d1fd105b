/** What is asked of a real Keystone: is this token good? By a token of our own, that we get by password and renew before it ends. */
import type { Clock } from "#contracts/clock.ts";
import { isMapping } from "#core/datacenter/source.ts";
import { readKnownToken } from "#core/identity/known-token.ts";
import type { KnownToken } from "#core/identity/known-token.ts";
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

/** Does a token count whose time is over? For what a service goes on with. */
export type Wanted = "valid" | "expired";

export interface KeystoneClient {
  /** Undefined: it is not good. Rejects where Keystone does not say: unreachable, overloaded, or not willing to tell us. */
  validate(token: string, wanted: Wanted): Promise<KnownToken | undefined>;
}

interface OwnToken {
  readonly token: string;
  readonly expires: number;
}

/** So much before its end, our token is not used any more. */
const MARGIN_MS = 60_000;
/** After a login that failed, for so long none is tried: a Keystone that counts them would lock us out. */
const PAUSE_MS = 2000;

type Ask = (question: Question) => Promise<Exchange>;

export function keystoneClient(access: KeystoneAccess, clock: Clock): KeystoneClient {
  const door = access.url.replace(/\/+$/, "").replace(/\/v3$/, "");
  const terms = { timeout: access.timeoutMs, ...(access.ca !== undefined && { ca: access.ca }) };
  const ask: Ask = (question) => withDeadline(exchange(door, question, terms), access.timeoutMs, clock);
  const own = ownToken(access, ask, clock);
  const about = async (token: string, subject: string, wanted: Wanted): Promise<Exchange> =>
    await ask({
      method: "GET",
      path: `/v3/auth/tokens?nocatalog=1${wanted === "expired" ? "&allow_expired=1" : ""}`,
      headers: { "x-auth-token": token, "x-subject-token": subject },
    });
  return {
    validate: async (subject, wanted) => {
      const token = await own.token();
      let answer = await about(token, subject, wanted);
      // Ours may have been revoked, or Keystone may have been set up anew.
      if (answer.status === 401) {
        own.forget(token);
        answer = await about(await own.token(), subject, wanted);
      }
      return knownIn(answer);
    },
  };
}

function knownIn({ status, reason, text }: Exchange): KnownToken | undefined {
  if (status === 404) return undefined;
  if (status !== 200) throw new Error(`Keystone answers ${status} ${reason} when it is asked about a token`);
  const known = readKnownToken(jsonOf(text));
  if (known === undefined) throw new Error("Keystone tells of a token what cannot be understood");
  return known;
}

interface Own {
  /** One that many wait for is asked for once. */
  token(): Promise<string>;
  forget(token: string): void;
}

function ownToken(access: KeystoneAccess, ask: Ask, clock: Clock): Own {
  let own: Promise<OwnToken> | undefined;
  let last = "";
  let failed: { readonly error: unknown; readonly until: number } | undefined;
  const renew = (): Promise<OwnToken> => {
    if (failed !== undefined && clock.now() < failed.until) throw failed.error;
    const asked = login(access, ask);
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
    token: async () => {
      const before = own;
      const held = before && (await before);
      if (held !== undefined && clock.now() < held.expires - MARGIN_MS) return held.token;
      return (await (own === undefined || own === before ? renew() : own)).token;
    },
    forget: (token) => {
      if (token === last) own = undefined;
    },
  };
}

async function login(access: KeystoneAccess, ask: Ask): Promise<OwnToken> {
  const user = { name: access.user, domain: { name: access.userDomain }, password: access.password };
  const scope = { project: { name: access.project, domain: { name: access.projectDomain } } };
  const body = JSON.stringify({ auth: { identity: { methods: ["password"], password: { user } }, scope } });
  const { status, reason, text, headers } = await ask({ method: "POST", path: "/v3/auth/tokens?nocatalog=1", body });
  const token = headers["x-subject-token"];
  const known = readKnownToken(jsonOf(text));
  if (status !== 201 || token === undefined || known === undefined)
    throw new Error(`Keystone answers ${status} ${reason} when ${access.user} logs in to the project ${access.project}`);
  return { token, expires: known.expires };
}

/** Silence is one thing, an answer that comes in drops another. */
function withDeadline<T>(asked: Promise<T>, ms: number, clock: Clock): Promise<T> {
  return new Promise((resolve, reject) => {
    const end = clock.after(ms, () => reject(new Error(`no whole answer for ${ms / 1000} s`)));
    asked.then(resolve, reject).finally(end);
  });
}

function jsonOf(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return isMapping(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

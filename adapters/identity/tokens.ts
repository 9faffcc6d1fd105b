/**
 * Tokens of the embedded identity service: what they say, sealed by HMAC-SHA256. Nothing is kept of those that are given, so
 * any controller with the same key takes them. The user's password hash is under the seal: a new password ends them all.
 */
import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import type { Clock } from "#contracts/clock.ts";
import type { Accounts, Place, User } from "#core/identity/accounts.ts";
import { askerOf, claimsText, readClaims } from "#core/identity/claims.ts";
import type { Asker, Claims } from "#core/identity/claims.ts";
import type { TokenKeys } from "./token-keys.ts";

export interface Wanted {
  readonly user: User;
  readonly place: Place | undefined;
  readonly methods: readonly string[];
  /** Of the token that this one is made from; it does not live longer. */
  readonly expires?: number;
}

export interface Sealed {
  readonly token: string;
  readonly claims: Claims;
}

export interface Tokens {
  give(wanted: Wanted): Sealed;
  /** Undefined: no token of ours, or one that is revoked, out of time, or of somebody who is gone. */
  read(token: string | undefined, accepts?: Accepts): Asker | undefined;
  revoke(claims: Claims): Promise<void>;
}

/** `expired`: for a service that goes on with what somebody asked for while the token was good. */
export type Accepts = "valid" | "expired";

export interface TokensParts {
  readonly accounts: () => Accounts;
  readonly keys: TokenKeys;
  readonly clock: Clock;
  readonly lifeSeconds: number;
}

/** For how long after its end a token is accepted from services: as long as Keystone does. */
const AFTER_END_MS = 48 * 3600 * 1000;
/** Longer than any of ours. */
const LONGEST = 4096;

export function tokens({ accounts, keys, clock, lifeSeconds }: TokensParts): Tokens {
  const seal = (text: string, user: User | undefined) =>
    createHmac("sha256", keys.key)
      .update(`${text}\n${user?.passwordHash ?? "nobody"}`)
      .digest();
  return {
    give: ({ user, place, methods, expires }) => {
      const issued = clock.now();
      const end = expires ?? issued + lifeSeconds * 1000;
      const claims = {
        user: user.id,
        ...(place && { place }),
        issued,
        expires: end,
        audit: randomBytes(16).toString("base64url"),
        methods,
      };
      const text = Buffer.from(claimsText(claims)).toString("base64url");
      return { token: `${text}.${seal(text, user).toString("base64url")}`, claims };
    },
    read: (token = "", accepts = "valid") => {
      const [text = "", mark = "", more] = token.length > LONGEST ? [] : token.split(".");
      const claims = more === undefined ? readClaims(Buffer.from(text, "base64url").toString()) : undefined;
      const user = claims && accounts().users.get(claims.user);
      // Also where there is no such user: a forged token that names one takes as long as one that names nobody.
      const genuine = isSame(Buffer.from(mark, "base64url"), seal(text, user));
      if (claims === undefined || user === undefined || !genuine) return undefined;
      const end = claims.expires + (accepts === "expired" ? AFTER_END_MS : 0);
      return clock.now() < end && !keys.isRevoked(claims.audit) ? askerOf(accounts(), claims) : undefined;
    },
    revoke: ({ audit, expires }) => keys.revoke(audit, expires + AFTER_END_MS),
  };
}

function isSame(given: Buffer, expected: Buffer): boolean {
  return given.length === expected.length && timingSafeEqual(given, expected);
}

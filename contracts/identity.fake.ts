/** An identity service in memory: tokens as they were given out, and what has become of them. */
import { whoOf } from "#core/identity/known-token.ts";
import type { KnownToken } from "#core/identity/known-token.ts";
import { unauthorized } from "#core/identity/refusals.ts";
import { refused } from "#core/result.ts";
import type { Clock } from "./clock.ts";
import type { Identity } from "./identity.ts";

export interface FakeIdentity extends Identity {
  /** A new token. */
  give(known: KnownToken): string;
  revoke(token: string): void;
}

export function fakeIdentity(clock: Clock): FakeIdentity {
  const tokens = new Map<string, KnownToken>();
  const good = (token: string, late: boolean) => {
    const known = tokens.get(token);
    return known !== undefined && (late || clock.now() < known.expires) ? known : undefined;
  };
  let given = 0;
  return {
    give: (known) => {
      given += 1;
      tokens.set(`token-${given}`, known);
      return `token-${given}`;
    },
    revoke: (token) => void tokens.delete(token),
    challenge: (base) => `Keystone uri="${base}/identity"`,
    identify: async ({ "x-auth-token": token = "", "x-service-token": service }) => {
      const by = service === undefined ? undefined : good(service, false);
      if (service !== undefined && by === undefined) return refused(unauthorized);
      const known = good(token, by?.roles.includes("service") === true);
      return known === undefined ? refused(unauthorized) : whoOf(known);
    },
  };
}

/** What is asked of a real Keystone: is this token good? By a token of our own, that we get by password and renew before it ends. */
import type { Clock } from "#contracts/clock.ts";
import { readKnownToken } from "#core/identity/known-token.ts";
import type { KnownToken } from "#core/identity/known-token.ts";
import type { Exchange } from "../http/exchange.ts";
import { askKeystone, jsonOf, keystoneLogin } from "./keystone-login.ts";
import type { KeystoneAccess } from "./keystone-login.ts";

/** Does a token count whose time is over? For what a service goes on with. */
export type Wanted = "valid" | "expired";

export interface KeystoneClient {
  /** Undefined: it is not good. Rejects where Keystone does not say: unreachable, overloaded, or not willing to tell us. */
  validate(token: string, wanted: Wanted): Promise<KnownToken | undefined>;
}

export function keystoneClient(access: KeystoneAccess, clock: Clock): KeystoneClient {
  const ask = askKeystone(access, clock);
  const own = keystoneLogin(access, clock, { catalog: "spared" });
  const about = async (token: string, subject: string, wanted: Wanted): Promise<Exchange> =>
    await ask({
      method: "GET",
      path: `/v3/auth/tokens?nocatalog=1${wanted === "expired" ? "&allow_expired=1" : ""}`,
      headers: { "x-auth-token": token, "x-subject-token": subject },
    });
  return {
    validate: async (subject, wanted) => {
      const { token } = await own.login();
      let answer = await about(token, subject, wanted);
      // Ours may have been revoked, or Keystone may have been set up anew.
      if (answer.status === 401) {
        own.forget(token);
        answer = await about((await own.login()).token, subject, wanted);
      }
      return knownIn(answer);
    },
  };
}

function knownIn({ status, reason, text }: Exchange): KnownToken | undefined {
  // 400: it does not even look like a token.
  if (status === 404 || status === 400) return undefined;
  if (status !== 200) throw new Error(`Keystone answers ${status} ${reason} when it is asked about a token`);
  const known = readKnownToken(jsonOf(text));
  if (known === undefined) throw new Error("Keystone tells of a token what cannot be understood");
  return known;
}

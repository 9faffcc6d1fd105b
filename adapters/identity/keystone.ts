/** Who asks, as a Keystone says it; asked again when it is some time ago that it said so. */
import type { Clock } from "#contracts/clock.ts";
import type { Identity } from "#contracts/identity.ts";
import type { Log } from "#contracts/log.ts";
import { whoOf } from "#core/identity/known-token.ts";
import type { KnownToken } from "#core/identity/known-token.ts";
import { unauthorized } from "#core/identity/refusals.ts";
import { refused } from "#core/result.ts";
import type { Refusal } from "#core/result.ts";
import type { KeystoneClient, Wanted } from "./keystone-client.ts";
import { tokenCache } from "./token-cache.ts";

export interface KeystoneParts {
  readonly client: KeystoneClient;
  readonly clock: Clock;
  readonly log: Log;
  /** Where clients get their tokens. */
  readonly publicUrl: string;
  /** For how long a good token is not asked about again. */
  readonly cacheSeconds: number;
}

/** For how long a token that is not good is not asked about again: somebody may try one over and over. */
const BAD_SECONDS = 10;
/** Longer than any that Keystone gives; it would not even read such a header. */
const LONGEST = 8192;
/** About 300 bytes each. */
const MOST_TOKENS = 20_000;

export function keystone({ client, clock, log, publicUrl, cacheSeconds }: KeystoneParts): Identity {
  const tell = teller(log);
  const cache = tokenCache<KnownToken | undefined>(clock, MOST_TOKENS);
  /** A token never counts beyond its end, unless that is what is wanted. */
  const find = async (token: string, wanted: Wanted) => {
    if (token.length > LONGEST) return { value: undefined, until: 0 };
    const value = await client.validate(token, wanted);
    tell.answering();
    const kept = clock.now() + (value === undefined ? Math.min(BAD_SECONDS, cacheSeconds) : cacheSeconds) * 1000;
    const over = value !== undefined && wanted === "valid" && value.expires <= clock.now();
    if (over) return { value: undefined, until: kept };
    return { value, until: value === undefined || wanted === "expired" ? kept : Math.min(kept, value.expires) };
  };
  const known = async (token: string, wanted: Wanted) => await cache.get(token, wanted, () => find(token, wanted));
  return {
    challenge: () => `Keystone uri="${publicUrl}"`,
    identify: async ({ "x-auth-token": token = "", "x-service-token": service }) => {
      if (token === "") return refused(unauthorized);
      try {
        const by = service === undefined ? undefined : await known(service, "valid");
        if (service !== undefined && by === undefined) return refused(unauthorized);
        const user = await known(token, by?.roles.includes("service") === true ? "expired" : "valid");
        return user === undefined ? refused(unauthorized) : whoOf(user);
      } catch (error) {
        tell.silent(error);
        return refused(unreachable);
      }
    },
  };
}

const unreachable: Refusal = {
  status: 503,
  type: "ServiceUnavailable",
  message: "Cannot check the token: the identity service does not answer. The token may be good; try again.",
};

/** Not at every request: when it begins, and when it ends. */
function teller(log: Log): { silent(error: unknown): void; answering(): void } {
  let silent = false;
  return {
    silent: (error) => {
      if (!silent) log.error("Keystone does not say who somebody is: requests by TCP are refused with 503", { error });
      silent = true;
    },
    answering: () => {
      if (silent) log.info("Keystone answers again");
      silent = false;
    },
  };
}

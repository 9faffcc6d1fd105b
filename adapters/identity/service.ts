/** The embedded identity service, put together: who asks by its tokens, and its own endpoint. */
import type { Clock } from "#contracts/clock.ts";
import type { Handle } from "#contracts/http.ts";
import type { Identity } from "#contracts/identity.ts";
import type { Log } from "#contracts/log.ts";
import type { Store } from "#contracts/store.ts";
import type { Accounts } from "#core/identity/accounts.ts";
import { attempts } from "./attempts.ts";
import { embedded } from "./embedded.ts";
import { identityEndpoint } from "./endpoint.ts";
import { passwords } from "./passwords.ts";
import { tokenKeys } from "./token-keys.ts";
import { tokens } from "./tokens.ts";

export interface EmbeddedParts {
  readonly accounts: () => Accounts;
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly tokenSeconds: number;
}

export interface EmbeddedIdentity {
  readonly identity: Identity;
  /** For paths of which `isIdentityPath` holds. */
  readonly handle: Handle;
  stop(): void;
}

export async function embeddedIdentity({ accounts, store, clock, log, tokenSeconds }: EmbeddedParts): Promise<EmbeddedIdentity> {
  const keys = await tokenKeys(store, clock);
  const own = tokens({ accounts, keys, clock, lifeSeconds: tokenSeconds });
  const handle = identityEndpoint({ accounts, tokens: own, passwords: passwords(), attempts: attempts(clock), log });
  return { identity: embedded(own), handle, stop: keys.stop };
}

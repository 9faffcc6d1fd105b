/** Who is let in by TCP, as the settings say: by the embedded identity service, by a Keystone, nobody, or everybody. */
import { readFileSync } from "node:fs";
import { followAccounts } from "#adapters/identity/accounts-file.ts";
import { isIdentityPath } from "#adapters/identity/endpoint.ts";
import { keystone } from "#adapters/identity/keystone.ts";
import { keystoneClient } from "#adapters/identity/keystone-client.ts";
import type { KeystoneAccess } from "#adapters/identity/keystone-login.ts";
import { closed, trusting } from "#adapters/identity/local.ts";
import { embeddedIdentity } from "#adapters/identity/service.ts";
import type { Clock } from "#contracts/clock.ts";
import type { Handle } from "#contracts/http.ts";
import type { Identity } from "#contracts/identity.ts";
import type { Log } from "#contracts/log.ts";
import type { Store } from "#contracts/store.ts";
import type { ControllerSettings } from "#core/settings/controller.ts";

export interface Doorkeeper {
  readonly identity: Identity;
  /** The API with whatever this way of knowing people adds to it. */
  around(api: Handle): Handle;
  /** Looks at its files again. */
  reread(): void;
  stop(): void;
}

export interface DoorkeeperParts {
  readonly auth: ControllerSettings["auth"];
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
}

/** Throws, with file and line, when what it is told to read cannot be read. */
export async function doorkeeper(parts: DoorkeeperParts): Promise<Doorkeeper> {
  switch (parts.auth.how) {
    case "closed":
      return plain(closed());
    case "none":
      return plain(trusting());
    case "keystone":
      return plain(byKeystone(parts));
    case "embedded":
      return await byEmbedded(parts);
  }
}

function plain(identity: Identity): Doorkeeper {
  return { identity, around: (api) => api, reread: () => undefined, stop: () => undefined };
}

async function byEmbedded({ auth, store, clock, log }: DoorkeeperParts): Promise<Doorkeeper> {
  const accounts = followAccounts(auth.identity_file, { clock, log });
  const service = await embeddedIdentity({ accounts: accounts.current, store, clock, log, tokenSeconds: auth.token_seconds });
  return {
    identity: service.identity,
    around: (api) => async (request) => await (isIdentityPath(request.path) ? service.handle : api)(request),
    reread: accounts.reread,
    stop: () => {
      accounts.stop();
      service.stop();
    },
  };
}

function byKeystone({ auth, clock, log }: DoorkeeperParts): Identity {
  const access = keystoneAccess(auth);
  const publicUrl = auth.keystone_public_url ?? access.url;
  return keystone({ client: keystoneClient(access, clock), clock, log, publicUrl, cacheSeconds: auth.keystone_cache_seconds });
}

/** Who this controller is at a Keystone, and where that is. */
export function keystoneAccess(auth: ControllerSettings["auth"]): KeystoneAccess {
  const { keystone_url: url, keystone_password_file: file } = auth;
  if (url === null || file === null)
    throw new Error("A Keystone is to be asked: auth.keystone_url or auth.keystone_password_file is missing");
  return {
    url,
    user: auth.keystone_user,
    userDomain: auth.keystone_user_domain,
    password: readFileSync(file, "utf8").replace(/\r?\n$/, ""),
    project: auth.keystone_project,
    projectDomain: auth.keystone_project_domain,
    timeoutMs: auth.keystone_timeout_seconds * 1000,
    ...(auth.keystone_ca !== null && { ca: readFileSync(auth.keystone_ca, "utf8") }),
  };
}

/** What of identity there is to be known without a token: which version of the API is spoken, and where. */
import { IDENTITY_PLACE } from "./catalog.ts";
import type { IdentityAnswer } from "./refusals.ts";

/** The version of Keystone's API whose reading and logging in this is; without what changes users and projects. */
function version(base: string): object {
  return {
    id: "v3.14",
    status: "stable",
    updated: "2020-04-07T00:00:00Z",
    links: [{ rel: "self", href: `${base}/v3/` }],
    "media-types": [{ base: "application/json", type: "application/vnd.openstack.identity-v3+json" }],
  };
}

/** `base`: this service as the client reached it: `http://controller:9696/identity`. 300: there are choices, of which this is one. */
export function versionsAnswer(base: string): IdentityAnswer {
  return { status: 300, headers: { location: `${base}/v3/` }, body: { versions: { values: [version(base)] } } };
}

export function versionAnswer(base: string): IdentityAnswer {
  return { status: 200, body: { version: version(base) } };
}

/** Where to get a token, as the value of `WWW-Authenticate`. `base`: the controller as the client reached it. */
export function challengeOf(base: string): string {
  return `Keystone uri="${base}/${IDENTITY_PLACE}"`;
}

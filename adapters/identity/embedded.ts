/** Who asks, by tokens of the identity service in the controller itself. */
import type { Identity } from "#contracts/identity.ts";
import type { Asker } from "#core/identity/claims.ts";
import { challengeOf } from "#core/identity/discovery.ts";
import { whoOf } from "#core/identity/known-token.ts";
import { unauthorized } from "#core/identity/refusals.ts";
import { refused } from "#core/result.ts";
import type { Tokens } from "./tokens.ts";

export function embedded(tokens: Tokens): Identity {
  return {
    challenge: challengeOf,
    identify: async (headers) => {
      const service = headers["x-service-token"];
      const asker = service === undefined ? undefined : tokens.read(service);
      if (service !== undefined && asker === undefined) return refused(unauthorized);
      const known = tokens.read(headers["x-auth-token"], asker?.roles.includes("service") ? "expired" : "valid");
      return known === undefined ? refused(unauthorized) : whoOf(knownOf(known));
    },
  };
}

function knownOf({ user, claims: { place, expires }, roles }: Asker) {
  const scope = place === undefined ? "no project" : `a ${place.kind}`;
  return { user: user.id, ...(place?.kind === "project" && { project: place.id }), scope, roles, expires };
}

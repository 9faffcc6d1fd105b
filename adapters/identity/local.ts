/** Identities where no Keystone is asked: whoever can reach a private door is an administrator, at others nobody is anybody. */
import type { Identity } from "#contracts/identity.ts";
import { ok, refused } from "#core/result.ts";

/** The project of whoever names none; ids of projects are 32 hex digits in OpenStack. */
export const ADMIN_PROJECT = "00000000000000000000000000000a11";

/**
 * For a unix socket, whose file says who may use it. A client may speak as somebody else by the headers that Keystone's
 * middleware would set: `x-user-id`, `x-project-id`, `x-roles`.
 */
export function trusting(): Identity {
  return {
    challenge: () => "Keystone",
    identify: async (headers) => {
      const roles = headers["x-roles"]?.split(",").map((role) => role.trim());
      return ok({ user: headers["x-user-id"] ?? "admin", project: headers["x-project-id"] ?? ADMIN_PROJECT, roles: roles ?? ["admin"] });
    },
  };
}

/** For a door that anybody may reach, when there is nothing to check a token with. */
export function closed(): Identity {
  return {
    challenge: () => "Keystone",
    identify: async () =>
      refused({
        status: 401,
        type: "Unauthorized",
        message: "This controller was told of no identity service: ask on its unix socket, or start it with --auth.",
      }),
  };
}

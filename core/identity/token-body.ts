/** A token as its holder is told about it: who, for what, which roles, until when, and where the services are. */
import type { Accounts, Place } from "./accounts.ts";
import { catalogOf } from "./catalog.ts";
import type { Asker } from "./claims.ts";

export interface Told {
  /** The controller as the client reached it; absent: without a catalog. */
  readonly base?: string;
}

export function tokenBody(accounts: Accounts, { user, claims, roles }: Asker, { base }: Told): { readonly token: object } {
  const { id, name, domain } = user;
  return {
    token: {
      methods: claims.methods,
      user: { id, name, domain, password_expires_at: null },
      audit_ids: [claims.audit],
      issued_at: timeText(claims.issued),
      expires_at: timeText(claims.expires),
      ...(claims.place !== undefined && {
        ...placeBody(accounts, claims.place),
        roles: accounts.roles.filter((role) => roles.includes(role.name)),
      }),
      ...(claims.place !== undefined && base !== undefined && { catalog: catalogOf(accounts, base) }),
    },
  };
}

function placeBody(accounts: Accounts, { kind, id }: Place): object {
  if (kind === "domain") return { domain: accounts.domains.get(id) };
  const project = accounts.projects.get(id);
  return { project: project && { id, name: project.name, domain: project.domain }, is_domain: false };
}

/** With microseconds, as Keystone writes it. */
function timeText(ms: number): string {
  return new Date(ms).toISOString().replace("Z", "000Z");
}

/** `GET /v3/role_assignments`: who has which role where, as an administrator may list it. */
import { withImplied } from "../policy/who.ts";
import { ok, refused } from "../result.ts";
import type { Result } from "../result.ts";
import type { Accounts, Domain, Named, Place, Role, User } from "./accounts.ts";
import { isAdmin, isTrue, listLinks } from "./asking.ts";
import type { IdentityRequest } from "./asking.ts";
import { notAllowed } from "./refusals.ts";
import type { IdentityAnswer } from "./refusals.ts";

interface Assignment {
  readonly user: User;
  readonly place: Place;
  readonly role: Role;
}

/** Filters, as the query spells them. There are neither groups nor roles on the system. */
const FITS: ReadonlyMap<string, (one: Assignment) => string | undefined> = new Map<string, (one: Assignment) => string | undefined>([
  ["user.id", ({ user }) => user.id],
  ["role.id", ({ role }) => role.id],
  ["scope.project.id", ({ place }) => (place.kind === "project" ? place.id : undefined)],
  ["scope.domain.id", ({ place }) => (place.kind === "domain" ? place.id : undefined)],
  ["group.id", () => undefined],
  ["scope.system", () => undefined],
]);

export function roleAssignments(accounts: Accounts, request: IdentityRequest): Result<IdentityAnswer> {
  if (!isAdmin(request)) return refused(notAllowed);
  const flag = (name: string) => request.query.some(([key, value]) => key === name && isTrue(value));
  const all = assignmentsOf(accounts, flag("effective") ? "effective" : "as granted");
  const shown = all.filter((one) => request.query.every(([name, value]) => FITS.get(name)?.(one) === (FITS.has(name) ? value : undefined)));
  const item = flag("include_names") ? namedItem : plainItem;
  return ok({ status: 200, body: { role_assignments: shown.map((one) => item(accounts, one)), ...listLinks(request) } });
}

/** `effective`: with the roles that others imply. */
function assignmentsOf({ users, roles }: Accounts, which: "as granted" | "effective"): readonly Assignment[] {
  return [...users.values()].flatMap((user) =>
    user.grants.flatMap(({ place, roles: granted }) => {
      const names = which === "effective" ? withImplied(granted) : granted;
      return roles.filter(({ name }) => names.includes(name)).map((role) => ({ user, place, role }));
    }),
  );
}

function plainItem(_: Accounts, { user, place, role }: Assignment): object {
  return { user: { id: user.id }, role: { id: role.id }, scope: { [place.kind]: { id: place.id } }, links: {} };
}

/** For whoever reads it. */
function namedItem({ projects, domains }: Accounts, { user, place, role }: Assignment): object {
  const where = place.kind === "domain" ? domains.get(place.id) : projects.get(place.id);
  return { user: named(user), role: named(role), scope: { [place.kind]: where && named(where) }, links: {} };
}

function named({ id, name, ...more }: Named & { readonly domain?: Domain }): object {
  return { id, name, ...(more.domain !== undefined && { domain: { id: more.domain.id, name: more.domain.name } }) };
}

/**
 * From an identity file to the accounts: its form first, then what must hold between its parts. A file with anything wrong
 * in it is refused whole, with all that is wrong.
 */
import { nearest } from "../datacenter/spelling.ts";
import { sourceOf } from "../datacenter/source.ts";
import type { Finding, Path, Source } from "../datacenter/source.ts";
import { DEFAULT_DOMAIN } from "./accounts.ts";
import type { Accounts, Domain, Grant, Place, Project, User } from "./accounts.ts";
import { LAYOUT } from "./layout.ts";
import type { Declared, DeclaredGrants } from "./layout.ts";

export type AccountsReading =
  | { readonly ok: true; readonly value: Accounts }
  | { readonly ok: false; readonly findings: readonly Finding[] };

/** An id that follows from what a thing is and how it is called, so that it is the same on every controller. */
export type IdOf = (kind: "domain" | "project" | "user" | "role", ...names: readonly string[]) => string;

/** Roles that are always there. */
const ROLES = ["admin", "manager", "member", "reader", "service"];

/** `document` is plain data, as it comes out of YAML. */
export function readAccounts(document: unknown, idOf: IdOf): AccountsReading {
  const source = sourceOf(document);
  const declared = LAYOUT(source, []);
  if (declared === undefined || source.findings.length > 0) return { ok: false, findings: source.findings };
  const roles = [...new Set([...ROLES, ...all(declared.roles)])].map((name) => ({ id: idOf("role", name), name }));
  const domains = domainsOf(declared, source, idOf);
  const projects = projectsOf(declared, { source, domains, idOf });
  const known: Known = { source, domains, projects, roles: roles.map(({ name }) => name), idOf };
  const users = usersOf(declared, known);
  if (source.findings.length > 0) return { ok: false, findings: source.findings };
  const region = declared.region ?? "";
  return { ok: true, value: { region, roles, domains: byId(domains), projects: byId(projects), users: byId(users) } };
}

interface Context {
  readonly source: Source;
  readonly domains: readonly Domain[];
  readonly idOf: IdOf;
}

interface Known extends Context {
  readonly projects: readonly Project[];
  readonly roles: readonly string[];
}

function domainsOf({ domains }: Declared, source: Source, idOf: IdOf): readonly Domain[] {
  const declared = all(domains).map(({ name = "", id = idOf("domain", name) }) => ({ id, name }));
  const made = [...(declared.some(({ name }) => name === DEFAULT_DOMAIN.name) ? [] : [DEFAULT_DOMAIN]), ...declared];
  refuseTwice(source, "domains", declared, [({ id }) => id, ({ name }) => name]);
  return made;
}

function projectsOf({ projects }: Declared, context: Context): readonly Project[] {
  const made = all(projects).map(({ name = "", id, domain: said, description = "", enabled = true }, at): Project => {
    const domain = domainNamed(context, said, ["projects", at, "domain"]);
    return { id: id ?? context.idOf("project", domain.name, name), name, domain, description, enabled };
  });
  refuseTwice(context.source, "projects", made, [({ id }) => id, nameInDomain]);
  return made;
}

function usersOf({ users }: Declared, known: Known): readonly User[] {
  const made = all(users).map(({ name = "", id, domain: said, enabled = true, password_hash = "", ...held }, at): User => {
    const domain = domainNamed(known, said, ["users", at, "domain"]);
    const projects = grantsOf(known, held.roles, { kind: "project", path: ["users", at, "roles"] });
    const domains = grantsOf(known, held.domain_roles, { kind: "domain", path: ["users", at, "domain_roles"] });
    const grants = [...projects, ...domains];
    return { id: id ?? known.idOf("user", domain.name, name), name, domain, enabled, passwordHash: password_hash, grants };
  });
  refuseTwice(known.source, "users", made, [({ id }) => id, nameInDomain]);
  return made;
}

function domainNamed({ source, domains }: Context, name: string = DEFAULT_DOMAIN.name, path: Path): Domain {
  const domain = domains.find((one) => one.name === name);
  if (domain === undefined) source.blame(path, unknown("domain", name, namesOf(domains)));
  return domain ?? DEFAULT_DOMAIN;
}

interface Held {
  readonly kind: Place["kind"];
  readonly path: Path;
}

function grantsOf(known: Known, declared: DeclaredGrants | undefined, held: Held): readonly Grant[] {
  return [...(declared ?? [])].flatMap(([place, roles]): readonly Grant[] => {
    const path = [...held.path, place];
    for (const [at, role] of all(roles).entries())
      if (!known.roles.includes(role)) known.source.blame([...path, at], unknown("role", role, known.roles));
    const id = placeNamed(known, place, { ...held, path });
    return id === undefined ? [] : [{ place: { kind: held.kind, id }, roles: all(roles) }];
  });
}

/** By id, or by a name that only one has. */
function placeNamed({ source, domains, projects }: Known, said: string, { kind, path }: Held): string | undefined {
  const places = kind === "project" ? projects : domains;
  const byName = places.filter(({ name }) => name === said);
  const [found, second] = places.some(({ id }) => id === said) ? places.filter(({ id }) => id === said) : byName;
  if (found !== undefined && second === undefined) return found.id;
  source.blame(
    path,
    second === undefined ? unknown(kind, said, namesOf(places)) : `several domains have a ${kind} of that name; write its id`,
  );
  return undefined;
}

function unknown(kind: string, said: string, known: readonly string[]): string {
  const meant = nearest(said, known);
  const hint = meant === undefined ? `known: ${known.length === 0 ? "none" : known.join(", ")}` : `did you mean ${meant}?`;
  return `there is no ${kind} "${said}"; ${hint}`;
}

function namesOf(all: readonly { readonly name: string }[]): readonly string[] {
  return all.map(({ name }) => name);
}

function nameInDomain({ name, domain }: { readonly name: string; readonly domain: Domain }): string {
  return `${name} of the domain ${domain.name}`;
}

/** The later of two is blamed. */
function refuseTwice<T>(source: Source, list: string, made: readonly T[], marks: readonly ((one: T) => string)[]): void {
  for (const mark of marks) {
    const seen = new Map<string, number>();
    for (const [at, one] of made.entries()) {
      const before = seen.get(mark(one));
      if (before !== undefined) source.blame([list, at], `${mark(one)} is declared already, at ${list}[${before}]`);
      seen.set(mark(one), before ?? at);
    }
  }
}

/** In a document without findings, none is undefined. */
function all<T>(values: readonly (T | undefined)[] | undefined): readonly T[] {
  return (values ?? []).flatMap((value) => (value === undefined ? [] : [value]));
}

function byId<T extends { readonly id: string }>(all: readonly T[]): ReadonlyMap<string, T> {
  return new Map(all.map((one) => [one.id, one]));
}

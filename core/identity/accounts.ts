/** Who there is: domains, projects, users, and which roles a user has where. */
import { withImplied } from "../policy/who.ts";

export interface Named {
  readonly id: string;
  readonly name: string;
}

export type Domain = Named;
export type Role = Named;

export interface Project {
  readonly id: string;
  /** Of its domain, no other has it. */
  readonly name: string;
  readonly domain: Domain;
  readonly description: string;
  readonly enabled: boolean;
}

/** Where a role is held, and what a token is for. */
export interface Place {
  readonly kind: "project" | "domain";
  readonly id: string;
}

export interface Grant {
  readonly place: Place;
  readonly roles: readonly string[];
}

export interface User {
  readonly id: string;
  readonly name: string;
  readonly domain: Domain;
  readonly enabled: boolean;
  /** As `readPasswordHash` takes it. */
  readonly passwordHash: string;
  readonly grants: readonly Grant[];
}

export interface Accounts {
  /** Of the one region that there is. */
  readonly region: string;
  readonly roles: readonly Role[];
  readonly domains: ReadonlyMap<string, Domain>;
  readonly projects: ReadonlyMap<string, Project>;
  readonly users: ReadonlyMap<string, User>;
}

/** The domain that is always there, as every Keystone has it. */
export const DEFAULT_DOMAIN: Domain = { id: "default", name: "Default" };

/** How a request names something: by id, or by a name within a domain. */
export type Ref = { readonly id: string } | { readonly name: string; readonly domain: DomainRef };
export type DomainRef = { readonly id: string } | { readonly name: string };

export function domainOf(accounts: Accounts, ref: DomainRef): Domain | undefined {
  if ("id" in ref) return accounts.domains.get(ref.id);
  return [...accounts.domains.values()].find(({ name }) => name === ref.name);
}

/** Of users and projects alike. */
export function found<T extends { readonly name: string; readonly domain: Domain }>(
  accounts: Accounts,
  among: ReadonlyMap<string, T>,
  ref: Ref,
): T | undefined {
  if ("id" in ref) return among.get(ref.id);
  const domain = domainOf(accounts, ref.domain);
  return domain && [...among.values()].find((one) => one.name === ref.name && one.domain.id === domain.id);
}

/** With those that they imply; none where the place, or the user, is not there or out of use. */
export function rolesAt(accounts: Accounts, user: User, place: Place): readonly string[] {
  const usable = place.kind === "domain" ? accounts.domains.has(place.id) : accounts.projects.get(place.id)?.enabled === true;
  if (!usable || !user.enabled) return [];
  const held = user.grants.filter((grant) => grant.place.kind === place.kind && grant.place.id === place.id);
  return withImplied(held.flatMap(({ roles }) => roles));
}

/** Where somebody has a role and the project is in use. */
export function projectsOf(accounts: Accounts, user: User): readonly Project[] {
  return [...accounts.projects.values()].filter(({ id }) => rolesAt(accounts, user, { kind: "project", id }).length > 0);
}

export function domainsOf(accounts: Accounts, user: User): readonly Domain[] {
  return [...accounts.domains.values()].filter(({ id }) => rolesAt(accounts, user, { kind: "domain", id }).length > 0);
}

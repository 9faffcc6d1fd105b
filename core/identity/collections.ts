/** What can be listed and shown: each collection by its name in the URL, its objects as Keystone's clients know them. */
import type { Accounts, Domain, Project, Role, User } from "./accounts.ts";
import { endpointsOf, servicesOf } from "./catalog.ts";

export type Item = Readonly<Record<string, unknown>>;

export interface Collection {
  /** Around a single one. */
  readonly name: string;
  /** `base`: the controller as the client reached it. */
  items(accounts: Accounts, base: string): readonly Item[];
}

/** Projects at the top of their domain have it for a parent. */
export const projectItem = ({ id, name, domain, description, enabled }: Project): Item => ({
  id,
  name,
  domain_id: domain.id,
  parent_id: domain.id,
  description,
  enabled,
  is_domain: false,
  tags: [],
  options: {},
});

export const userItem = ({ id, name, domain, enabled }: User): Item => ({
  id,
  name,
  domain_id: domain.id,
  enabled,
  password_expires_at: null,
  options: {},
});

export const domainItem = ({ id, name }: Domain): Item => ({ id, name, description: "", enabled: true, tags: [], options: {} });

const roleItem = ({ id, name }: Role): Item => ({ id, name, domain_id: null, description: null, options: {} });

export const COLLECTIONS: ReadonlyMap<string, Collection> = new Map<string, Collection>([
  ["projects", { name: "project", items: ({ projects }) => [...projects.values()].map(projectItem) }],
  ["users", { name: "user", items: ({ users }) => [...users.values()].map(userItem) }],
  ["domains", { name: "domain", items: ({ domains }) => [...domains.values()].map(domainItem) }],
  ["roles", { name: "role", items: ({ roles }) => roles.map(roleItem) }],
  ["groups", { name: "group", items: () => [] }],
  ["regions", { name: "region", items: ({ region }) => [{ id: region, description: "", parent_region_id: null }] }],
  ["services", { name: "service", items: () => servicesOf() }],
  ["endpoints", { name: "endpoint", items: endpointsOf }],
]);

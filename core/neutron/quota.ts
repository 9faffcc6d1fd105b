/** Quotas: how many of each resource a project may have; -1 for any number. */
import { ADMIN } from "../policy/rule.ts";
import { attributes, resource } from "../resource/resource.ts";
import { integer, text } from "../resource/scalars.ts";

const limit = integer(-1, 2147483647);

/** Neutron's defaults, which hold until a data centre is applied. A table of the same name is what is counted; of others, quota-limits.ts knows. */
const limits = attributes({
  network: { type: limit, write: "always", default: 100, note: "Networks." },
  subnet: { type: limit, write: "always", default: 100, note: "Subnets." },
  subnetpool: { type: limit, write: "always", default: -1, note: "Subnet pools." },
  port: { type: limit, write: "always", default: 500, note: "Ports." },
  router: { type: limit, write: "always", default: 10, note: "Routers." },
  router_route: { type: limit, write: "always", default: 30, note: "Extra routes of one router." },
  floatingip: { type: limit, write: "always", default: 50, note: "Floating IPs." },
  rbac_policy: { type: limit, write: "always", default: 10, note: "RBAC policies." },
  security_group: { type: limit, write: "always", default: 10, note: "Security groups." },
  security_group_rule: { type: limit, write: "always", default: 100, note: "Rules of security groups." },
});

export const quota = resource({
  name: "quota",
  plural: "quotas",
  note: "How many of each resource a project may have.",
  may: { get: ["admin", "manager@owner"], update: ADMIN, delete: ADMIN },
  attributes: { project_id: { type: text(255), write: "never", note: "The project." }, ...limits },
});

/** What has a limit. */
export type Limited = keyof typeof limits;
export type Limits = Readonly<Record<Limited, number>>;

// `Object.keys` of a record of exactly these keys.
export const LIMITED = Object.keys(limits) as readonly Limited[];

/** Neutron's own limits: a record of exactly these keys. */
export const DEFAULTS = Object.fromEntries(LIMITED.map((name) => [name, limits[name].default])) as Limits;

/** Kept under `quota/PROJECT`: the limits that an administrator has set for it. What is absent follows the default. */
export type Quota = { readonly project_id: string } & Partial<Limits>;

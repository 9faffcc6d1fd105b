/**
 * The rules that Neutron's defaults are made of, by the names under which operators' files refer to them or put others
 * in their place. They are defaults as much as those of the declarations are.
 */
import type { Rule } from "./rule.ts";

export const NAMED_RULES: Readonly<Record<string, string>> = {
  context_is_admin: "role:admin",
  context_with_global_access: "!",
  service_api: "role:service",
  context_is_advsvc: "role:advsvc",
  owner: "project_id:%(project_id)s",
  admin_only: "rule:context_is_admin",
  admin_or_owner: "rule:context_is_admin or rule:owner",
  regular_user: "@",
  default: "rule:admin_or_owner",
  network_owner: "project_id:%(network:project_id)s",
  admin_or_network_owner: "rule:context_is_admin or rule:network_owner",
  admin_owner_or_network_owner: "rule:owner or rule:admin_or_network_owner",
  sg_owner: "project_id:%(security_group:project_id)s",
  admin_or_sg_owner: "rule:context_is_admin or rule:sg_owner",
  admin_owner_or_sg_owner: "rule:owner or rule:admin_or_sg_owner",
  ext_parent_owner: "project_id:%(ext_parent:project_id)s",
  admin_or_ext_parent_owner: "rule:context_is_admin or rule:ext_parent_owner",
  admin_or_data_plane_int: "rule:context_is_admin or role:data_plane_integrator",
  shared: "field:networks:shared=True",
  shared_security_group: "field:security_groups:shared=True",
  shared_address_groups: "field:address_groups:shared=True",
  shared_address_scopes: "field:address_scopes:shared=True",
  shared_subnetpools: "field:subnetpools:shared=True",
  shared_qos_policy: "field:policies:shared=True",
  external: "field:networks:router:external=True",
  external_network: "field:subnets:router:external=True",
  network_device: "field:port:device_owner=~^network:",
  rule_default_sg: "field:security_group_rules:belongs_to_default_sg=True",
  restrict_wildcard: "rule:context_is_admin or not field:rbac_policy:target_tenant=*",
};

/** Of what the rules of one resource speak. */
export interface Subject {
  /** As policy files call the resource: `port`, `floatingip_port_forwarding`. */
  readonly name: string;
  /** What `@parent` means, under all its names: `network`, `security_group`, or `ext_parent` and the resource it lies below. */
  readonly parents: readonly string[];
}

/** A declared rule as a policy file would say it. */
export function spelled(rule: Rule, subject: Subject): string {
  if (rule.length === 0) return "!";
  const parts = rule.map((persona) => spelledPersona(persona, subject));
  return parts.length === 1 ? parts.join("") : parts.map((part) => (part.includes(" ") ? `(${part})` : part)).join(" or ");
}

function spelledPersona(persona: Rule[number], subject: Subject): string {
  switch (persona) {
    case "admin":
      return "rule:admin_only";
    case "service":
      return "rule:service_api";
    case "shared":
      return sharedRule(subject);
    case "member@shared":
      return `role:member and ${sharedRule(subject)}`;
    case "external":
      return subject.name === "subnet" ? "rule:external_network" : "rule:external";
    case "plain device":
      return "not rule:network_device";
    case "plain target":
      return "not field:rbac_policy:target_tenant=*";
    case "data_plane_integrator":
      return "role:data_plane_integrator";
    case "advsvc":
      return "rule:context_is_advsvc";
    case "reader":
      return "role:reader";
    case "anybody":
      return "rule:regular_user";
    default: {
      const [role = "", place = ""] = persona.split("@");
      return `role:${role} and ${place === "owner" ? "project_id:%(project_id)s" : `rule:${OWNERS[subject.parents[0] ?? ""] ?? "ext_parent_owner"}`}`;
    }
  }
}

function sharedRule({ name, parents }: Subject): string {
  return `rule:${[name, ...parents].map((one) => SHARED[one]).find((one) => one !== undefined) ?? "shared"}`;
}

const OWNERS: Readonly<Record<string, string>> = { network: "network_owner", security_group: "sg_owner" };

/** Of ports and subnets it is the network that is shared. */
const SHARED: Readonly<Record<string, string>> = {
  security_group: "shared_security_group",
  address_group: "shared_address_groups",
  address_scope: "shared_address_scopes",
  subnetpool: "shared_subnetpools",
  policy: "shared_qos_policy",
};

/**
 * Which rules new groups begin with. Four are there though nobody wrote them: everything may leave, and a project's default
 * group lets its own members in, as Neutron has always had it. What is written down is only what an administrator did:
 * its own rules, and under `retired/ID` which of the four are gone.
 */
import type { Cloud } from "./cloud.ts";
import { PARENT } from "./default-security-group-rule.ts";
import type { DefaultSecurityGroupRule } from "./default-security-group-rule.ts";

/** Kept under `retired/ID`. */
export interface Retired {
  readonly id: string;
}

/** Older than any cloud. */
const ALWAYS = "1970-01-01T00:00:00Z";

/** The same on every controller; the first digits spell margay. */
const ID = "6d617267-6179-4000-8000-00000000000";

/** Suites of Neutron's look for these descriptions. */
const FIRST: readonly DefaultSecurityGroupRule[] = [
  first(1, { direction: "egress", ethertype: "IPv4" }),
  first(2, { direction: "egress", ethertype: "IPv6" }),
  first(3, { direction: "ingress", ethertype: "IPv4" }),
  first(4, { direction: "ingress", ethertype: "IPv6" }),
];

function first(number: number, says: Pick<DefaultSecurityGroupRule, "direction" | "ethertype">): DefaultSecurityGroupRule {
  const isIngress = says.direction === "ingress";
  return {
    ...says,
    id: `${ID}${number}`,
    protocol: null,
    port_range_min: null,
    port_range_max: null,
    remote_ip_prefix: null,
    remote_group_id: isIngress ? PARENT : null,
    remote_address_group_id: null,
    used_in_default_sg: true,
    used_in_non_default_sg: !isIngress,
    description: `Legacy default SG rule for ${says.direction} traffic`,
    created_at: ALWAYS,
    updated_at: ALWAYS,
    revision_number: 0,
  };
}

/** Those of the four that no administrator has removed. */
export function unwrittenRules(cloud: Cloud): readonly DefaultSecurityGroupRule[] {
  return FIRST.filter(({ id }) => cloud.get("retired", id) === undefined);
}

/** All there are. */
export function defaultRules(cloud: Cloud): readonly DefaultSecurityGroupRule[] {
  return [...unwrittenRules(cloud), ...cloud.all("default_security_group_rule")];
}

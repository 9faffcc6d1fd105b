/** Rules of security groups: what is let through, by direction. */
import { nullable } from "../resource/composites.ts";
import { resource } from "../resource/resource.ts";
import type { Create, Row } from "../resource/resource.ts";
import { flag, integer, oneOf, text, uuid } from "../resource/scalars.ts";
import { chronicled, identity } from "./standard.ts";

const OF_GROUP = ["admin", "member@parent"] as const;

export const securityGroupRule = resource({
  name: "security_group_rule",
  plural: "security_group_rules",
  note: "Lets through what it matches; what no rule matches is dropped.",
  may: { create: OF_GROUP, get: ["admin", "reader@owner", "reader@parent"], delete: OF_GROUP },
  attributes: {
    ...identity,
    security_group_id: { type: text(36), write: "create", filter: true, sort: true, index: true, note: "The group it is in." },
    remote_group_id: { type: nullable(uuid), write: "create", default: null, filter: true, sort: true, index: true, note: "The other side is in this group." },
    direction: { type: oneOf("ingress", "egress"), write: "create", filter: true, sort: true, note: "Towards the port, or from it." },
    protocol: { type: nullable(text(40)), write: "create", default: null, filter: true, sort: true, note: "By name or number; null: any." },
    port_range_min: { type: nullable(integer(0)), write: "create", default: null, filter: true, sort: true, note: "First destination port, or ICMP type." },
    port_range_max: { type: nullable(integer(0)), write: "create", default: null, filter: true, sort: true, note: "Last destination port, or ICMP code." },
    ethertype: { type: oneOf("IPv4", "IPv6"), write: "create", default: "IPv4", filter: true, sort: true, note: "Address family." },
    remote_ip_prefix: { type: nullable(text(64)), write: "create", default: null, filter: true, sort: true, note: "The other side is in this prefix." },
    normalized_cidr: {
      type: nullable(text(64)), write: "never", computed: true, filter: true, sort: true, extension: "security-groups-normalized-cidr",
      note: "The same prefix with its host bits cleared.",
    },
    belongs_to_default_sg: {
      type: nullable(flag), write: "never", computed: true, filter: true, extension: "security-groups-rules-belongs-to-default-sg",
      note: "Is it a rule of a default group?",
    },
    ...chronicled,
  },
});

export type SecurityGroupRule = Row<typeof securityGroupRule>;
export type NewSecurityGroupRule = Create<typeof securityGroupRule>;

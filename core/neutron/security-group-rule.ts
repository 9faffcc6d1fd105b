/** Security group rules: what may come in or go out. They only allow; what no rule allows is dropped. */
import { nullable } from "../resource/composites.ts";
import { attributes, resource } from "../resource/resource.ts";
import type { Create, Row } from "../resource/resource.ts";
import { cidr, flag, oneOf, text } from "../resource/scalars.ts";
import { ethertype, portNumber, protocol, remotePrefix } from "./security-group-types.ts";
import { chronicled, identity } from "./standard.ts";

const OF_GROUP = ["admin", "member@parent"] as const;

/** Of the other side: the id of a group of ports, or of addresses. */
export const group = { type: nullable(text(36)), write: "create", default: null, filter: true, sort: true, index: true } as const;

/** What a rule says of traffic. */
export const saying = attributes({
  direction: { type: oneOf("ingress", "egress"), write: "create", filter: true, sort: true, note: "Towards the port, or from it." },
  ethertype: { type: ethertype, write: "create", default: "IPv4", filter: true, sort: true, note: "Address family; any case is read." },
  protocol: {
    type: protocol,
    write: "create",
    default: null,
    filter: true,
    sort: true,
    note: "IP protocol by name or number, as sent; null means all. ICMP in IPv6 becomes ipv6-icmp.",
  },
  port_range_min: {
    type: portNumber,
    write: "create",
    default: null,
    filter: true,
    sort: true,
    note: "First destination port, or ICMP type; 1 to 65535 is kept as null to null.",
  },
  port_range_max: {
    type: portNumber,
    write: "create",
    default: null,
    filter: true,
    sort: true,
    note: "Last destination port, or ICMP code.",
  },
  remote_ip_prefix: {
    type: remotePrefix,
    write: "create",
    default: null,
    filter: true,
    sort: true,
    note: "The other side is in this prefix; host bits as sent.",
  },
  remote_group_id: {
    ...group,
    refers: "security_group",
    note: "The other side is a port of this group.",
  },
  remote_address_group_id: {
    ...group,
    extension: "security-groups-remote-address-group",
    note: "The other side is in a prefix of this address group.",
  },
});

/** Nobody changes a rule: another one takes its place. */
export const securityGroupRule = resource({
  name: "security_group_rule",
  plural: "security_group_rules",
  note: "Traffic that the ports of a security group may receive or send.",
  may: { create: OF_GROUP, get: ["admin", "reader@parent", "shared"], delete: OF_GROUP },
  attributes: {
    ...identity,
    security_group_id: { type: text(36), write: "create", filter: true, sort: true, index: true, note: "The group whose ports it is for." },
    ...saying,
    normalized_cidr: {
      type: nullable(cidr),
      write: "never",
      computed: true,
      filter: true,
      sort: true,
      extension: "security-groups-normalized-cidr",
      note: "The remote prefix with its host bits cleared.",
    },
    belongs_to_default_sg: {
      type: flag,
      write: "never",
      computed: true,
      filter: true,
      extension: "security-groups-rules-belongs-to-default-sg",
      note: "Is its group a project's default group?",
    },
    ...chronicled,
    description: {
      type: nullable(text(255)),
      write: "create",
      default: "",
      filter: true,
      extension: chronicled.description.extension,
      note: "A remark for people; null: a rule that its group began with.",
    },
  },
});

export type SecurityGroupRule = Row<typeof securityGroupRule>;
export type NewSecurityGroupRule = Create<typeof securityGroupRule>;

/**
 * Networks: which subnets a port draws its addresses from, and what it is told of the world. There is no broadcast
 * domain behind one; all of them are routed in one address space.
 */
import { ADMIN, ADMIN_OR_OWNER } from "../policy/rule.ts";
import { list, nullable } from "../resource/composites.ts";
import { chosen, resource } from "../resource/resource.ts";
import type { Create, Patch, Row } from "../resource/resource.ts";
import { flag, integer, oneOf, text, uuid } from "../resource/scalars.ts";
import { dnsDomain } from "./dns-names.ts";
import { administered, chronicled, identity, named, sharable, tagged } from "./standard.ts";

const ADMIN_WRITES = { create: ADMIN, update: ADMIN };
const ADMIN_ONLY = { ...ADMIN_WRITES, get: ADMIN };

export const network = resource({
  name: "network",
  plural: "networks",
  note: "Subnets that ports draw addresses from, shared or of one project.",
  may: {
    create: ADMIN_OR_OWNER,
    get: ["admin", "reader@owner", "service", "shared", "external", "advsvc"],
    update: ADMIN_OR_OWNER,
    delete: ADMIN_OR_OWNER,
  },
  attributes: {
    ...identity,
    ...named,
    subnets: { type: list(uuid), write: "never", computed: true, note: "Its subnets." },
    ...administered,
    status: { type: oneOf("ACTIVE"), write: "never", filter: true, sort: true, note: "ACTIVE from the start." },
    shared: {
      ...sharable.shared,
      guard: ADMIN_WRITES,
      note: "May whoever looks put ports on it like on its own? Said: may every project?",
    },
    "router:external": {
      type: flag,
      write: "always",
      default: false,
      computed: true,
      filter: true,
      guard: ADMIN_WRITES,
      extension: "external-net",
      note: "Neutron's mark of networks that lead outside; it has no effect on the data path here.",
    },
    is_default: {
      type: flag,
      write: "always",
      default: false,
      filter: true,
      index: true,
      guard: ADMIN_WRITES,
      extension: "auto-allocated-topology",
      note: "Is it the external network that auto-allocated topologies lead to? One can be.",
    },
    l2_adjacency: {
      type: flag,
      write: "never",
      computed: true,
      extension: "l2_adjacency",
      note: "Never: ports are routed to, not bridged.",
    },
    availability_zones: {
      type: list(text(255)),
      write: "never",
      computed: true,
      extension: "network_availability_zone",
      note: "Zones that it is served in: all there are.",
    },
    availability_zone_hints: {
      type: list(text(255), { unique: true }),
      write: "create",
      default: [],
      sort: true,
      extension: "network_availability_zone",
      note: "Zones that it is wished in.",
    },
    mtu: {
      type: integer(0),
      write: "always",
      default: chosen,
      filter: true,
      sort: true,
      extension: "net-mtu-writable",
      note: "Told to VMs; 0 or absent: the data centre's.",
    },
    ipv4_address_scope: { type: nullable(uuid), write: "never", computed: true, note: "The scope of its IPv4 subnets' pools." },
    ipv6_address_scope: { type: nullable(uuid), write: "never", computed: true, note: "The scope of its IPv6 subnets' pools." },
    port_security_enabled: {
      type: flag,
      write: "always",
      default: true,
      guard: { create: ADMIN_OR_OWNER, update: ADMIN_OR_OWNER },
      extension: "port-security",
      note: "What its ports inherit.",
    },
    "provider:network_type": {
      type: text(32),
      write: "create",
      default: chosen,
      filter: true,
      guard: ADMIN_ONLY,
      extension: "provider",
      note: "local, or flat under the name of a wire; both are routed alike.",
    },
    "provider:physical_network": {
      type: nullable(text(64)),
      write: "create",
      default: null,
      filter: true,
      guard: ADMIN_ONLY,
      extension: "provider",
      note: "The name that a flat network's wire has elsewhere; nothing is done with it.",
    },
    "provider:segmentation_id": {
      type: nullable(integer(0)),
      write: "create",
      default: null,
      filter: true,
      guard: ADMIN_ONLY,
      extension: "provider",
      note: "None.",
    },
    dns_domain: { type: dnsDomain, write: "always", default: "", extension: "dns-integration", note: "The domain of its ports' names." },
    qos_policy_id: {
      type: nullable(uuid),
      write: "always",
      default: chosen,
      index: true,
      extension: "qos",
      note: "The QoS policy of ports that have none of their own; unsaid: the project's default one.",
    },
    ...chronicled,
    tags: { ...tagged.tags, guard: { get: ["admin", "reader@owner", "shared", "external", "advsvc"] } },
  },
});

export type Network = Row<typeof network>;
export type NewNetwork = Create<typeof network>;
export type NetworkPatch = Patch<typeof network>;

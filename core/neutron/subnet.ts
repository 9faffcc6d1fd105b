/** Subnets: blocks of the one address space, each on one network. */
import { ADMIN } from "../policy/rule.ts";
import { list, must, nullable, record, said } from "../resource/composites.ts";
import { chosen, resource } from "../resource/resource.ts";
import type { Create, Patch, Row } from "../resource/resource.ts";
import { flag, integer, ip, ipVersion, oneOf, uuid } from "../resource/scalars.ts";
import { hostRoutes } from "./host-routes.ts";
import { chronicled, identity, named, tagged } from "./standard.ts";
import { block, nameServers, poolId, serviceTypes } from "./subnet-types.ts";

const IPV6_MODES = said(oneOf("dhcpv6-stateful", "dhcpv6-stateless", "slaac"));
const OWNERS = ["admin", "member@owner", "member@parent"] as const;

export const subnet = resource({
  name: "subnet",
  plural: "subnets",
  note: "A block of addresses that the ports of one network draw from.",
  may: {
    create: ["admin", "member@parent"],
    get: ["reader@owner", "shared", "external", "admin", "reader@parent", "service"],
    update: OWNERS,
    delete: OWNERS,
  },
  attributes: {
    ...identity,
    ...named,
    ip_version: { type: ipVersion, write: "create", filter: true, sort: true, note: "Address family." },
    network_id: { type: uuid, write: "create", filter: true, sort: true, index: true, note: "The network it serves." },
    subnetpool_id: {
      type: poolId,
      write: "create",
      default: null,
      filter: true,
      sort: true,
      index: true,
      note: "The pool that the block is cut out of; none: the block was said.",
    },
    use_default_subnetpool: {
      type: flag,
      write: "create",
      default: false,
      hidden: "wish",
      extension: "default-subnetpools",
      note: "Is the block to be cut out of the default pool of its family?",
    },
    prefixlen: {
      type: integer(0),
      write: "create",
      default: chosen,
      hidden: "wish",
      note: "How long the prefix of a block from a pool is to be. Absent: as the pool says.",
    },
    cidr: {
      type: block,
      write: "create",
      default: chosen,
      filter: true,
      sort: true,
      note: "The block; as a rule it overlaps with no other subnet of the cloud. Absent: one that the pool has left.",
    },
    gateway_ip: {
      type: nullable(ip),
      write: "always",
      default: chosen,
      filter: true,
      sort: true,
      note: "Null: none. Absent: the first host address.",
    },
    allocation_pools: {
      type: list(record({ start: must(ip), end: must(ip) })),
      write: "always",
      default: chosen,
      note: "What is given out unasked. Absent: all hosts but the gateway.",
    },
    dns_nameservers: {
      type: nameServers,
      write: "always",
      default: [],
      note: "Told by DHCP and RA, in order.",
    },
    host_routes: {
      type: hostRoutes,
      write: "always",
      default: [],
      note: "Routes told by DHCP, by way of the gateway or of a router's interface: a packet is routed by its destination alone.",
    },
    enable_dhcp: { type: flag, write: "always", default: true, filter: true, sort: true, note: "Do the hosts answer DHCP here?" },
    ipv6_ra_mode: {
      type: IPV6_MODES,
      write: "create",
      default: chosen,
      filter: true,
      sort: true,
      note: "Who sends router advertisements, and what they say.",
    },
    ipv6_address_mode: {
      type: IPV6_MODES,
      write: "create",
      default: chosen,
      filter: true,
      sort: true,
      note: "How VMs get their address: slaac and stateless derive it from the MAC.",
    },
    service_types: {
      type: serviceTypes,
      write: "always",
      default: [],
      guard: { create: ADMIN, update: ADMIN },
      extension: "subnet-service-types",
      note: "Owners of devices that have addresses here. None: all, unless another subnet of the network is for theirs.",
    },
    shared: { type: flag, write: "never", computed: true, hidden: "kept", filter: true, note: "Is its network shared with whoever looks?" },
    "router:external": {
      type: flag,
      write: "never",
      computed: true,
      filter: true,
      extension: "subnet-external-network",
      note: "Is its network marked as leading outside?",
    },
    ...chronicled,
    tags: { ...tagged.tags, guard: { create: OWNERS, get: ["reader@owner", "shared", "external", "admin", "reader@parent"] } },
  },
});

export type Subnet = Row<typeof subnet>;
export type NewSubnet = Create<typeof subnet>;
export type SubnetPatch = Patch<typeof subnet>;

/** Ports: the network interfaces of VMs, with the addresses that are routed to them. */
import type { Mac } from "../net/mac.ts";
import { ADMIN_OR_SERVICE, SERVICE } from "../policy/rule.ts";
import { list, must, nullable, nullMeans, opaque, record } from "../resource/composites.ts";
import { chosen, resource } from "../resource/resource.ts";
import type { Create, Patch, Row } from "../resource/resource.ts";
import { flag, integer, ip, mac, oneOf, text, uuid } from "../resource/scalars.ts";
import { dnsDomain, dnsName } from "./dns-names.ts";
import { addressPairs, bindingProfile, dhcpOptions, fixedIps, vnicType } from "./port-types.ts";
import type { FixedIp } from "./port-types.ts";
import { chronicled, identity, named, tagged } from "./standard.ts";

const ON_NETWORK = ["admin", "service", "member@parent"] as const;
const ON_SHARED = [...ON_NETWORK, "member@shared"] as const;
const OWN = ["admin", "member@owner", "service"] as const;
const BINDING = { create: ADMIN_OR_SERVICE, update: ADMIN_OR_SERVICE, get: ADMIN_OR_SERVICE };
const OWN_TAGS = ["admin", "member@owner", "advsvc"] as const;

export const port = resource({
  name: "port",
  plural: "ports",
  note: "A network interface of a VM, with the addresses that are routed to it.",
  may: {
    create: ON_SHARED,
    get: ["admin", "service", "reader@parent", "reader@owner"],
    update: OWN,
    delete: ["admin", "service", "member@parent", "member@owner"],
  },
  attributes: {
    ...identity,
    ...named,
    network_id: {
      type: uuid,
      write: "create",
      filter: true,
      sort: true,
      index: true,
      note: "The network whose subnets it draws addresses from.",
    },
    admin_state_up: { type: flag, write: "always", default: true, filter: true, sort: true, note: "Down: nothing is routed to it." },
    mac_address: {
      type: nullable(mac),
      write: "always",
      default: chosen,
      filter: true,
      sort: true,
      index: true,
      extension: "port-mac-address-regenerate",
      guard: { create: ON_NETWORK, update: ["admin", "service", "manager@parent"] },
      note: "Unique on its network; null: a new one.",
    },
    fixed_ips: {
      type: fixedIps,
      write: "always",
      default: chosen,
      filter: true,
      index: true,
      guard: { create: ON_SHARED, update: ON_NETWORK },
      guardMembers: { subnet_id: { create: ON_SHARED, update: ON_SHARED }, ip_address: { create: ON_NETWORK, update: ON_NETWORK } },
      note: "Its addresses. Absent: one of each family of the network; an address belongs to one port of the whole cloud.",
    },
    device_id: {
      type: text(255),
      write: "always",
      default: "",
      filter: true,
      sort: true,
      index: true,
      guard: { create: OWN, update: OWN },
      note: "The VM.",
    },
    device_owner: {
      type: text(255),
      write: "always",
      default: "",
      filter: true,
      sort: true,
      index: true,
      guard: { create: ["plain device", ...ON_NETWORK], update: ["plain device", ...ON_NETWORK] },
      note: "What the device is: `compute:nova`.",
    },
    status: {
      type: oneOf("ACTIVE", "DOWN", "BUILD", "ERROR", "N/A"),
      write: "never",
      filter: true,
      sort: true,
      note: "ACTIVE once its host says that it is served; N/A where there is nothing to serve.",
    },
    allowed_address_pairs: {
      type: addressPairs,
      write: "always",
      default: [],
      index: true,
      extension: "allowed-address-pairs",
      guard: { create: ON_NETWORK, update: ON_NETWORK },
      guardMembers: { mac_address: { create: ON_NETWORK, update: ON_NETWORK }, ip_address: { create: ON_NETWORK, update: ON_NETWORK } },
      note: "What it may send from besides its own addresses. A single address also leads to it, or to whichever of several ports took it last.",
    },
    data_plane_status: {
      type: nullable(oneOf("ACTIVE", "DOWN")),
      write: "change",
      extension: "data-plane-status",
      guard: { update: ["admin", "data_plane_integrator"] },
      note: "What somebody who watches the wires says of them; null: nothing.",
    },
    extra_dhcp_opts: {
      type: dhcpOptions,
      write: "always",
      default: [],
      extension: "extra_dhcp_opt",
      note: "DHCP options for this port alone.",
    },
    ip_allocation: {
      type: oneOf("immediate", "none"),
      write: "never",
      filter: true,
      sort: true,
      extension: "ip_allocation",
      note: "Does it have addresses?",
    },
    "binding:vif_type": {
      type: oneOf("unbound", "tap", "binding_failed"),
      write: "never",
      guard: BINDING,
      extension: "binding",
      note: "tap once bound.",
    },
    "binding:vif_details": {
      type: opaque,
      write: "never",
      guard: BINDING,
      extension: "binding",
      note: "What Nova makes the tap with: the MAC of its end on the host.",
    },
    "binding:vnic_type": {
      type: vnicType,
      write: "always",
      default: "normal",
      extension: "binding",
      guard: { create: OWN, update: OWN },
      note: "A tap of the host; what a card of its own would need is refused.",
    },
    "binding:host_id": {
      type: nullMeans("", text(255)),
      write: "always",
      default: "",
      filter: true,
      index: true,
      guard: BINDING,
      extension: "binding",
      note: "The host that serves it; empty: none.",
    },
    "binding:profile": {
      type: nullMeans({}, bindingProfile),
      write: "always",
      default: {},
      index: true,
      guard: { create: SERVICE, update: SERVICE, get: ADMIN_OR_SERVICE },
      extension: "binding",
      note: "Nova's own notes; `migrating_to` names the host that the VM is about to move to.",
    },
    ready_on: {
      type: list(text(255)),
      write: "never",
      hidden: "kept",
      note: "Hosts that expect the VM to move there and have everything ready for it.",
    },
    arrived_on: {
      type: text(255),
      write: "never",
      hidden: "kept",
      before: "",
      note: "The host on which its VM showed the latest sign of life, while Nova still binds it to another; empty: none.",
    },
    moves: {
      type: integer(0),
      write: "never",
      hidden: "kept",
      before: 0,
      note: "How often another host began to serve it: of two hosts that announce it, the later one is believed.",
    },
    holds: {
      type: list(record({ ip_address: must(ip), mac_address: must(mac), turn: must(integer(1)) })),
      write: "never",
      hidden: "kept",
      note: "Addresses of its pairs with which its VM has shown a sign of life, and the how-manieth to do so it was; the latest has it.",
    },
    port_security_enabled: {
      type: flag,
      write: "always",
      default: chosen,
      extension: "port-security",
      guard: { create: ON_NETWORK, update: ON_NETWORK },
      note: "Are its sender checked and its security groups in force? Absent: as on the network.",
    },
    dns_name: { type: dnsName, write: "always", default: "", extension: "dns-integration", note: "Host name." },
    dns_domain: {
      type: dnsDomain,
      write: "always",
      default: "",
      extension: "dns-domain-ports",
      note: "Domain of its names, in place of its network's.",
    },
    dns_assignment: {
      type: list(record({ ip_address: must(ip), hostname: must(text(255)), fqdn: must(text(255)) })),
      write: "never",
      computed: true,
      extension: "dns-integration",
      note: "The name of each address.",
    },
    security_groups: {
      type: nullMeans([], list(uuid, { unique: true })),
      write: "always",
      default: chosen,
      filter: true,
      index: true,
      note: "What may reach it, and what it may reach. Absent: the project's default group.",
    },
    numa_affinity_policy: {
      type: nullable(oneOf("required", "preferred", "legacy")),
      write: "always",
      default: null,
      extension: "port-numa-affinity-policy",
      note: "How near Nova must put the VM's processors to the network card; kept for Nova, which alone acts on it.",
    },
    qos_policy_id: {
      type: nullable(uuid),
      write: "always",
      default: null,
      index: true,
      extension: "qos",
      note: "The QoS policy whose limits it keeps; null: its network's.",
    },
    qos_network_policy_id: {
      type: nullable(uuid),
      write: "never",
      computed: true,
      extension: "qos-port-network-policy",
      note: "The QoS policy of its network.",
    },
    ...chronicled,
    tags: {
      ...tagged.tags,
      write: "create",
      default: [],
      extension: "tag-ports-during-bulk-creation",
      guard: {
        create: OWN_TAGS,
        update: OWN_TAGS,
        get: ["advsvc", "admin", "reader@parent", "reader@owner"],
        delete: ["advsvc", "member@owner", "admin", "member@parent"],
      },
      note: "Words that sort it, given with it or set through /tags.",
    },
  },
});

/** A port as it is kept: it has a MAC, and each of its addresses has a subnet. */
export type Port = Omit<Row<typeof port>, "fixed_ips" | "mac_address"> & {
  readonly fixed_ips: readonly FixedIp[];
  readonly mac_address: Mac;
};
export type NewPort = Create<typeof port>;
export type PortPatch = Patch<typeof port>;

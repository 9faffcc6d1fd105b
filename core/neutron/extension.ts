/**
 * Extensions: how clients learn what a Neutron can do. An alias is told only where its effect is here: those of
 * attributes follow from the declarations, those of behaviour are listed below.
 */
import type { Resource } from "../resource/resource.ts";

export interface Extension {
  readonly alias: string;
  readonly name: string;
  readonly description: string;
  /** When Neutron's contract was last looked at. */
  readonly updated: string;
  readonly links: readonly never[];
}

/** Of behaviour rather than of an attribute. */
const BEHAVIOUR = [
  "aap-reject-multicast",
  "ext-gw-mode",
  "extraroute-atomic",
  "l3-port-ip-change-not-allowed",
  "router",
  "agent",
  "agent_sort_key",
  "empty-string-filtering",
  "filter-validation",
  "floating-ip-port-forwarding-detail",
  "floatingip-pools",
  "ip-substring-filtering",
  "net-mtu",
  "network-ip-availability",
  "network-ip-availability-details",
  "pagination",
  "port-address-mobility",
  "port-security-groups-filtering",
  "project-id",
  "qos-rule-type-details",
  "quota-check-limit",
  "quota-check-limit-default",
  "quota_details",
  "quotas",
  "rbac-address-scope",
  "rbac-subnetpool",
  "rbac-security-groups",
  "rbac-address-group",
  "revision-if-match",
  "security-group",
  "service-type",
  "sorting",
  "subnet_allocation",
  "subnet_onboard",
  "subnetpool-prefix-ops",
  "tag-creation",
] as const;

/** Name and description by alias: of behaviour, and where an attribute's own note would not do. */
const WORDS: Readonly<Record<string, Words>> = {
  "aap-reject-multicast": ["No Multicast Address Pairs", "Address pairs of multicast addresses are refused: nobody sends from them."],
  "address-group": ["Address Groups", "Prefixes under one name, for rules of security groups."],
  "address-scope": ["Address Scopes", "Subnet pools whose prefixes do not overlap, and which serve networks together."],
  "default-subnetpools": ["Default Subnet Pools", "Subnets whose block is cut out of the default pool of their family."],
  "rbac-address-scope": ["Sharing of Address Scopes", "Address scopes that some projects may use."],
  "rbac-subnetpool": ["Sharing of Subnet Pools", "Subnet pools that some projects may use."],
  subnet_allocation: ["Subnet Allocation", "Subnets whose block is cut out of a pool."],
  subnet_onboard: ["Subnet Onboarding", "Subnets of a network become part of a pool."],
  "subnetpool-prefix-ops": ["Prefixes of Subnet Pools", "Prefixes added to a pool, and taken from it, by themselves."],
  agent_sort_key: ["Sorting of Agents", "Agents in an order of one's own."],
  agent: ["Agents", "The hosts' agents, and whether they are alive."],
  "allowed-address-pairs": [
    "Allowed Address Pairs",
    "Addresses that a port may send from besides its own; a single one leads to whichever port took it last.",
  ],
  // By this name, not by its alias, the openstack client looks for it.
  availability_zone: ["Availability Zone", "Zones of hosts with VMs: there is one."],
  binding: ["Port Binding", "Which host serves a port, and how it is plugged."],
  "binding-extended": ["Port Bindings Extended", "Bindings to several hosts, of which one is active: for VMs that move."],
  "auto-allocated-topology": ["Auto-Allocated Topology", "A network with a way outside for who does not care which."],
  "data-plane-status": ["Data Plane Status", "What a watcher of the wires says of a port."],
  "dns-domain-ports": ["DNS Domains of Ports", "A port's own domain, in place of its network's."],
  "dns-integration": ["DNS Integration", "Host names of ports and domains of networks."],
  "empty-string-filtering": ["Empty String Filtering", "A filter may ask for the empty text."],
  "ext-gw-mode": ["External Gateway Mode", "Whether a router may translate; which addresses are translated follows from their range."],
  "external-net": ["External Networks", "Networks marked as leading outside."],
  "expose-port-forwarding-in-fip": ["Port Forwardings of Floating IPs", "A floating IP tells its port forwardings."],
  extra_dhcp_opt: ["Extra DHCP Options", "DHCP options of a single port."],
  extraroute: ["Extra Routes", "Prefixes that routers reach by addresses of their subnets."],
  "extraroute-atomic": ["Atomic Extra Routes", "Single extra routes added and removed."],
  "filter-validation": ["Filter Validation", "Unknown filters are refused."],
  "fip-port-details": ["Ports of Floating IPs", "A floating IP tells of the port that it leads to."],
  "floating-ip-port-forwarding": ["Floating IP Port Forwarding", "Ports of a floating IP that lead to ports of a port."],
  "floating-ip-port-forwarding-description": ["Descriptions of Port Forwardings", "A remark on a port forwarding."],
  "floating-ip-port-forwarding-detail": ["Details of Port Forwardings", "A floating IP tells which ports its port forwardings lead to."],
  "floating-ip-port-forwarding-port-ranges": ["Port Ranges of Port Forwardings", "Several ports in one port forwarding."],
  "floatingip-pools": ["Floating IP Pools", "The subnets that floating IPs may be taken from."],
  "ip-substring-filtering": ["IP Substring Filtering", "Ports found by a part of their address."],
  ip_allocation: ["IP Allocation", "Whether a port has addresses."],
  "l3-port-ip-change-not-allowed": ["Addresses of Router Ports", "The IPv4 address of a router's interface stays."],
  l2_adjacency: ["L2 Adjacency", "Whether the ports of a network share a broadcast domain."],
  network_availability_zone: ["Zones of Networks", "Where networks are served, and where they are wished to be."],
  "net-mtu": ["Network MTU", "The MTU of a network."],
  "net-mtu-writable": ["Network MTU (writable)", "The MTU of a network can be chosen."],
  "network-ip-availability": ["Network IP Availability", "How many addresses a network has, and how many of them are in use."],
  "network-ip-availability-details": ["Details of Network IP Availability", "The same for pools and for whole blocks."],
  pagination: ["Pagination", "Lists in pages: limit and marker."],
  "port-address-mobility": ["Address Mobility", "Addresses that move from one port to another in one call: take_addresses."],
  "port-mac-address-regenerate": ["MAC Address Regeneration", "A port whose MAC is set to null gets a new one."],
  "port-security": ["Port Security", "Checking of senders and security groups can be switched off per port."],
  "port-security-groups-filtering": ["Port Security Groups Filtering", "Ports found by their security groups."],
  "project-id": ["project_id", "The owner is called project_id as well as tenant_id."],
  provider: ["Provider Network", "How a network is realised: always local."],
  "quota-check-limit": ["Quota Limit Check", "A limit below what is in use is refused unless forced."],
  "quota-check-limit-default": ["Quota Limit Check by Default", "Limits are checked against use unless forced."],
  quota_details: ["Quota Details", "Limits together with what is in use."],
  quotas: ["Quotas", "How many of each a project may have."],
  "rbac-address-group": ["Shared Address Groups", "Address groups that other projects may use."],
  "revision-if-match": ["If-Match", "A change can be bound to the revision that was seen."],
  router: ["Routers", "Which subnets belong together, and by which external network they are reached."],
  router_availability_zone: [
    "Zones of Routers",
    "Where routers are served, and where they are wished to be: every host does the work of every router.",
  ],
  "security-group": ["Security Groups", "Which traffic a port may receive and send."],
  "security-groups-default-rules": ["Default Security Group Rules", "The rules that new security groups begin with."],
  "security-groups-normalized-cidr": ["Normalized CIDR", "A rule's remote prefix with its host bits cleared."],
  "security-groups-remote-address-group": ["Remote Address Groups", "Rules whose other side is in an address group."],
  "security-groups-rules-belongs-to-default-sg": ["Rules of Default Groups", "Whether a rule is in a project's default group."],
  "security-groups-shared-filtering": ["Shared Security Groups Filtering", "Groups found by whether they are shared."],
  "rbac-policies": ["RBAC Policies", "Networks that other projects may use, or leave through."],
  "rbac-security-groups": ["RBAC of Security Groups", "Security groups that other projects may use."],
  qos: ["Quality of Service", "Limits of what ports send and receive, under policies."],
  "qos-bw-limit-direction": ["Direction of Bandwidth Limits", "A bandwidth limit is for what is sent, or for what is received."],
  "qos-default": ["Default QoS Policy", "The policy that a project's new networks point to."],
  "qos-port-network-policy": ["QoS Policy of a Port's Network", "A port tells its network's policy besides its own."],
  "qos-pps": ["Packet Rate Limits", "Limits of packets per second."],
  "qos-rule-type-details": ["Details of QoS Rule Types", "What can be said in each kind of limit."],
  "service-type": ["Service Providers", "Who does what routers do."],
  sorting: ["Sorting", "Lists sorted by attributes."],
  "standard-attr-description": ["Descriptions", "A remark on most resources."],
  "standard-attr-revisions": ["Revision Numbers", "A number that grows with every change."],
  "standard-attr-tag": ["Tags", "Words that sort resources."],
  "standard-attr-timestamp": ["Timestamps", "When a resource was made and last changed."],
  "stateful-security-group": ["Stateful Security Groups", "Groups that do, or do not, let replies through."],
  "tag-creation": ["Tag Creation", "Tags can be added to those that are there: POST."],
  "tag-ports-during-bulk-creation": ["Tags of New Ports", "Ports can be given tags when they are created."],
  "subnet-service-types": ["Subnet Service Types", "Subnets for devices of certain kinds alone."],
  "subnet-external-network": ["External Network of a Subnet", "Subnets found by whether their network is external."],
};

const UPDATED = "2026-08-07T00:00:00+00:00";

/**
 * Everything that these resources and our behaviour bring, by alias. What has no words of its own is told in those of the
 * attribute that brings it, so that a new attribute needs no word here. Throws when behaviour has no words, which is a bug.
 */
export function extensionsOf(resources: readonly Resource[]): readonly Extension[] {
  const attributes = resources.flatMap((declared) => Object.entries(declared.attributes));
  const notes = new Map<string, Words>();
  for (const [name, { extension, note }] of attributes)
    if (extension !== undefined && !notes.has(extension)) notes.set(extension, [titled(name), note]);
  return [...new Set([...BEHAVIOUR, ...notes.keys()])].toSorted().map((alias) => told(alias, WORDS[alias] ?? notes.get(alias)));
}

type Words = readonly [name: string, description: string];

/** `numa_affinity_policy`: Numa Affinity Policy. */
function titled(name: string): string {
  return name.replaceAll(/(?:^|[_:-])(\w)/g, (_, letter: string) => ` ${letter.toUpperCase()}`).trim();
}

function told(alias: string, words: Words | undefined): Extension {
  if (words === undefined) throw new Error(`no words for the extension ${alias}`);
  return { alias, name: words[0], description: words[1], updated: UPDATED, links: [] };
}

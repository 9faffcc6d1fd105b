/**
 * What Neutron knows and Margay does not have, with the reason. Clients find it out by the aliases that are not told and by
 * paths that are not there; people read it in docs/api.md. What becomes part of the API leaves here.
 */
export interface Absent {
  readonly what: string;
  /** Of Neutron's extensions. */
  readonly aliases: readonly string[];
  /** Collections below /v2.0. */
  readonly paths: readonly string[];
  readonly why: string;
}

export const ABSENT: readonly Absent[] = [
  {
    what: "Trunks, VLANs inside a port",
    aliases: ["trunk", "trunk-details", "vlan-transparent", "qinq"],
    paths: ["trunks"],
    why: "A host routes the IP packets of its VMs; there is no wire that could carry tags. A VM may have several ports.",
  },
  {
    what: "Segments, and networks that are tunnels or VLANs",
    aliases: ["multi-provider", "segment", "standard-attr-segment", "subnet-segmentid-writable", "network-segment-range"],
    paths: ["segments", "network_segment_ranges"],
    why: "All networks are routed over one fabric, so none is mapped onto a VLAN or a tunnel.",
  },
  {
    what: "Placing of routers and DHCP on network nodes",
    aliases: ["dvr", "l3-ha", "l3_agent_scheduler", "dhcp_agent_scheduler", "router-admin-state-down-before-update"],
    paths: [],
    why: "Each host does the work of every router and answers DHCP for its own VMs, so there is nothing to place.",
  },
  {
    what: "Several gateways of a router, BFD and ECMP for them",
    aliases: ["external-gateway-multihoming", "enable-default-route-bfd", "enable-default-route-ecmp"],
    paths: [],
    why: "Which gateway a packet takes is decided by BGP for the fabric as a whole, not by routers of projects.",
  },
  {
    what: "NDP proxies",
    aliases: ["l3-ndp-proxy"],
    paths: ["ndp_proxies"],
    why: "A VM's IPv6 address is routed to it by itself; nobody needs to answer in its place.",
  },
  {
    what: "Local IPs",
    aliases: ["local_ip"],
    paths: ["local_ips"],
    why: "One address that means another machine on each host is what routing rules out.",
  },
  {
    what: "NICs that pass by the host: direct, macvtap, vdpa, …",
    aliases: ["uplink-status-propagation", "port-trusted-vif"],
    paths: [],
    why: "The host routes and filters what its VMs send; a card that speaks for a VM would be neither routed nor filtered.",
  },
  {
    what: "Guaranteed bandwidth and packet rates, DSCP marks, limits of floating IPs and gateways",
    aliases: [
      "qos-bw-minimum-ingress",
      "qos-pps-minimum",
      "port-resource-request",
      "port-resource-request-groups",
      "qos-fip",
      "qos-gateway-ip",
    ],
    paths: [],
    why: "Limits of ports are held by the host of the port. What depends on the fabric between hosts cannot be promised from there.",
  },
  {
    what: "QoS rules without the id of their policy, and filters of rule types",
    aliases: ["qos-rules-alias", "qos-rule-type-filter"],
    paths: ["qos/alias-bandwidth-limit-rules"],
    why: "Another spelling of what is there.",
  },
  {
    what: "Names in an external DNS",
    aliases: ["dns-integration-domain-keywords", "subnet-dns-publish-fixed-ip"],
    paths: [],
    why: "Names are told to VMs by DHCP; no DNS server is written to.",
  },
  {
    what: "Connection tracking helpers",
    aliases: ["l3-conntrack-helper", "expose-l3-conntrack-helper"],
    paths: [],
    why: "They open ports that no rule names.",
  },
  {
    what: "MAC learning",
    aliases: ["mac-learning"],
    paths: [],
    why: "Frames are routed by IP address; a MAC that is not the port's is dropped.",
  },
  {
    what: "Services of other projects: VPN, firewall groups, chains, BGP VPNs, dynamic routing, taps, metering, logging",
    aliases: ["vpnaas", "fwaas_v2", "sfc", "bgpvpn", "bgp", "taas", "metering", "logging"],
    paths: ["vpn/vpnservices", "fwaas/firewall_groups", "sfc/port_chains", "bgpvpn/bgpvpns", "metering/metering-labels", "log/logs"],
    why: "No agent here does their work.",
  },
  {
    what: "Flavors of routers",
    aliases: ["flavors", "l3-flavors"],
    paths: ["flavors", "service_profiles"],
    why: "There is one kind of router.",
  },
];

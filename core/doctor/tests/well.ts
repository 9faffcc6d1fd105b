/** For tests: a data centre of which all is known and all is well, as far as two gateways can be. */
import type { DataCenter } from "../../datacenter/data-center.ts";
import { exportsOf } from "../../datacenter/exports.ts";
import { plan } from "../../datacenter/plan.ts";
import { rangesOf } from "../../datacenter/ranges.ts";
import { readDataCenter } from "../../datacenter/read.ts";
import { sessionsOf } from "../../datacenter/sessions.ts";
import { watchedBy } from "../../intent/bfd.ts";
import { gatewayNft } from "../../intent/gateway-nft.ts";
import { addressesOf, poolOf } from "../../intent/pnat-pool.ts";
import { familyOf } from "../../net/address.ts";
import type { Ip } from "../../net/address.ts";
import type { BgpRoute, BgpSession, BirdFacts } from "../bird-facts.ts";
import type { CloudFacts } from "../cloud-facts.ts";
import { told } from "../facts.ts";
import type { Facts, LinkFact, MachineFacts, Role, RouteFact } from "../facts.ts";
import type { ChainFact } from "../filter-facts.ts";
import { gatewayNamed, isOutside } from "../places.ts";

const machine = (name: string, last: number) => ({ name, ipv4: `192.168.100.${last}`, ipv6: `fd00:f::${last}` });
const upstream = (last: number) => ({
  asn: 3320,
  interface: "wan0",
  ipv4: { address: `62.1.1.${last}/27`, peer: "62.1.1.1" },
  ipv6: { address: `2a01:4f8:ffff::${last}/64`, peer: "2a01:4f8:ffff::1" },
});

/** Its file, as plain data. */
export const WELL = {
  name: "well",
  ranges: { public: "62.2.2.0/24", private: "10.65.0.0/23", ipv6: "2a01:4f8:0:2::/63" },
  networks: { internal: { ipv6: "unadvertised" } },
  fabric: { asn: 64512, interface: "fab0", ipv4: "192.168.100.0/24", ipv6: "fd00:f::/64" },
  controllers: [machine("control", 3)],
  reflectors: [machine("rr1", 5), machine("rr2", 6)],
  hosts: [machine("h1", 11), machine("h2", 12)],
  gateways: [
    { ...machine("gw1", 1), upstream: upstream(2), pnat: "62.1.1.8-62.1.1.9" },
    { ...machine("gw2", 2), upstream: upstream(3), pnat: "62.1.1.16-62.1.1.17" },
  ],
};

/** A VM on h1, and one on h2. */
const VMS = [
  { port: "p1", tap: "tap1", host: "h1", ips: ["62.2.2.10", "2a01:4f8:0:2::10"] },
  { port: "p2", tap: "tap2", host: "h2", ips: ["10.65.0.10"] },
] as const;

const read = new Map<object, DataCenter>();

/** The same of the same: what is searched in it is searched once. */
export function centerOf(document: object): DataCenter {
  const known = read.get(document) ?? readIn(document);
  read.set(document, known);
  return known;
}

function readIn(document: object): DataCenter {
  const reading = readDataCenter(document);
  if (!reading.ok) throw new Error(reading.findings.map(({ message }) => message).join("\n"));
  return reading.value;
}

export function wellFacts(document: object = WELL): Facts {
  const center = centerOf(document);
  const of = (role: Role, list: readonly { readonly name: string }[]) => list.map(({ name }) => machineFacts(center, name, role));
  return {
    center: told(center),
    cloud: told(cloudFacts(center)),
    machines: [
      ...of("controller", center.controllers),
      ...of("reflector", center.reflectors),
      ...of("compute", center.hosts),
      ...of("gateway", center.gateways),
    ],
  };
}

function cloudFacts(center: DataCenter): CloudFacts {
  const networks = plan(center).networks;
  const agents = [...center.reflectors, ...center.hosts, ...center.gateways];
  return {
    now: "2026-11-30T12:00:00Z",
    datacenter: center,
    quarantine_seconds: 60,
    networks: networks.map((network) => ({ name: network.name, is: network })),
    subnets: networks.flatMap(({ name: network, subnets }) =>
      subnets.map(({ name, cidr, gateway_ip }) => ({
        name,
        network,
        cidr,
        gateway_ip,
        claims_gateway: [],
        total: 250,
        used: 1,
        resting: 0,
      })),
    ),
    addresses: VMS.flatMap(({ port, host, ips }) =>
      ips.map((ip) => ({ ip: ip as Ip, port, host, status: "ACTIVE", admin_state_up: true, moving: false })),
    ),
    resting: [],
    agents: agents.map(({ name }) => ({
      host: name,
      role: roleOf(center, name),
      alive: true,
      connected: true,
      heard: "2026-11-30T11:59:50Z",
      failed: [],
    })),
    hosts: [
      { host: "h1", ports: 1 },
      { host: "h2", ports: 1 },
    ],
    quotas: [],
    unguarded: [],
    open_groups: [],
    largest_group: null,
    inconsistencies: [],
  };
}

function roleOf(center: DataCenter, name: string): Role {
  if (gatewayNamed(center, name) !== undefined) return "gateway";
  return center.hosts.some((host) => host.name === name) ? "compute" : "reflector";
}

function machineFacts(center: DataCenter, name: string, role: Role): MachineFacts {
  return {
    name,
    role,
    sysctls: told(SYSCTLS),
    links: told(linksOf(center, name, role)),
    routes: told(routesOf(center, name, role)),
    neighbours: told([{ ip: "192.168.100.1", dev: "fab0", lladdr: "02:00:00:00:00:01", states: ["REACHABLE"] }]),
    filter: told({ chains: chainsOf(center, name, role), legacy: [] }),
    processes: told(["bird -f -R -c /var/lib/margay/bird/bird.conf", "margay agent"]),
    counters: told({
      reverse_path_filter: 0,
      conntrack: { drop: 0, insert_failed: 0, early_drop: 0 },
      guarded: { other_password: 0, no_password: 0, unasked_password: 0, far: 0 },
    }),
    kernel: told({ release: "6.1.0-18-amd64", neighbours: { "4": NEIGHBOURS, "6": NEIGHBOURS } }),
    bird: told(birdOf(center, name)),
    agent: told({
      host: name,
      role,
      controller: "connected",
      troubles: [],
      metadata: { doors: { "169.254.169.254": "listening" }, nova: "answers" },
    }),
    hostname: told(name),
    ahead: told(0),
    paths: told(
      role === "compute"
        ? center.gateways.map((gateway) => ({ gateway: gateway.name, ip: gateway.ipv4 ?? "", size: center.mtu, arrived: true, says: "" }))
        : [],
    ),
    offloads: told({ fab0: { "large-receive-offload": "off [fixed]", "tx-checksumming": "on" } }),
    nova: told({ "compute.live_migration_wait_for_vif_plug": "true" }),
  };
}

const NEIGHBOURS = { thresholds: [128, 512, 1024], full: 0 };

const SYSCTLS: Readonly<Record<string, string>> = {
  "net/ipv4/ip_forward": "1",
  "net/ipv6/conf/all/forwarding": "1",
  "net/ipv4/conf/all/rp_filter": "0",
  "net/ipv4/conf/fab0/rp_filter": "2",
  "net/ipv4/conf/all/arp_ignore": "0",
  "net/ipv4/conf/all/route_localnet": "0",
  "net/ipv4/fib_multipath_hash_policy": "0",
  "net/ipv6/fib_multipath_hash_policy": "0",
  "net/ipv6/conf/default/accept_ra": "1",
  "net/ipv6/conf/fab0/accept_ra": "0",
  "net/ipv6/conf/all/disable_ipv6": "0",
  "net/ipv6/route/max_size": "2147483647",
  "net/netfilter/nf_conntrack_count": "100",
  "net/netfilter/nf_conntrack_max": "262144",
  "net/netfilter/nf_conntrack_buckets": "65536",
};

function linksOf(center: DataCenter, name: string, role: Role): readonly LinkFact[] {
  const link = (dev: string, ips: readonly string[], kind = "") => ({
    name: dev,
    mtu: center.mtu,
    kind,
    up: true,
    addresses: ips.map((ip) => ({ ip, length: 24, duplicate: false })),
  });
  const gateway = gatewayNamed(center, name);
  const pool = gateway && poolOf(center, gateway);
  const taps = VMS.filter(({ host }) => host === name).map(({ tap }) => link(tap, [], "tun"));
  const answered = [...center.networks.external.subnets, ...center.networks.internal.subnets].map((subnet) => subnet.gateway);
  return [
    link("lo", ["127.0.0.1"]),
    link("fab0", ["192.168.100.99"]),
    ...(gateway === undefined ? [] : [link("wan0", [gateway.upstream.ipv4?.local.ip ?? ""])]),
    ...(pool === undefined ? [] : [link("margay-pnat", addressesOf(pool), "dummy")]),
    ...(role === "compute" ? [link("margay0", answered, "dummy"), ...taps] : []),
  ];
}

function routesOf(center: DataCenter, name: string, role: Role): readonly RouteFact[] {
  const route = (prefix: string, via: readonly string[], more: Partial<RouteFact> = {}): RouteFact => ({
    prefix,
    type: "unicast",
    dev: "fab0",
    via,
    protocol: "bird",
    metric: 32,
    ...more,
  });
  if (role === "controller" || role === "reflector") return [];
  const hostOf = (host: string) => center.hosts.find((one) => one.name === host);
  const ends = rangesOf(center).map((prefix) => route(prefix, [], { type: "unreachable", protocol: "88", metric: 1 << 20 }));
  const vms = VMS.flatMap(({ host, tap, ips }) =>
    ips.map((ip) => {
      const single = `${ip}/${familyOf(ip) === 4 ? 32 : 128}`;
      const away = (familyOf(ip) === 4 ? hostOf(host)?.ipv4 : hostOf(host)?.ipv6) ?? "";
      return host === name ? route(single, [], { dev: tap, protocol: "88", metric: 1024 }) : route(single, [away]);
    }),
  );
  const link = route("192.168.100.0/24", [], { protocol: "kernel" });
  const out =
    role === "gateway"
      ? [route("0.0.0.0/0", ["62.1.1.1"], { dev: "wan0" }), route("::/0", ["2a01:4f8:ffff::1"], { dev: "wan0" })]
      : [
          route(
            "0.0.0.0/0",
            center.gateways.map(({ ipv4 }) => ipv4 ?? ""),
          ),
          route(
            "::/0",
            center.gateways.map(({ ipv6 }) => ipv6 ?? ""),
          ),
        ];
  return [...out, ...ends, ...vms, link];
}

function chainsOf(center: DataCenter, name: string, role: Role): readonly ChainFact[] {
  const plain = { ends: false, translates: false, sources: [], spares: [], packets: 0 };
  const gateway = gatewayNamed(center, name);
  if (gateway !== undefined)
    return gatewayNft(center, gateway).map((chain) => ({
      table: "inet margay",
      name: chain.name,
      hook: "forward",
      priority: 0,
      type: chain.name === "pnat" ? "nat" : "filter",
      policy: "accept",
      rules: chain.rules.map(() => ({
        ...plain,
        comment: "4fd5bd3dd065eab1",
        ...(chain.name === "pnat" && {
          translates: true,
          sources: [center.ranges.private ?? ""],
          spares: rangesOf(center).concat(center.fabric.ipv4 ?? []),
        }),
      })),
    }));
  return role === "compute"
    ? [{ table: "inet margay", name: "forward", hook: "forward", priority: 0, type: "filter", policy: "drop", rules: [] }]
    : [];
}

function birdOf(center: DataCenter, name: string): BirdFacts {
  const gateway = gatewayNamed(center, name);
  const sessions = sessionsOf(center).flatMap(({ near, far }): readonly BgpSession[] => {
    const [own, other] = near.name === name ? [near, far] : [far, near];
    if (own.name !== name) return [];
    return [sessionWith(center, { name: other.name, ip: other.ip ?? "", asn: other.asn, own: own.asn })];
  });
  const exports = sessions.flatMap(({ name: session, neighbour }) =>
    gateway !== undefined && isOutside(gateway, neighbour)
      ? [[session, exportsOf(center).filter((prefix) => familyOf(prefix) === familyOf(neighbour))] as const]
      : [],
  );
  return { sessions, routes: vmRoutes(center, name), exports: Object.fromEntries(exports), bfd: bfdOf(center, name) };
}

function bfdOf(center: DataCenter, name: string): BirdFacts["bfd"] {
  return watchedBy(center, name).map(({ peer, interface: link }) => ({ ip: peer, interface: link, state: "Up" }));
}

interface Peer {
  readonly name: string;
  readonly ip: string;
  readonly asn: number;
  readonly own: number;
}

function sessionWith(center: DataCenter, { name, ip, asn, own }: Peer): BgpSession {
  const role = center.hosts.some((host) => host.name === name) ? "host" : "other";
  return {
    name: `${role}:${name.replaceAll(" ", "-")}-${familyOf(ip)}`.replace(/^(host:.*)-4$/, "$1"),
    established: true,
    info: "Established",
    neighbour: ip,
    neighbour_as: asn,
    local_as: own,
    hold: 30,
    graceful_restart: { local: true, neighbour: true },
    add_paths: { takes: true, sends: true },
    channels: [{ family: 4, input_filter: "(unnamed)", output_filter: "(unnamed)", import_limit: 10_000, imported: 2, filtered: 0 }],
  };
}

function vmRoutes(center: DataCenter, name: string): readonly BgpRoute[] {
  return VMS.flatMap(({ host, ips }) =>
    ips.flatMap((ip) => {
      const owner = center.hosts.find((one) => one.name === host);
      const hop = (familyOf(ip) === 4 ? owner?.ipv4 : owner?.ipv6) ?? "";
      const prefix = `${ip}/${familyOf(ip) === 4 ? 32 : 128}`;
      if (host === name) return [];
      return [{ prefix, protocol: `host:${host}`, best: true, to: "unicast", hops: [hop], bgp: true, next_hop: hop, local_pref: 998_976 }];
    }),
  );
}

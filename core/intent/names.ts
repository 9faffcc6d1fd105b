/**
 * Names for guests: where a subnet names no name servers, its gateway is one, as Neutron's DHCP server would be. It knows the ports of
 * its network on this host, and asks the data centre's resolvers for the rest; without any it refuses the rest. One dnsmasq for
 * each such network: one network's names are no other's business, and no other's to give. None of them matters to whether a port is served.
 */
import type { DataCenter } from "../datacenter/data-center.ts";
import type { Endpoint, SubnetFact, View } from "../feed/item.ts";
import type { Daemon } from "../kinds/daemon.ts";
import { digest } from "../kinds/digest.ts";
import type { File } from "../kinds/file.ts";
import type { Wanted } from "../kinds/kind.ts";
import type { Nft } from "../kinds/nft.ts";
import { familyOf } from "../net/address.ts";
import type { Family, Ip } from "../net/address.ts";
import { BY_DATACENTER, caused } from "./caused.ts";
import { anchorsOf, networksOf, subnetsOf } from "./dhcp-anchors.ts";
import type { Anchor } from "./dhcp-anchors.ts";
import { domainOf, hostnameOf } from "./dhcp-words.ts";
import { dnsmasqArgv } from "./dnsmasq.ts";
import type { Intent } from "./intent.ts";
import { perValueAnd } from "./memo.ts";
import { anyOf, inet, ports, quoted } from "./nft-parts.ts";

/** Is the subnet's gateway the name server of its guests? */
export function isNamed({ enable_dhcp, gateway_ip, dns_nameservers }: SubnetFact): boolean {
  return enable_dhcp && gateway_ip !== null && dns_nameservers.length === 0;
}

interface Zone {
  /** Its id. */
  readonly network: string;
  /** `names-` and the beginning of the network's id. */
  readonly name: string;
  /** Gateways that it answers on. */
  readonly on: readonly Ip[];
  readonly subnets: readonly SubnetFact[];
  readonly endpoints: readonly Endpoint[];
}

/** Of endpoints that are served. Where blocks overlap, a gateway that two networks have is that of the first alone. */
const zonesOf = perValueAnd(({ subnets: all }: View, endpoints: readonly Endpoint[]): Zone[] => {
  const taken = new Set<Ip>();
  return [...networksOf(endpoints)].toSorted().flatMap((network) => {
    const subnets = subnetsOf(all).filter(({ network_id }) => network_id === network);
    const on = subnets.filter(isNamed).flatMap(({ gateway_ip }) => (gateway_ip === null || taken.has(gateway_ip) ? [] : [gateway_ip]));
    for (const ip of on) taken.add(ip);
    const own = endpoints.filter(({ network_id }) => network_id === network);
    return on.length === 0 ? [] : [{ network, name: `names-${network.slice(0, 8)}`, on: [...new Set(on)], subnets, endpoints: own }];
  });
});

/** Of endpoints that are served. */
export function names(view: View, dc: DataCenter, endpoints: readonly Endpoint[]): Partial<Intent> {
  const anchors = anchorsOf(subnetsOf(view.subnets), endpoints, dc.mtu);
  const linksOf = ({ subnets }: Zone) => anchors.filter((anchor) => anchor.subnets.some((each) => subnets.includes(each)));
  const parts = zonesOf(view, endpoints).map((zone) => program(zone, dc, linksOf(zone)));
  return {
    files: caused(
      BY_DATACENTER,
      parts.flatMap(({ files }) => files),
    ),
    daemons: caused(
      BY_DATACENTER,
      parts.map(({ daemon }) => daemon),
    ),
  };
}

function program(
  zone: Zone,
  { resolvers = [] }: DataCenter,
  anchors: readonly Anchor[],
): { readonly files: readonly File[]; readonly daemon: Daemon } {
  const at = (what: string) => `dnsmasq/${zone.name}.${what}`;
  const [conf, hosts, servers]: readonly File[] = [
    { path: at("conf"), content: lines(confOf(zone)) },
    { path: at("hosts"), content: lines(hostsOf(zone)) },
    { path: at("servers"), content: lines(resolvers.map((ip) => `server=${ip}`)) },
  ] as const;
  const files = [conf, hosts, servers].filter((file) => file !== undefined);
  const daemon: Daemon = {
    name: zone.name,
    argv: dnsmasqArgv([
      `--conf-file={state}/${at("conf")}`,
      `--addn-hosts={state}/${at("hosts")}`,
      `--servers-file={state}/${at("servers")}`,
    ]),
    startedWith: digest(conf?.content ?? ""),
    loaded: digest([hosts, servers].map((file) => file?.content ?? "").join("\n")),
    reload: { signal: "SIGHUP" },
    after: [...anchors.map(({ name }) => `link/${name}` as const), ...files.map(({ path }) => `file/${path}` as const)],
  };
  return { files, daemon };
}

/**
 * `bind-interfaces`: otherwise dnsmasq wants to see, over TCP, an address on the interface that a query comes by, and taps have none. Who may ask
 * is the packet filter's to say. What is ours to know is asked of nobody else.
 */
function confOf({ on, subnets }: Zone): string[] {
  const domains = [...new Set(subnets.flatMap(({ dns_domain }) => domainOf(dns_domain)))].toSorted();
  return [
    "# Written by Margay; changes made here are lost.",
    "no-hosts",
    "no-resolv",
    "bind-interfaces",
    "domain-needed",
    "bogus-priv",
    "cache-size=1000",
    ...on.map((ip) => `listen-address=${ip}`),
    ...domains.map((domain) => `local=/${domain}/`),
  ];
}

/** The name with its domain first: it is what an address is said to be. */
function hostsOf({ subnets, endpoints }: Zone): string[] {
  const domains = new Map(subnets.map(({ id, dns_domain }) => [id, domainOf(dns_domain)]));
  return endpoints.flatMap((endpoint) =>
    hostnameOf(endpoint).flatMap((host) =>
      endpoint.addresses.map(({ ip, subnet_id }) =>
        [ip, ...(domains.get(subnet_id) ?? []).map((domain) => `${host}.${domain}`), host].join(" "),
      ),
    ),
  );
}

function lines(all: readonly string[]): string {
  return all.map((line) => `${line}\n`).join("");
}

/** What all endpoints share. */
export const NAME_SETS: readonly Wanted<Nft>[] = caused(BY_DATACENTER, [
  inet.set("name-callers4", "type ifname . ipv4_addr;"),
  inet.set("name-callers6", "type ifname . ipv6_addr;"),
]);

/** Addresses on which these endpoints have a name server: those of their own network. */
export function nameServers(view: View, endpoints: readonly Endpoint[]): (endpoint: Endpoint) => readonly Ip[] {
  const on = new Map(zonesOf(view, endpoints).map(({ network, on: gateways }) => [network, gateways]));
  return ({ network_id }) => on.get(network_id) ?? [];
}

/** An endpoint's own, by those: its tap gets there. */
export function nameCallers(endpoint: Endpoint, on: readonly Ip[]): Wanted<Nft>[] {
  return caused(
    [ports(endpoint)],
    on.map((ip) => inet.element(`name-callers${familyOf(ip)}`, [quoted(endpoint.tap), ip])),
  );
}

const ASKS = "meta l4proto { tcp, udp } th dport 53";

/** For the chain that decides what VMs may ask of their host. */
export const NAME_RULES: readonly string[] = [
  `iifname . ip daddr @name-callers4 ${ASKS} accept`,
  `iifname . ip6 daddr @name-callers6 ${ASKS} accept`,
];

/** For what comes from elsewhere: nobody but VMs and the host itself asks on gateways' addresses. */
export function namesClosed(gateways: readonly Ip[]): string[] {
  const of = (family: Family) => [...new Set(gateways.filter((ip) => familyOf(ip) === family))];
  const closed = (word: string, ips: readonly Ip[]) =>
    ips.length === 0 ? [] : [`iifname != "lo" ${word} daddr ${anyOf(ips)} ${ASKS} counter drop`];
  return [...closed("ip", of(4)), ...closed("ip6", of(6))];
}

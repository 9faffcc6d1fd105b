/**
 * DHCP and router advertisements: one dnsmasq per host, which answers on every tap as if on an anchor, a link of ours
 * that carries the gateways' addresses (the same on every host, so a VM that moves keeps its server and its router).
 *
 * What dnsmasq 2.90 taught: a host line must not set a tag, or a reload (SIGHUP) after a lease ends the program; so tags of
 * single ports come from the configuration. Leases live in its memory, and no reload makes it forget one: as long as it
 * remembers an address with one MAC (in IPv6, with one DUID, which a VM that is built anew on its tap does not have) it refuses it to another.
 * So another dnsmasq follows when an address that it may remember is given to another, or its tap goes; a host that comes or goes is a
 * reload. Two of them share their sockets and the server's identity, so the one serves until the other does.
 */
import type { DataCenter } from "../datacenter/data-center.ts";
import type { Endpoint, SubnetFact, View } from "../feed/item.ts";
import type { Daemon } from "../kinds/daemon.ts";
import { digest } from "../kinds/digest.ts";
import type { File } from "../kinds/file.ts";
import type { Wanted } from "../kinds/kind.ts";
import type { Link } from "../kinds/link.ts";
import type { Sysctl } from "../kinds/sysctl.ts";
import { METADATA4 } from "../metadata/place.ts";
import { familyOf } from "../net/address.ts";
import { firstOf, lengthOf } from "../net/prefix.ts";
import type { InterfaceAddress } from "../net/prefix.ts";
import { BY_DATACENTER, caused } from "./caused.ts";
import { anchorsOf, knownNetworks, mtuOf, subnetsOf } from "./dhcp-anchors.ts";
import type { Anchor } from "./dhcp-anchors.ts";
import { confOf, LINK_MTU } from "./dhcp-conf.ts";
import { hostsOf } from "./dhcp-hosts.ts";
import type { DhcpHost } from "./dhcp-hosts.ts";
import { dnsmasqArgv } from "./dnsmasq.ts";
import { optionsOf } from "./dhcp-options.ts";
import type { Intent } from "./intent.ts";
import { ports } from "./nft-parts.ts";

const CONF = "dnsmasq/dnsmasq.conf";
const OPTIONS = "dnsmasq/options";
const HOSTS = "dnsmasq/hosts";

/** `endpoints` in order of their ids, without those that are down. */
export function dhcp(view: View, dc: DataCenter, endpoints: readonly Endpoint[]): Partial<Intent> {
  const subnets = subnetsOf(view.subnets);
  const anchors = anchorsOf(subnets, endpoints, dc.mtu);
  const own = {
    links: caused(BY_DATACENTER, anchors.map(linkOf)),
    sysctls: caused(BY_DATACENTER, anchors.flatMap(settings)),
  };
  const known = knownNetworks(subnets, endpoints);
  const served = subnets.filter(({ enable_dhcp, network_id }) => enable_dhcp && known.has(network_id));
  if (served.length === 0) return own;
  const hosts = hostsOf(view, endpoints);
  const files = filesOf({ anchors, served, endpoints, hosts });
  return { ...own, files, daemons: caused([...BY_DATACENTER, ...endpoints.map(ports)], [dnsmasq(files, anchors, hosts)]) };
}

/** Where blocks overlap, several may have one gateway. */
function linkOf({ name, subnets }: Anchor): Link {
  const byText = new Map(subnets.flatMap(addressOn).map((address) => [`${address.ip}/${address.length}`, address]));
  const sorted = [...byText].toSorted(([left], [right]) => (left < right ? -1 : 1));
  return { name, own: { addresses: sorted.map(([, address]) => address) } };
}

/**
 * dnsmasq recognises a subnet by the address that the anchor has in it: the gateway's, or one that no guest can have. In IPv6 that is the
 * routers' anycast address (RFC 4291, 2.6.1). IPv4 has none: what the guest's kernel would not take for a neighbour's it takes for a broadcast
 * address, and would not renew a lease there. So dnsmasq is told of another, which the anchor has lest it have none (dhcp-conf.ts).
 */
function addressOn({ gateway_ip: gateway, cidr, enable_dhcp }: SubnetFact): InterfaceAddress[] {
  if (gateway !== null) return [{ ip: gateway, length: lengthOf(cidr) }];
  if (!enable_dhcp) return [];
  return [familyOf(cidr) === 4 ? { ip: METADATA4, length: 32 } : { ip: firstOf(cidr), length: lengthOf(cidr) }];
}

/** Read by dnsmasq whenever it advertises. */
function settings(anchor: Anchor): Sysctl[] {
  if (anchor.subnets.every(({ cidr }) => familyOf(cidr) === 4)) return [];
  return [{ path: `net/ipv6/conf/${anchor.name}/mtu`, value: String(Math.min(LINK_MTU, mtuOf(anchor))) }];
}

interface Parts {
  readonly anchors: readonly Anchor[];
  readonly served: readonly SubnetFact[];
  readonly endpoints: readonly Endpoint[];
  readonly hosts: readonly DhcpHost[];
}

/** Hosts are one file: a file of its own for each would be taken away only after dnsmasq has read it again. */
function filesOf({ anchors, served, endpoints, hosts }: Parts): Wanted<File>[] {
  const content = hosts.flatMap(({ lines }) => lines.map((line) => `${line}\n`)).join("");
  return [
    ...caused<File>(BY_DATACENTER, [{ path: CONF, content: confOf({ anchors, served, endpoints }) }]),
    ...caused<File>(
      [...BY_DATACENTER, ...endpoints.map(ports)],
      [
        { path: OPTIONS, content: optionsOf(served, endpoints) },
        { path: HOSTS, content },
      ],
    ),
  ];
}

function dnsmasq(files: readonly Wanted<File>[], anchors: readonly Anchor[], hosts: readonly DhcpHost[]): Daemon {
  const digestOf = (which: (path: string) => boolean) =>
    digest(files.flatMap(({ value }) => (which(value.path) ? [`${value.path}\n${value.content}`] : [])).join("\n"));
  return {
    name: "dnsmasq",
    argv: dnsmasqArgv([`--conf-file={state}/${CONF}`, `--dhcp-hostsfile={state}/${HOSTS}`, `--dhcp-optsfile={state}/${OPTIONS}`]),
    startedWith: digestOf((path) => path === CONF),
    loaded: digestOf((path) => path !== CONF),
    remembers: Object.fromEntries(hosts.flatMap(({ remembered }) => remembered)),
    forgetsWith: hosts.filter(({ ips }) => ips.some((ip) => familyOf(ip) === 6)).map(({ endpoint }) => endpoint.tap),
    succeeds: "beside",
    reload: { signal: "SIGHUP" },
    after: [...anchors.map(({ name }) => `link/${name}` as const), `file/${CONF}`, `file/${OPTIONS}`, `file/${HOSTS}`],
  };
}

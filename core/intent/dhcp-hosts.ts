/**
 * Who gets which address, in the syntax of dnsmasq's `dhcp-host`. Over IPv4 a guest is known by the MAC that it tells, over which the
 * packet filter watches. Over IPv6 dnsmasq asks the kernel for it, which believes what the guest's advertisement says; so there the tap,
 * which dnsmasq has as a tag, must be the port's own as well.
 */
import type { Endpoint, View } from "../feed/item.ts";
import { familyOf } from "../net/address.ts";
import type { Ip } from "../net/address.ts";
import { isSelfMade } from "./dhcp-anchors.ts";
import { hostnameOf } from "./dhcp-words.ts";
import { perValueAnd } from "./memo.ts";

export interface DhcpHost {
  readonly endpoint: Endpoint;
  /** One for each family. */
  readonly lines: readonly string[];
  readonly ips: readonly Ip[];
  /** What dnsmasq may remember of it: each address, and who has it. */
  readonly remembered: readonly (readonly [Ip, string])[];
}

/** Ports with nothing to be given have no line, and get no answer. */
export function hostsOf(view: View, endpoints: readonly Endpoint[]): DhcpHost[] {
  return endpoints.flatMap((endpoint) => hostOf(endpoint, view.subnets));
}

const hostOf = perValueAnd((endpoint: Endpoint, subnets: View["subnets"]): DhcpHost[] => {
  const ips = givenTo(subnets, endpoint);
  if (ips.length === 0) return [];
  const [four, six] = [4, 6].map((family) => ips.filter((ip) => familyOf(ip) === family)) as [Ip[], Ip[]];
  const who = `${endpoint.mac} on ${endpoint.tap}`;
  const line = (...words: readonly string[]) => [endpoint.mac, ...words, ...hostnameOf(endpoint)].join(",");
  const lines = [
    ...(four.length === 0 ? [] : [line(...four)]),
    ...(six.length === 0 ? [] : [line(`tag:${endpoint.tap}`, ...six.map((ip) => `[${ip}]`))]),
  ];
  return [{ endpoint, ips, lines, remembered: ips.map((ip) => [ip, who] as const) }];
});

/** DHCPv4 gives one address, so of several the first; DHCPv6 as many as there are, one for each subnet that the guest asks in. */
function givenTo(subnets: View["subnets"], { addresses }: Endpoint): Ip[] {
  const dynamic = addresses.filter(({ subnet_id }) => {
    const subnet = subnets.get(subnet_id);
    return subnet !== undefined && subnet.enable_dhcp && !isSelfMade(subnet);
  });
  const ips = dynamic.map(({ ip }) => ip);
  return [...ips.filter((ip) => familyOf(ip) === 4).slice(0, 1), ...ips.filter((ip) => familyOf(ip) === 6)];
}

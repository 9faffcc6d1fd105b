/** Who gets which address: one line for each port, in the syntax of dnsmasq's `dhcp-host`. */
import type { Endpoint, View } from "../feed/item.ts";
import { familyOf } from "../net/address.ts";
import type { Ip } from "../net/address.ts";
import { isSelfMade } from "./dhcp-anchors.ts";
import { hostnameOf } from "./dhcp-words.ts";
import { perValueAnd } from "./memo.ts";

export interface DhcpHost {
  readonly endpoint: Endpoint;
  readonly line: string;
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
  const addresses = ips.map((ip) => (familyOf(ip) === 4 ? ip : `[${ip}]`));
  const who = `${endpoint.mac} on ${endpoint.tap}`;
  const line = [endpoint.mac, ...addresses, ...hostnameOf(endpoint)].join(",");
  return [{ endpoint, ips, line, remembered: ips.map((ip) => [ip, who] as const) }];
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

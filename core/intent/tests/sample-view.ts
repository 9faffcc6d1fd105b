/** Views for tests: the guide's data centre with its four subnets, and a few ports. */
import type { DataCenter } from "../../datacenter/data-center.ts";
import type { Endpoint, Group, GroupRule, SubnetFact, View } from "../../feed/item.ts";
import { readIp } from "../../net/address.ts";
import type { Ip } from "../../net/address.ts";
import { readMac } from "../../net/mac.ts";
import type { Mac } from "../../net/mac.ts";
import { contains, readCidr } from "../../net/prefix.ts";
import type { Cidr } from "../../net/prefix.ts";
import { dataCenterOf } from "../bgp-variants.ts";

export function ip(text: string): Ip {
  return readIp(text) ?? wrong(text);
}

export function cidr(text: string): Cidr {
  return readCidr(text) ?? wrong(text);
}

export function mac(text: string): Mac {
  return readMac(text) ?? wrong(text);
}

function wrong(text: string): never {
  throw new Error(`a test says ${text}`);
}

export const GUIDE: DataCenter = dataCenterOf("guide");

/** A UUID that begins with this name, so that ids read well: `a0000000-…`. */
export function uuid(name: string): string {
  return `${[...name]
    .map((letter) => letter.charCodeAt(0).toString(16))
    .join("")
    .padEnd(8, "0")
    .slice(0, 8)}-0000-4000-8000-000000000000`;
}

export const EXTERNAL = uuid("ext");
export const INTERNAL = uuid("int");

export const SUBNETS: readonly SubnetFact[] = [
  subnet("ext4", EXTERNAL, "172.18.208.0/24"),
  subnet("ext6", EXTERNAL, "2001:db8:a41:2::/64"),
  subnet("int4", INTERNAL, "10.65.0.0/16"),
  subnet("int6", INTERNAL, "2001:db8:a41:3::/64"),
];

export function subnet(name: string, network_id: string, range: string, more: Partial<SubnetFact> = {}): SubnetFact {
  const first = range.includes(":") ? `${range.split("::/")[0]}::1` : range.replace(/0\/\d+$/, "1");
  const mode = range.includes(":") ? "dhcpv6-stateful" : null;
  return {
    id: uuid(name),
    network_id,
    cidr: cidr(range),
    gateway_ip: ip(first),
    enable_dhcp: true,
    dns_nameservers: [ip("203.0.113.53"), ip("2001:db8:feed::53")],
    host_routes: [],
    ipv6_mode: mode,
    mtu: 1500,
    dns_domain: "cloud.example.",
    ...more,
  };
}

/** Ports are told apart by `at`, 1 to 255: their tap, MAC and id come from it. */
export function port(at: number, addresses: readonly string[], more: Partial<Endpoint> = {}): Endpoint {
  const id = `${at.toString(16).padStart(8, "0")}-aaaa-4000-8000-000000000000`;
  const subnetOf = (address: string) => SUBNETS.find((each) => address !== "" && contains(each.cidr, ip(address)));
  return {
    port_id: id,
    host: "h1",
    moves: 0,
    claims: [],
    network_id: subnetOf(addresses[0] ?? "")?.network_id ?? INTERNAL,
    tap: `tap${id.slice(0, 11)}`,
    mac: mac(`fa:16:3e:00:00:${at.toString(16).padStart(2, "0")}`),
    addresses: addresses.map((address) => ({ ip: ip(address), subnet_id: subnetOf(address)?.id ?? "" })),
    pairs: [],
    groups: [uuid("open")],
    port_security: true,
    admin_state_up: true,
    instance: { id: uuid(`i${at}`), project: "project-1" },
    hostname: `vm-${at}`,
    dhcp_options: [],
    limits: [],
    floating: [],
    ...more,
  };
}

export function rule(direction: GroupRule["direction"], family: GroupRule["family"], more: Partial<GroupRule> = {}): GroupRule {
  return { direction, family, protocol: null, port_range_min: null, port_range_max: null, remote: null, ...more };
}

export function group(name: string, rules: readonly GroupRule[]): Group {
  return { id: uuid(name), stateful: true, rules };
}

export const OPEN = group("open", [rule("egress", 4), rule("egress", 6), rule("ingress", 4), rule("ingress", 6)]);

export function viewOf(endpoints: readonly Endpoint[], more: Partial<View> & { readonly with?: readonly Group[] } = {}): View {
  const { with: groups = [OPEN], ...rest } = more;
  return {
    datacenter: GUIDE,
    endpoints: new Map(endpoints.map((each) => [each.port_id, each])),
    subnets: new Map(SUBNETS.map((each) => [each.id, each])),
    groups: new Map(groups.map((each) => [each.id, each])),
    members: new Map(),
    prefixes: new Map(),
    assignments: new Map(),
    ...rest,
  };
}

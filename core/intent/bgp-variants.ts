/** Data centres of every shape that BGP and the gateway must serve, for their tests: the guide's, and what may be left out or doubled. */
import type { DataCenter } from "../datacenter/data-center.ts";
import { readDataCenter } from "../datacenter/read.ts";

const RANGES = { public: "172.18.208.0/24", private: "10.65.0.0/16", ipv6: "2001:db8:a41:2::/63" };
const RETIRING = { public: "172.18.200.0/24", private: "10.64.0.0/16", ipv6: "2001:db8:a41:8::/63" };
const FABRIC4 = "192.168.100.0/24";
const FABRIC6 = "2001:db8:a41:f::/64";
const FABRIC = { asn: 64512, interface: "fab0", ipv4: FABRIC4, ipv6: FABRIC6 };

const machine = (name: string, last: number) => ({ name, ipv4: `192.168.100.${last}`, ipv6: `2001:db8:a41:f::${last}` });
const upstream = (last: number) => ({
  asn: 64496,
  interface: "wan0",
  ipv4: { address: `198.51.100.${last}/27`, peer: "198.51.100.1" },
  ipv6: { address: `2001:db8:ffff::${last}/64`, peer: "2001:db8:ffff::1" },
});

const GW1 = { ...machine("gw1", 1), upstream: upstream(2), pnat: "198.51.100.8-198.51.100.11" };
const GW2 = { ...machine("gw2", 2), upstream: upstream(3), pnat: "198.51.100.16-198.51.100.18" };

/** Where the lab's BIRDs find it. */
export const PASSWORD = "/run/margay-lab/password";

const GUIDE = {
  name: "guide",
  ranges: RANGES,
  fabric: FABRIC,
  reflectors: [machine("rr1", 5)],
  hosts: [machine("h1", 11), machine("h2", 12)],
  gateways: [GW1],
};

const { pnat: _, ...UNTRANSLATED } = GW1;
const { ipv6: _6, ...UPSTREAM4 } = upstream(2);
const { ipv4: _4, ...UPSTREAM6 } = upstream(2);

const withoutIpv4 = ({ ipv4: _ipv4, ...rest }: ReturnType<typeof machine>) => rest;
const withoutIpv6 = ({ ipv6: _ipv6, ...rest }: ReturnType<typeof machine>) => rest;

const DOCUMENTS = {
  guide: GUIDE,
  "two of everything": { ...GUIDE, reflectors: [machine("rr1", 5), machine("rr2", 6)], gateways: [GW1, GW2] },
  "direct peering": { ...GUIDE, reflectors: [] },
  "direct peering, two gateways": { ...GUIDE, reflectors: [], gateways: [GW1, GW2] },
  "BFD with the provider": { ...GUIDE, gateways: [{ ...GW1, upstream: { ...GW1.upstream, bfd: "on" } }] },
  "full cone, some not translated, logged": {
    ...GUIDE,
    pnat: { untranslated: ["172.20.0.0/16"], filtering: "full cone", log: "connections" },
  },
  "ports of each VM": { ...GUIDE, ranges: { ...RANGES, private: "10.65.0.0/26" }, pnat: { ports_per_vm: 2048 } },
  "all ranges are replaced": { ...GUIDE, ranges: { ...RANGES, retiring: RETIRING } },
  "the private range leaves, ports of each VM": {
    ...GUIDE,
    ranges: { public: RANGES.public, retiring: { private: "10.64.0.0/26" } },
    pnat: { ports_per_vm: 2048 },
  },
  "a private range is replaced, ports of each VM": {
    ...GUIDE,
    ranges: { private: "10.65.0.0/27", retiring: { private: "10.64.0.0/27" } },
    pnat: { ports_per_vm: 2048 },
  },
  "guarded sessions": {
    ...GUIDE,
    fabric: { ...FABRIC, password_file: PASSWORD },
    gateways: [{ ...GW1, upstream: { ...GW1.upstream, ttl_security: "on", password_file: PASSWORD } }],
  },
  "no BFD": { ...GUIDE, fabric: { ...FABRIC, bfd: "off" } },
  "only public": { ...GUIDE, ranges: { public: RANGES.public }, gateways: [UNTRANSLATED] },
  "only private": { ...GUIDE, ranges: { private: RANGES.private } },
  "only ipv6": { ...GUIDE, ranges: { ipv6: RANGES.ipv6 }, gateways: [UNTRANSLATED] },
  "no private": { ...GUIDE, ranges: { public: RANGES.public, ipv6: RANGES.ipv6 }, gateways: [UNTRANSLATED] },
  "pool inside the public range": {
    ...GUIDE,
    gateways: [
      { ...GW1, pnat: "172.18.208.240-172.18.208.243" },
      { ...GW2, pnat: "172.18.208.245-172.18.208.247" },
    ],
  },
  "pool inside the public range, direct peering": {
    ...GUIDE,
    reflectors: [],
    gateways: [
      { ...GW1, pnat: "172.18.208.240-172.18.208.243" },
      { ...GW2, pnat: "172.18.208.245-172.18.208.247" },
    ],
  },
  "pool is the uplink's own address": { ...GUIDE, gateways: [{ ...GW1, pnat: "198.51.100.2-198.51.100.2" }] },
  "internal half unadvertised": { ...GUIDE, networks: { internal: { ipv6: "unadvertised" } } },
  "IPv6 fabric alone": {
    ...GUIDE,
    ranges: { ipv6: RANGES.ipv6 },
    fabric: { asn: FABRIC.asn, interface: FABRIC.interface, ipv6: FABRIC6 },
    reflectors: [withoutIpv4(machine("rr1", 5))],
    hosts: [withoutIpv4(machine("h1", 11)), withoutIpv4(machine("h2", 12))],
    gateways: [{ ...withoutIpv4(machine("gw1", 1)), upstream: UPSTREAM6 }],
  },
  "IPv4 alone": {
    ...GUIDE,
    ranges: { public: RANGES.public, private: RANGES.private },
    fabric: { asn: FABRIC.asn, interface: FABRIC.interface, ipv4: FABRIC4 },
    reflectors: [withoutIpv6(machine("rr1", 5))],
    hosts: [withoutIpv6(machine("h1", 11)), withoutIpv6(machine("h2", 12))],
    gateways: [{ ...withoutIpv6(machine("gw1", 1)), upstream: UPSTREAM4, pnat: GW1.pnat }],
  },
  "longest names": {
    ...GUIDE,
    hosts: [
      machine(`h${"-a".repeat(31)}`, 11),
      machine(`h${"-b".repeat(31)}`, 12),
      machine("direct", 13),
      machine("rack-1.example.org", 14),
    ],
  },
};

export type Variant = keyof typeof DOCUMENTS;

export const VARIANTS = Object.keys(DOCUMENTS) as readonly Variant[];

export function dataCenterOf(variant: Variant): DataCenter {
  const reading = readDataCenter(DOCUMENTS[variant]);
  if (!reading.ok) throw new Error(`${variant}: ${JSON.stringify(reading.findings)}`);
  return reading.value;
}

/** The same with its first gateway drained. */
export function drainedIn(variant: Variant): DataCenter {
  const dc = dataCenterOf(variant);
  return { ...dc, gateways: dc.gateways.map((gateway, at) => (at === 0 ? { ...gateway, drained: true } : gateway)) };
}

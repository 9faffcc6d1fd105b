/** Data centres of every topology, for tests of who tells whom what: racks, hosts with two uplinks, meshes. */
import type { DataCenter, Machine } from "../datacenter/data-center.ts";
import { torsOf } from "../datacenter/racks.ts";
import { readDataCenter } from "../datacenter/read.ts";

const core = (name: string, last: number) => ({ name, ipv4: `192.168.100.${last}`, ipv6: `2001:db8:a41:f::${last}` });
const own = (last: number) => ({ ipv4: `192.168.200.${last}`, ipv6: `2001:db8:a41:e::${last}` });
const inRack = (rack: number, last: number) => ({ ipv4: `192.168.10${rack}.${last}`, ipv6: `2001:db8:a41:10${rack}::${last}` });
const gateway = (name: string, last: number) => ({
  ...core(name, last),
  upstream: {
    asn: 64496,
    interface: "wan0",
    ipv4: { address: `198.51.100.${last + 1}/27`, peer: "198.51.100.1" },
    ipv6: { address: `2001:db8:ffff::${last + 1}/64`, peer: "2001:db8:ffff::1" },
  },
  pnat: `172.18.208.${240 + 4 * last}-172.18.208.${241 + 4 * last}`,
});

const numbered = (number: number) => ({
  name: `r${number}`,
  ipv4: `192.168.10${number}.0/24`,
  ipv6: `2001:db8:a41:10${number}::/64`,
  tor: { ...core(`tor${number}`, 100 + number), interface: "rack0" },
});
const unnumbered = (number: number) => ({ name: `r${number}`, peering: "unnumbered", tor: core(`tor${number}`, 100 + number) });
const [AS1, AS2] = [{ asn: 4200000001 }, { asn: 4200000002 }];

const LOOPBACKS = { loopbacks4: "192.168.200.0/24", loopbacks6: "2001:db8:a41:e::/64" };
const BASE = {
  name: "racks",
  ranges: { public: "172.18.208.0/24", private: "10.65.0.0/16", ipv6: "2001:db8:a41:2::/63" },
  fabric: { asn: 64512, interface: "fab0", ipv4: "192.168.100.0/24", ipv6: "2001:db8:a41:f::/64" },
  reflectors: [core("rr1", 5), core("rr2", 6)],
  gateways: [gateway("gw1", 1), gateway("gw2", 2)],
};
const HOSTS = [
  { name: "h1", rack: "r1", ...inRack(1, 11) },
  { name: "h2", rack: "r1", ...inRack(1, 12) },
  { name: "h3", rack: "r2", ...inRack(2, 11) },
];
const PORTS = [
  { name: "h1", rack: "r1", port: "swp1", ...own(11) },
  { name: "h2", rack: "r1", port: "swp2", ...own(12) },
  { name: "h3", rack: "r2", port: "swp1", ...own(13) },
];
const DUAL = [
  {
    name: "h1",
    ...own(11),
    uplinks: [
      { rack: "r1", interface: "fab0", ...inRack(1, 11) },
      { rack: "r2", interface: "fab1", ...inRack(2, 11) },
    ],
  },
  { name: "h2", rack: "r2", ...inRack(2, 12) },
];
const BARE_DUAL = [
  {
    name: "h1",
    ...own(11),
    uplinks: [
      { rack: "r1", interface: "fab0", port: "swp1" },
      { rack: "r2", interface: "fab1", port: "swp1" },
    ],
  },
];
const RACKS = [numbered(1), numbered(2)];
const ASNS = [
  { ...numbered(1), ...AS1 },
  { ...numbered(2), ...AS2 },
];
const BARE = [unnumbered(1), unnumbered(2)];
const BARE_ASNS = [
  { ...unnumbered(1), ...AS1 },
  { ...unnumbered(2), ...AS2 },
];
const DIRECT = { ...BASE, reflectors: [] };
const MESH = { ...DIRECT, fabric: { ...BASE.fabric, peering: "mesh" } };
const WITH_LOOPBACKS = { ...BASE, fabric: { ...BASE.fabric, ...LOOPBACKS } };
const SECOND = { interface: "fab1", ipv4: "192.168.99.0/24", ipv6: "2001:db8:a41:99::/64" };
const FLAT = [core("h1", 11), core("h2", 12)];

const DOCUMENTS = {
  racks: { ...BASE, racks: RACKS, hosts: HOSTS },
  "racks with an AS each": { ...BASE, racks: ASNS, hosts: HOSTS },
  "one rack with an AS, one without, and a host in none": {
    ...BASE,
    racks: [{ ...numbered(1), ...AS1 }, numbered(2)],
    hosts: [...HOSTS, core("h4", 14)],
  },
  "unnumbered racks": { ...WITH_LOOPBACKS, racks: BARE, hosts: PORTS },
  "unnumbered racks with an AS each": { ...WITH_LOOPBACKS, racks: BARE_ASNS, hosts: PORTS },
  "two uplinks": { ...WITH_LOOPBACKS, racks: RACKS, hosts: DUAL },
  "two uplinks, racks with an AS each": { ...WITH_LOOPBACKS, racks: ASNS, hosts: DUAL },
  "two uplinks, unnumbered": { ...WITH_LOOPBACKS, racks: BARE_ASNS, hosts: BARE_DUAL },
  "racks without reflectors": { ...DIRECT, racks: RACKS, hosts: HOSTS },
  "racks with an AS each, without reflectors": { ...DIRECT, racks: ASNS, hosts: [...HOSTS, core("h4", 14)] },
  mesh: { ...MESH, hosts: FLAT },
  "two segments": { ...BASE, fabric: { ...BASE.fabric, second: SECOND }, hosts: FLAT },
  "two segments without reflectors": { ...DIRECT, fabric: { ...BASE.fabric, second: SECOND }, hosts: FLAT },
  "mesh with racks": { ...MESH, racks: RACKS, hosts: [...HOSTS, core("h4", 14)] },
  "mesh with racks, one with an AS": { ...MESH, racks: [{ ...numbered(1), ...AS1 }, numbered(2)], hosts: [...HOSTS, core("h4", 14)] },
};

export type Topology = keyof typeof DOCUMENTS;

export const TOPOLOGIES = Object.keys(DOCUMENTS) as readonly Topology[];

export function racked(topology: Topology): DataCenter {
  const reading = readDataCenter(DOCUMENTS[topology]);
  if (!reading.ok) throw new Error(`${topology}: ${JSON.stringify(reading.findings)}`);
  return reading.value;
}

/** On the way from one peering to another, when sessions of both stand; of each two it is the same whichever is the former. */
export const CROSSINGS: readonly (readonly [string, DataCenter])[] = (
  [
    ["direct", "reflectors"],
    ["mesh", "reflectors"],
    ["mesh", "direct"],
  ] as const
).flatMap(([peering, beside]) =>
  (["one rack with an AS, one without, and a host in none", "racks"] as const).map((topology) => {
    const dc = racked(topology);
    const reflectors = beside === "reflectors" ? dc.reflectors : [];
    return [`${topology}, ${peering} beside ${beside}`, { ...dc, reflectors, fabric: { ...dc.fabric, peering, beside } }] as const;
  }),
);

/** Everybody who speaks BGP here. */
export function speakersOf(dc: DataCenter): readonly Machine[] {
  return [...dc.hosts, ...dc.reflectors, ...torsOf(dc), ...dc.gateways];
}

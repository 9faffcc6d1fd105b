/** Fifty hosts, two reflectors, two gateways; each host has two hundred addresses of VMs. BIRD and kernels alone: what is measured is the fabric. */
import type { DataCenter } from "#core/datacenter/data-center.ts";
import { readDataCenter } from "#core/datacenter/read.ts";
import { MARGAY_PROTOCOL } from "#core/kinds/route.ts";
import type { Ip } from "#core/net/address.ts";
import { addressAt } from "#core/net/prefix.ts";
import { ownLab } from "#lab/own-lab.real.ts";
import { machineNetns } from "#lab/place.ts";
import { must } from "#lab/program.ts";
import { raiseEdge } from "#lab/provider-edge.ts";
import type { Edge } from "#lab/provider-edge.ts";

export const [HOSTS, EACH]: readonly [number, number] = [50, 200];
/** Addresses that each host may announce besides, later on. */
const SPARE = 10;
export const TAP = "tapwide";

const machine = (name: string, last: number) => ({ name, ipv4: `192.168.100.${last}`, ipv6: `2001:db8:a41:f::${last}` });
const gateway = (name: string, last: number) => ({
  ...machine(name, last),
  upstream: {
    asn: 64496,
    interface: "wan0",
    ipv4: { address: `198.51.100.${last + 1}/27`, peer: "198.51.100.1" },
    ipv6: { address: `2001:db8:ffff::${last + 1}/64`, peer: "2001:db8:ffff::1" },
  },
  pnat: `198.51.100.${8 * last}-198.51.100.${8 * last + 3}`,
});

export function wideCenter(hosts: number = HOSTS): DataCenter {
  const reading = readDataCenter({
    name: "wide",
    ranges: { public: "172.18.208.0/20", private: "10.65.0.0/16", ipv6: "2001:db8:a41:2::/63" },
    fabric: { asn: 64512, interface: "fab0", ipv4: "192.168.100.0/24", ipv6: "2001:db8:a41:f::/64" },
    reflectors: [machine("rr1", 5), machine("rr2", 6)],
    hosts: Array.from({ length: hosts }, (_, at) => machine(`h${at + 1}`, at + 11)),
    gateways: [gateway("gw1", 1), gateway("gw2", 2)],
  });
  if (!reading.ok) throw new Error(JSON.stringify(reading.findings));
  return reading.value;
}

/** The addresses that a host may announce: of its own hundreds, those from `from` on. */
export function addressesOf(dc: DataCenter, host: number, from = 0, count = EACH): readonly Ip[] {
  const first = host * (EACH + SPARE) + from + 2;
  return Array.from({ length: count }, (_, at) => addressAt(dc.ranges.private ?? dc.lab.outside4, BigInt(first + at)));
}

export function spareOf(dc: DataCenter, host: number, turn: number): Ip {
  return addressesOf(dc, host, EACH + (turn % SPARE), 1)[0] as Ip;
}

/** Everything but the BIRDs: kernels hold the routes that they are to tell. */
export async function raiseWide(): Promise<Edge> {
  const lab = await ownLab("bench-fabric");
  const dc = wideCenter();
  const assigned = dc.hosts.map(({ name }, at) => ({ host: name, addresses: addressesOf(dc, at, 0, EACH + SPARE) }));
  const edge: Edge = { lab, dc, vms: [], assigned };
  await raiseEdge(edge);
  for (const [at, { name }] of dc.hosts.entries()) await holdRoutes(edge, name, addressesOf(dc, at));
  return edge;
}

async function holdRoutes({ lab }: Edge, host: string, addresses: readonly Ip[]): Promise<void> {
  const lines = [
    `link add ${TAP} type veth peer name far`,
    "link set far up",
    `link set ${TAP} up`,
    ...addresses.map((ip) => `route add ${ip}/32 dev ${TAP} proto ${MARGAY_PROTOCOL} metric 1024`),
  ];
  await must(["ip", "-n", machineNetns(lab, host), "-batch", "-"], { input: `${lines.join("\n")}\n` });
}

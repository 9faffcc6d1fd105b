/**
 * Every BGP session of the data centre. On the fabric there is one per pair: hosts and gateways are clients of each
 * reflector; without reflectors, hosts are clients of each gateway. Those who reflect are one another's peers (RFC 4456,
 * section 6). It runs over IPv4 where the fabric has it, and carries every family. Towards its provider a gateway has one per family.
 */
import type { Family, Ip } from "../net/address.ts";
import type { DataCenter, Gateway, Machine } from "./data-center.ts";

export interface Speaker {
  readonly name: string;
  readonly ip: Ip;
  readonly asn: number;
}

export interface Session {
  readonly protocol: "iBGP" | "eBGP";
  /** What `near` is to `far`. */
  readonly kind: "reflector client" | "reflector peer" | "gateway client" | "gateway peer" | "customer";
  readonly near: Speaker;
  readonly far: Speaker;
  readonly carries: readonly Family[];
}

/** The families that routes are told of: those that have both a range and a fabric to travel on. */
export function carriedFamilies({ ranges, fabric }: DataCenter): readonly Family[] {
  const v4 = (ranges.public ?? ranges.private) !== undefined && fabric.ipv4 !== undefined;
  const v6 = ranges.ipv6 !== undefined && fabric.ipv6 !== undefined;
  return [...(v4 ? [4 as const] : []), ...(v6 ? [6 as const] : [])];
}

export function sessionsOf(datacenter: DataCenter): readonly Session[] {
  const { fabric, gateways } = datacenter;
  const pairs = fabric.peering === "direct" ? directPairs(datacenter) : reflectorPairs(datacenter);
  return [...pairs.map((pair) => inside(datacenter, pair)), ...gateways.flatMap((gateway) => outside(datacenter, gateway))];
}

function reflectorPairs({ reflectors, hosts, gateways }: DataCenter): readonly Pair[] {
  return reflectors.flatMap((far, index) => [
    ...[...hosts, ...gateways].map((near) => ({ kind: "reflector client", near, far }) as const),
    ...reflectors.slice(0, index).map((near) => ({ kind: "reflector peer", near, far }) as const),
  ]);
}

function directPairs({ hosts, gateways }: DataCenter): readonly Pair[] {
  return gateways.flatMap((far, index) => [
    ...hosts.map((near) => ({ kind: "gateway client", near, far }) as const),
    ...gateways.slice(0, index).map((near) => ({ kind: "gateway peer", near, far }) as const),
  ]);
}

interface Pair {
  readonly kind: Session["kind"];
  readonly near: Machine;
  readonly far: Machine;
}

function inside(datacenter: DataCenter, { kind, near, far }: Pair): Session {
  const { asn, ipv4 } = datacenter.fabric;
  const speaker = (machine: Machine): Speaker => {
    const ip = ipv4 === undefined ? machine.ipv6 : machine.ipv4;
    if (ip === undefined) throw new Error(`${machine.name} has no address on the fabric`);
    return { name: machine.name, ip, asn };
  };
  return { protocol: "iBGP", kind, near: speaker(near), far: speaker(far), carries: carriedFamilies(datacenter) };
}

function outside(datacenter: DataCenter, { name, upstream }: Gateway): readonly Session[] {
  return carriedFamilies(datacenter).flatMap((family) => {
    const link = family === 4 ? upstream.ipv4 : upstream.ipv6;
    if (link === undefined) return [];
    const near = { name, ip: link.local.ip, asn: datacenter.fabric.asn };
    const far = { name: `provider of ${name}`, ip: link.peer, asn: upstream.asn };
    return [{ protocol: "eBGP", kind: "customer", near, far, carries: [family] }];
  });
}

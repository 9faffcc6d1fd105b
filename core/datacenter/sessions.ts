/**
 * Every BGP session of the data centre. On the fabric there is one per pair: hosts and gateways are clients of each
 * reflector or, without reflectors, hosts are clients of each gateway. It runs over IPv4 where the fabric has it, and
 * carries every family. Towards its provider a gateway has one session per family.
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
  readonly kind: "reflector client" | "gateway client" | "customer";
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
  const { fabric, hosts, reflectors, gateways } = datacenter;
  const clients =
    fabric.peering === "direct"
      ? gateways.flatMap((far) => hosts.map((near) => inside(datacenter, { kind: "gateway client", near, far })))
      : reflectors.flatMap((far) => [...hosts, ...gateways].map((near) => inside(datacenter, { kind: "reflector client", near, far })));
  return [...clients, ...gateways.flatMap((gateway) => outside(datacenter, gateway))];
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

/**
 * Every BGP session of the data centre. A session carries the family that it runs over, so a next hop is always an address
 * of the link it arrived by. Hosts and gateways are clients of each reflector, or hosts are clients of each gateway;
 * each gateway speaks eBGP with its provider.
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
  /** What `near` is to `far`. Reflectors are one another's peers without being clients (RFC 4456, section 6). */
  readonly kind: "reflector client" | "reflector peer" | "gateway client" | "customer";
  readonly family: Family;
  readonly near: Speaker;
  readonly far: Speaker;
}

export function sessionsOf(datacenter: DataCenter): readonly Session[] {
  const { fabric, hosts, reflectors, gateways } = datacenter;
  const inside = (kind: Session["kind"], near: Machine, far: Machine) =>
    families(near, far).map(([family, from, to]): Session => {
      return {
        protocol: "iBGP",
        kind,
        family,
        near: { name: near.name, ip: from, asn: fabric.asn },
        far: { name: far.name, ip: to, asn: fabric.asn },
      };
    });
  const clients =
    fabric.peering === "direct"
      ? gateways.flatMap((gateway) => hosts.flatMap((host) => inside("gateway client", host, gateway)))
      : reflectors.flatMap((reflector, index) => [
          ...[...hosts, ...gateways].flatMap((client) => inside("reflector client", client, reflector)),
          ...reflectors.slice(index + 1).flatMap((other) => inside("reflector peer", reflector, other)),
        ]);
  return [...clients, ...gateways.flatMap((gateway) => outside(datacenter, gateway))];
}

/** What the provider's router is called where a name is needed: it is none of ours. */
export function providerOf(gateway: Gateway): string {
  return `provider of ${gateway.name}`;
}

function outside({ fabric }: DataCenter, gateway: Gateway): readonly Session[] {
  const { asn, ipv4, ipv6 } = gateway.upstream;
  const links = [[4, ipv4] as const, [6, ipv6] as const];
  return links.flatMap(([family, link]) =>
    link === undefined
      ? []
      : [
          {
            protocol: "eBGP",
            kind: "customer",
            family,
            near: { name: gateway.name, ip: link.local.ip, asn: fabric.asn },
            far: { name: providerOf(gateway), ip: link.peer, asn },
          },
        ],
  );
}

function families(near: Machine, far: Machine): readonly (readonly [Family, Ip, Ip])[] {
  const pairs = [[4, near.ipv4, far.ipv4] as const, [6, near.ipv6, far.ipv6] as const];
  return pairs.flatMap(([family, from, to]) => (from === undefined || to === undefined ? [] : [[family, from, to] as const]));
}

/**
 * Who asks for metadata: told by where the packets come from, never by what is in them. An IPv4 peer is the one endpoint of this host
 * that has the address (its packets came by its own tap, the packet filter sees to that); a link-local peer of IPv6 is
 * whoever is behind the tap.
 */
import type { Endpoint } from "../feed/item.ts";
import { familyOf, readIp } from "../net/address.ts";
import type { Ip } from "../net/address.ts";

export interface Caller {
  readonly port_id: string;
  /** Undefined: the port is no server's. */
  readonly instance: NonNullable<Endpoint["instance"]> | undefined;
  /** As Nova is told it. */
  readonly address: Ip;
}

/** Endpoints as they are looked up. */
export interface Callers {
  readonly byAddress: ReadonlyMap<Ip, Endpoint>;
  readonly byTap: ReadonlyMap<string, Endpoint>;
}

/** Of endpoints none of which claims what another has; those that are down are not served. */
export function callersOf(endpoints: Iterable<Endpoint>): Callers {
  const served = [...endpoints].filter(({ admin_state_up }) => admin_state_up);
  return {
    byAddress: new Map(served.flatMap((endpoint) => endpoint.addresses.map(({ ip }) => [ip, endpoint] as const))),
    byTap: new Map(served.map((endpoint) => [endpoint.tap, endpoint])),
  };
}

/** `peer` as a socket has it: `10.65.0.5`, `fe80::1%tap8f…`. */
export function callerAt({ byAddress, byTap }: Callers, peer: string): Caller | undefined {
  const [text = "", tap] = peer.split("%");
  const ip = readIp(text);
  if (ip === undefined) return undefined;
  const endpoint = tap === undefined ? (familyOf(ip) === 4 ? byAddress.get(ip) : undefined) : byTap.get(tap);
  if (endpoint === undefined) return undefined;
  // Of the link's own address nobody else can make anything: the port's first one stands for it, as with Neutron's agent.
  const address = tap === undefined ? ip : (endpoint.addresses[0]?.ip ?? ip);
  return { port_id: endpoint.port_id, instance: endpoint.instance ?? undefined, address };
}

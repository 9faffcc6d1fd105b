/** What a reflector believes of each client and tells it; the same as its BIRD (core/intent/reflector.ts) does. */
import type { DataCenter } from "../datacenter/data-center.ts";
import { HOST_ROUTES } from "../intent/bgp.ts";
import { addressOn } from "../intent/bgp-channel.ts";
import type { Channel } from "../intent/bgp-channel.ts";
import { sharedPool } from "../intent/pnat-pool.ts";
import type { Exchange } from "./derive.ts";
import { machineNamed } from "./peers.ts";
import type { Peer } from "./peers.ts";
import type { Condition, Policy, Term } from "./policy.ts";
import { endpointTerms, poolName, setName } from "./vocabulary.ts";

const WARN = 80;

interface Side {
  readonly channel: Channel;
  readonly peer: Peer;
}

export function reflectorPolicies(dc: DataCenter, { channel, peer }: Side): Exchange {
  if (peer.role === "reflector") return otherReflector(channel);
  return peer.role === "gateway" ? gateway(dc, channel, peer) : edge(dc, channel, peer);
}

const policy = (name: string, { family }: Channel, terms: readonly Term[]): Policy => ({
  name: setName(name, family),
  terms,
  otherwise: "reject",
});
const AS_HEARD = { nextHop: "unchanged", addPaths: "both" } as const;

/** A host, or the router of a rack, which stands for the hosts in it. */
function edge(dc: DataCenter, channel: Channel, { other, session }: Peer): Exchange {
  return {
    import: policy(`FROM-${other.name}`, channel, endpointTerms(channel, {}, itself(dc, channel, other.name))),
    export: policy("TO-HOSTS", channel, [anywhere(channel), ...endpointTerms(channel, {})]),
    maximum: { prefixes: HOST_ROUTES, warn: WARN },
    ...(session.kind === "reflector client" ? { client: "reflector client" as const } : {}),
    ...AS_HEARD,
  };
}

/** The next hop is part of what is checked: a host that names another as the way to an address would draw its traffic there. */
function itself(dc: DataCenter, { family }: Channel, name: string): readonly Condition[] {
  const machine = machineNamed(dc, name);
  return machine === undefined ? [] : [{ nextHop: [addressOn(machine, family)] }];
}

function gateway(dc: DataCenter, channel: Channel, { other }: Peer): Exchange {
  const self = itself(dc, channel, other.name);
  const machine = dc.gateways.find(({ name }) => name === other.name);
  const owns = channel.family === 4 && machine !== undefined && sharedPool(dc, machine).length > 0;
  const pool: Term = { name: "its-pool", when: [{ prefixes: poolName(other.name) }, ...self], verdict: "accept" };
  return {
    import: policy(`FROM-${other.name}`, channel, [anywhere(channel, self), ...(owns ? [pool] : [])]),
    export: policy("TO-GATEWAYS", channel, [...pools(channel), ...endpointTerms(channel, {})]),
    client: "reflector client",
    ...AS_HEARD,
  };
}

/** A peer, no client: it tells us what its clients said, having checked it as we do. */
function otherReflector(channel: Channel): Exchange {
  const known = [anywhere(channel), ...pools(channel), ...endpointTerms(channel, {})];
  return { import: policy("FROM-REFLECTORS", channel, known), export: policy("TO-REFLECTORS", channel, known), ...AS_HEARD };
}

function anywhere({ family }: Channel, when: readonly Condition[] = []): Term {
  return { name: "default", when: [{ prefixes: setName("ANYWHERE", family) }, ...when], verdict: "accept" };
}

function pools({ family, pools: all }: Channel): readonly Term[] {
  return all.length > 0 ? [{ name: "pools", when: [{ prefixes: setName("POOLS", family) }], verdict: "accept" }] : [];
}

/** What a gateway takes from each neighbour and tells it; the same as its BIRD (core/intent/gateway-bgp.ts) does. */
import type { DataCenter, Gateway } from "../datacenter/data-center.ts";
import { peersBy } from "../datacenter/peering.ts";
import { addressOn } from "../intent/bgp-channel.ts";
import type { Channel } from "../intent/bgp-channel.ts";
import { sharedPool } from "../intent/pnat-pool.ts";
import { believedOf, heardBeacon, heardTerms, maximumOf } from "./believed.ts";
import type { Exchange } from "./derive.ts";
import { machineNamed } from "./peers.ts";
import type { Peer } from "./peers.ts";
import type { Policy, Term } from "./policy.ts";
import { colourOf, poolName, setName } from "./vocabulary.ts";

interface Side {
  readonly channel: Channel;
  readonly peer: Peer;
}

export function gatewayPolicies(dc: DataCenter, gateway: Gateway, { channel, peer }: Side): Exchange {
  if (peer.role === "provider") return provider(dc, channel);
  const own = channel.family === 4 && sharedPool(dc, gateway).length > 0 ? [ownPool(dc, gateway)] : [];
  if (peer.role === "reflector") return reflector(dc, channel, own);
  if (peer.session.kind === "mesh peer") return meshed(dc, { channel, peer }, own);
  return peer.role === "gateway" ? otherGateway(dc, channel, own) : client(dc, channel, peer);
}

const policy = (name: string, { family }: Channel, terms: readonly Term[]): Policy => ({
  name: setName(name, family),
  terms,
  otherwise: "reject",
});

function provider(dc: DataCenter, channel: Channel): Exchange {
  const { family, announced } = channel;
  const heard: Term = {
    name: "default",
    when: [{ prefixes: setName("ANYWHERE", family) }],
    verdict: "accept",
    set: { communities: [colourOf(dc, "from-provider")] },
  };
  const told: Term = {
    name: "aggregates",
    when: [{ prefixes: setName("ANNOUNCED", family) }, { community: colourOf(dc, "announced") }],
    verdict: "accept",
    set: { communities: "none" },
  };
  return {
    import: policy("FROM-PROVIDER", channel, [heard]),
    export: policy("TO-PROVIDER", channel, announced.length > 0 ? [told] : []),
    maximum: { prefixes: 1, warn: 100 },
    nextHop: "self for external",
    addPaths: "none",
    whileHeard: setName("BEACON", family),
  };
}

function reflector(dc: DataCenter, channel: Channel, own: readonly Term[]): Exchange {
  return {
    import: fromFabric(dc, channel),
    export: policy("TO-FABRIC", channel, [anywhere(dc, channel), ...own]),
    nextHop: "self for external",
    addPaths: "receive",
  };
}

function otherGateway(dc: DataCenter, channel: Channel, own: readonly Term[]): Exchange {
  return {
    import: fromFabric(dc, channel),
    export: policy("TO-GATEWAYS", channel, [...own, ...heardOfOthers(dc, channel)]),
    nextHop: "self for external",
    addPaths: "receive",
  };
}

/** All speak with all: each is told what is this gateway's own, and nothing at second hand. */
function meshed(dc: DataCenter, { channel, peer }: Side, own: readonly Term[]): Exchange {
  if (peer.role === "gateway") {
    const told = policy("TO-FABRIC", channel, [anywhere(dc, channel), ...own]);
    return { import: fromItself(dc, channel, peer), export: told, nextHop: "self for external", addPaths: "none" };
  }
  return {
    import: fromItself(dc, channel, peer),
    export: policy("TO-FABRIC", channel, [anywhere(dc, channel), ...own]),
    maximum: maximumOf(dc, peer),
    nextHop: "self for external",
    addPaths: "none",
  };
}

/** A host, or the router of a rack, without reflectors: it is told of the others' endpoints too. */
function client(dc: DataCenter, channel: Channel, peer: Peer): Exchange {
  return {
    import: fromItself(dc, channel, peer),
    export: policy("TO-HOSTS", channel, [anywhere(dc, channel), ...heardOfOthers(dc, channel)]),
    maximum: maximumOf(dc, peer),
    ...(peer.session.kind === "gateway client" ? { client: "reflector client" as const } : {}),
    nextHop: "self for external",
    addPaths: "send",
  };
}

function fromItself(dc: DataCenter, channel: Channel, peer: Peer): Policy {
  const set = { communities: [colourOf(dc, "from-fabric")] };
  const machine = machineNamed(dc, peer.other.name);
  const itself = machine === undefined ? [] : [{ nextHop: [addressOn(machine, channel.family)] }];
  const beacon = peer.role === "gateway" ? [] : [heardBeacon(channel, { set }, itself)];
  return policy(`FROM-${peer.other.name}`, channel, [...beacon, ...believedOf(dc, channel, peer, { set })]);
}

function fromFabric(dc: DataCenter, channel: Channel): Policy {
  const set = { communities: [colourOf(dc, "from-fabric")] };
  const pools: Term = { name: "pools", when: [{ prefixes: setName("POOLS", channel.family) }], verdict: "accept", set };
  const beacon = peersBy(dc, "reflectors") ? [heardBeacon(channel, { set })] : [];
  return policy("FROM-FABRIC", channel, [...(channel.pools.length > 0 ? [pools] : []), ...heardTerms(channel, { set }), ...beacon]);
}

/** The way out, while the provider gives us one. */
function anywhere(dc: DataCenter, { family }: Channel): Term {
  return {
    name: "default",
    when: [{ prefixes: setName("ANYWHERE", family) }, { community: colourOf(dc, "from-provider") }],
    verdict: "accept",
  };
}

function ownPool(dc: DataCenter, { name }: Gateway): Term {
  return { name: "own-pool", when: [{ prefixes: poolName(name) }, { community: colourOf(dc, "pool") }], verdict: "accept" };
}

function heardOfOthers(dc: DataCenter, channel: Channel): readonly Term[] {
  return heardTerms(channel, {}, [{ community: colourOf(dc, "from-fabric") }]);
}

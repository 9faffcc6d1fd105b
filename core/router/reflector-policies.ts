/** What a reflector believes of each client and tells it; the same as its BIRD (core/intent/reflector.ts) does. */
import type { DataCenter } from "../datacenter/data-center.ts";
import type { Channel } from "../intent/bgp-channel.ts";
import { believedOf, heardTerms, maximumOf, ownBeacon } from "./believed.ts";
import type { Exchange } from "./derive.ts";
import type { Peer } from "./peers.ts";
import type { Policy, Term } from "./policy.ts";
import { setName } from "./vocabulary.ts";

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

/** A host, or the router of a rack, which stands for the hosts in it. One of another AS is told of next hops as they are, too. */
function edge(dc: DataCenter, channel: Channel, peer: Peer): Exchange {
  const internal = peer.session.protocol === "iBGP";
  return {
    import: policy(`FROM-${peer.other.name}`, channel, believedOf(dc, channel, peer)),
    export: policy("TO-HOSTS", channel, [anywhere(channel), ...heardTerms(channel)]),
    maximum: maximumOf(dc, peer),
    ...(internal ? { client: "reflector client" as const } : {}),
    ...AS_HEARD,
    ...(internal ? {} : { nextHop: "kept" as const }),
  };
}

function gateway(dc: DataCenter, channel: Channel, peer: Peer): Exchange {
  return {
    import: policy(`FROM-${peer.other.name}`, channel, believedOf(dc, channel, peer)),
    export: policy("TO-GATEWAYS", channel, [...pools(channel), ...heardTerms(channel), ownBeacon(dc, channel)]),
    client: "reflector client",
    ...AS_HEARD,
  };
}

/** A peer, no client: it tells us what its clients said, having checked it as we do. */
function otherReflector(channel: Channel): Exchange {
  const known = [anywhere(channel), ...pools(channel), ...heardTerms(channel)];
  return { import: policy("FROM-REFLECTORS", channel, known), export: policy("TO-REFLECTORS", channel, known), ...AS_HEARD };
}

function anywhere({ family }: Channel): Term {
  return { name: "default", when: [{ prefixes: setName("ANYWHERE", family) }], verdict: "accept" };
}

function pools({ family, pools: all }: Channel): readonly Term[] {
  return all.length > 0 ? [{ name: "pools", when: [{ prefixes: setName("POOLS", family) }], verdict: "accept" }] : [];
}

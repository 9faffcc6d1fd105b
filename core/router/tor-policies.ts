/**
 * What a top-of-rack router takes from its hosts and from the core, and tells them; the same as its BIRD (core/intent/tor-bgp.ts) does.
 * To either side it is itself the way to the other.
 */
import type { DataCenter, Rack } from "../datacenter/data-center.ts";
import { attachedTo, hasLoopback } from "../datacenter/racks.ts";
import { HOST_ROUTES } from "../intent/bgp.ts";
import type { Channel } from "../intent/bgp-channel.ts";
import { believedOf, heardTerms, maximumOf, ownBeacon, WARN } from "./believed.ts";
import type { Exchange } from "./derive.ts";
import { hostNamed } from "./peers.ts";
import type { Peer } from "./peers.ts";
import type { Condition, Policy, Term } from "./policy.ts";
import { colourOf, endpointTerms, loopbackName, placesName, segmentName, setName } from "./vocabulary.ts";

interface Side {
  readonly channel: Channel;
  readonly peer: Peer;
}

export function torPolicies(dc: DataCenter, rack: Rack, { channel, peer }: Side): Exchange {
  return peer.session.kind === "tor client" ? host(dc, rack, { channel, peer }) : core(dc, rack, { channel, peer });
}

const policy = (name: string, { family }: Channel, terms: readonly Term[]): Policy => ({
  name: setName(name, family),
  terms,
  otherwise: "reject",
});

/** In an unnumbered rack the port says who it is; else the next hop has to be the host's own address there. */
function host(dc: DataCenter, rack: Rack, { channel, peer }: Side): Exchange {
  const { family } = channel;
  const set = { communities: [colourOf(dc, "from-rack")] };
  const machine = hostNamed(dc, peer.other.name);
  const links = machine?.uplinks?.filter((uplink) => uplink.rack === rack.name) ?? [];
  const hops = links.flatMap((uplink) => (family === 4 ? uplink.ipv4 : uplink.ipv6) ?? []);
  const itself: readonly Condition[] = rack.peering === "numbered" ? [{ nextHop: hops }] : [];
  const loopback: Term = {
    name: "loopback",
    when: [{ prefixes: loopbackName(peer.other.name, family) }, ...itself],
    verdict: "accept",
    set,
  };
  // A host that was told of its own segment would look for its router behind its router.
  const own: Term = { name: "own-segment", when: [{ prefixes: segmentName(rack.tor.name, family) }], verdict: "reject" };
  const segment = family === 4 ? rack.ipv4 : rack.ipv6;
  const has = machine !== undefined && hasLoopback(machine);
  return {
    import: policy(`FROM-${peer.other.name}`, channel, [...(has ? [loopback] : []), ...endpointTerms(channel, { set }, itself)]),
    export: policy("TO-HOSTS", channel, [...(segment === undefined ? [] : [own]), anywhere(channel), ...heardTerms(channel)]),
    maximum: { prefixes: HOST_ROUTES, warn: WARN },
    client: "reflector client",
    nextHop: "self",
    addPaths: "none",
  };
}

function core(dc: DataCenter, rack: Rack, { channel, peer }: Side): Exchange {
  const set = { communities: [colourOf(dc, "from-fabric")] };
  const mesh = peer.session.kind === "mesh peer";
  const told = peer.role === "gateway" ? [ownBeacon(dc, channel)] : undefined;
  return {
    import: mesh
      ? policy(`FROM-${peer.other.name}`, channel, believedOf(dc, channel, peer, { set }))
      : policy("FROM-CORE", channel, [anywhere(channel, { set }), ...heardTerms(channel, { set })]),
    export: policy(told === undefined ? "TO-CORE" : "TO-GATEWAYS", channel, [...saidToCore(dc, rack, channel), ...(told ?? [])]),
    ...(mesh ? { maximum: maximumOf(dc, peer) } : {}),
    nextHop: "self",
    addPaths: mesh ? "none" : "both",
  };
}

/** What comes from its own side: its segment, its hosts' loopbacks and endpoints. */
function saidToCore(dc: DataCenter, rack: Rack, channel: Channel): readonly Term[] {
  const { family } = channel;
  const segment = family === 4 ? rack.ipv4 : rack.ipv6;
  const places = placesName(rack.tor.name, family);
  const loopbacks = attachedTo(dc, rack).some((each) => hasLoopback(each.host));
  const own: Term = { name: "segment", when: [{ prefixes: places }, { community: colourOf(dc, "segment") }], verdict: "accept" };
  const theirs: Term = { name: "loopbacks", when: [{ prefixes: places }, { community: colourOf(dc, "from-rack") }], verdict: "accept" };
  return [
    ...(segment === undefined ? [] : [own]),
    ...(loopbacks ? [theirs] : []),
    ...endpointTerms(channel, {}, [{ community: colourOf(dc, "from-rack") }]),
  ];
}

function anywhere({ family }: Channel, more: Pick<Term, "set"> = {}): Term {
  return { name: "default", when: [{ prefixes: setName("ANYWHERE", family) }], verdict: "accept", ...more };
}

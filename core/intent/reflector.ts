/**
 * A route reflector: tells every host and gateway what the others said, as they said it, next hops included (RFC 4456).
 * It has no kernel routes and forwards nothing. Each client may say only what its part in the data centre is: a host
 * the routes to endpoints on itself, a gateway the default route and its own pool. Neighbours are listed one by one,
 * so that a session that should be there and is not can be told.
 */
import type { View } from "../feed/item.ts";
import type { DataCenter, Gateway, Machine, Rack } from "../datacenter/data-center.ts";
import { attachedTo, coreHosts, racksOf } from "../datacenter/racks.ts";
import { askedAgain, assignedIn, assignedIncluded } from "./assigned.ts";
import type { Believed } from "./assigned.ts";
import { beaconRoute, isOwnBeacon } from "./beacon.ts";
import { bfdBird } from "./bfd.ts";
import { limits, birdIntent, fabricChannel, fabricSession, fabricTemplate, HOST_ROUTES, preamble, PROMPT, routerId } from "./bgp.ts";
import { believedOfGateway, believedOfHost, believedOfTor } from "./bgp-believed.ts";
import type { HeardHost, HeardRack } from "./bgp-believed.ts";
import { channelsOf, heardByAll, routeClasses } from "./bgp-channel.ts";
import type { Channel } from "./bgp-channel.ts";
import { hasNeighbours, metricFunctions, metricHeard, metricTold } from "./bgp-metric.ts";
import { anyOf, block, netIsAny, text } from "./bgp-text.ts";
import type { Line } from "./bgp-text.ts";
import { BY_DATACENTER, caused } from "./caused.ts";
import { merge, NOTHING } from "./intent.ts";
import type { Intent } from "./intent.ts";
import { perValueAnd } from "./memo.ts";

/** Everything that the reflector named `host` must hold: nothing until it is known which data centre it reflects. */
export function compileReflector({ datacenter: dc, assignments }: View, host: string): Intent {
  const machine = dc?.reflectors.find(({ name }) => name === host);
  if (dc === undefined || machine === undefined) return NOTHING;
  const fabric = dc.fabric.interface;
  // Where nobody has an address, nobody's can be taken. So one that is newer than its controller, and is told of none, cuts nobody off.
  const bfd = bfdBird(dc, host);
  const speech =
    assignments === undefined
      ? { bgp: reflectorBird(dc, machine), bfd }
      : { bgp: textOf(dc, machine), assigned: assignedIn(dc, assignments), bfd };
  return merge([{ links: caused(BY_DATACENTER, [{ name: fabric }]) }, birdIntent(speech, [`link/${fabric}`])]);
}

const textOf = perValueAnd((dc: DataCenter, machine: Machine) => reflectorBird(dc, machine, "assigned"));

/** The text of a reflector's bird.conf. */
export function reflectorBird(dc: DataCenter, reflector: Machine, believed: Believed = "in the ranges"): string {
  const channels = channelsOf(dc);
  return text([
    ...preamble(dc, reflector),
    ...channels.flatMap(routeClasses),
    assignedIncluded(believed),
    ...channels.map(beaconRoute),
    ...(hasNeighbours(dc) ? channels.flatMap(metricFunctions) : []),
    fabricTemplate(dc, reflector, [
      `rr cluster id ${routerId(dc, reflector)};`,
      ...channels.map((channel) => fabricChannel(dc, reflector, { channel, policy: ["gateway direct;", "add paths on;"] })),
    ]),
    ...coreHosts(dc).map((peer) =>
      fabricSession(dc, peer, {
        role: "host",
        lines: [...CLIENT, ...channels.map((channel) => ofHost(channel, { host: peer, believed }))],
      }),
    ),
    ...racksOf(dc).map((rack) => torSession(dc, rack, { channels, believed })),
    ...dc.gateways.map((peer) =>
      fabricSession(dc, peer, {
        role: "gateway",
        lines: [...PROMPT, ...CLIENT, ...channels.map((channel) => ofGateway(dc, channel, peer))],
      }),
    ),
    ...dc.reflectors
      .filter(({ name }) => name !== reflector.name)
      .map((peer) => fabricSession(dc, peer, { role: "reflector", lines: channels.map(ofReflector) })),
  ]);
}

/** Clients connect; they know best when they are there. */
const CLIENT: readonly Line[] = ["passive;", "rr client;"];
const NEIGHBOUR: readonly Line[] = ["passive;"];

function ofHost(channel: Channel, heard: HeardHost): string {
  const said = [...heardByAll(channel), `net = ${channel.anywhere}`].join(" || ");
  return block(channel.name, [...fromHost(channel, heard), `export where ${said};`]).concat(";");
}

/** What is believed of a host, and how much of it. */
export function fromHost(channel: Channel, heard: HeardHost): readonly Line[] {
  return [askedAgain(heard.believed), `import where ${believedOfHost(channel, heard)};`, ...limits(HOST_ROUTES)];
}

/** A top-of-rack router is a client if it is of our AS; else a neighbour, that all the same is told of next hops as they are. */
interface Hearing {
  readonly channels: readonly Channel[];
  readonly believed: Believed;
}

function torSession(dc: DataCenter, rack: Rack, { channels, believed }: Hearing): string {
  const exchange = (channel: Channel) => {
    const said = anyOf([...heardByAll(channel), `net = ${channel.anywhere}`]);
    const told = rack.asn === undefined ? [`export where ${said};`] : [`export where ${said} && ${metricTold(channel)};`, "next hop keep;"];
    return block(channel.name, [...fromTor(dc, channel, { rack, believed }), ...told]).concat(";");
  };
  const kind = rack.asn === undefined ? CLIENT : NEIGHBOUR;
  return fabricSession(dc, rack.tor, { role: "tor", lines: [...kind, ...channels.map(exchange)] });
}

/** The same of a top-of-rack router. */
export function fromTor(dc: DataCenter, channel: Channel, heard: HeardRack): readonly Line[] {
  const { rack, believed } = heard;
  const metric = rack.asn === undefined ? "" : ` && ${metricHeard(channel)}`;
  const limit = HOST_ROUTES * Math.max(1, attachedTo(dc, rack).length);
  return [askedAgain(believed), `import where ${believedOfTor(dc, channel, heard)}${metric};`, ...limits(limit)];
}

/** Another reflector is a peer, no client (RFC 4456, section 6): it tells us what its clients said, having checked it as we do. */
function ofReflector(channel: Channel): string {
  const { family, name, anywhere, pools } = channel;
  const known = [...heardByAll(channel), `net = ${anywhere}`, ...netIsAny(pools, `POOLS${family}`)].join(" || ");
  return block(name, [`import where ${known};`, `export where ${known};`]).concat(";");
}

function ofGateway(dc: DataCenter, channel: Channel, gateway: Gateway): string {
  const { family, name, pools } = channel;
  const said = [...heardByAll(channel), ...netIsAny(pools, `POOLS${family}`), isOwnBeacon(channel)].join(" || ");
  return block(name, [`import where ${believedOfGateway(dc, channel, gateway)};`, `export where ${said};`]).concat(";");
}

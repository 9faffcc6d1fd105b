/**
 * A route reflector: tells every host and gateway what the others said, as they said it, next hops included (RFC 4456).
 * It has no kernel routes and forwards nothing. Each client may say only what its part in the data centre is: a host
 * the routes to endpoints on itself, a gateway the default route and its own pool. Neighbours are listed one by one,
 * so that a session that should be there and is not can be told.
 */
import type { View } from "../feed/item.ts";
import type { DataCenter, Gateway, Machine, Rack } from "../datacenter/data-center.ts";
import { attachedTo, coreHosts, racksOf } from "../datacenter/racks.ts";
import { coreInterfaces, segmentsOf } from "../datacenter/segments.ts";
import type { Segment } from "../datacenter/segments.ts";
import { askedAgain, assignedIn, assignedIncluded } from "./assigned.ts";
import type { Believed } from "./assigned.ts";
import { beaconRoute, isOwnBeacon } from "./beacon.ts";
import { bfdBird } from "./bfd.ts";
import { limits, birdIntent, fabricChannel, fabricSession, fabricTemplate, HOST_ROUTES, preamble, PROMPT, routerId } from "./bgp.ts";
import { believedOfGateway, believedOfHost, believedOfTor } from "./bgp-believed.ts";
import type { HeardHost, HeardRack } from "./bgp-believed.ts";
import { channelsOf, heardByAll, hopsOn, routeClasses } from "./bgp-channel.ts";
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
  const links = coreInterfaces(dc);
  // Where nobody has an address, nobody's can be taken. So one that is newer than its controller, and is told of none, cuts nobody off.
  const bfd = bfdBird(dc, host);
  const speech =
    assignments === undefined
      ? { bgp: reflectorBird(dc, machine), bfd }
      : { bgp: textOf(dc, machine), assigned: assignedIn(dc, assignments), bfd };
  return merge([
    {
      links: caused(
        BY_DATACENTER,
        links.map((name) => ({ name })),
      ),
    },
    birdIntent(
      speech,
      links.map((name) => `link/${name}` as const),
    ),
  ]);
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
    ...segmentsOf(dc).flatMap((segment) => sessionsOn(dc, reflector, { segment, channels, believed })),
  ]);
}

/** All of a segment. Routers of racks are on the first alone; there is no second where there are racks. */
function sessionsOn(dc: DataCenter, reflector: Machine, { segment, channels, believed }: Hearing & { readonly segment: Segment }) {
  const own = segment.at(reflector);
  const session = (role: string, peer: Machine, lines: readonly Line[]) =>
    fabricSession(dc, segment.at(peer), { role, lines, segment: segment.number });
  const hops = (channel: Channel) => hopsOn(dc, channel, segment);
  const template = [
    `rr cluster id ${routerId(dc, reflector)};`,
    ...channels.map((channel) => fabricChannel(dc, own, { channel, policy: ["gateway direct;", "add paths on;"] })),
  ];
  return [
    fabricTemplate(dc, own, template, segment.number),
    ...coreHosts(dc).map((host) => {
      const heard = (channel: Channel) => ofHost(channel, { host: segment.at(host), believed, hops: hops(channel) });
      return session("host", host, [...CLIENT, ...channels.map(heard)]);
    }),
    ...racksOf(dc).map((rack) => torSession(dc, rack, { channels, believed })),
    ...dc.gateways.map((gateway) => {
      const heard = (channel: Channel) => ofGateway(dc, channel, segment.at(gateway), hops(channel));
      return session("gateway", gateway, [...PROMPT, ...CLIENT, ...channels.map(heard)]);
    }),
    ...dc.reflectors
      .filter(({ name }) => name !== reflector.name)
      .map((peer) =>
        session(
          "reflector",
          peer,
          channels.map((channel) => ofReflector(channel, hops(channel))),
        ),
      ),
  ];
}

/** Clients connect; they know best when they are there. */
const CLIENT: readonly Line[] = ["passive;", "rr client;"];
const NEIGHBOUR: readonly Line[] = ["passive;"];

function ofHost(channel: Channel, { hops, ...heard }: HeardHost & { readonly hops: string }): string {
  const said = [...heardByAll(channel), `net = ${channel.anywhere}`];
  return block(channel.name, [...fromHost(channel, heard), `export where ${asked(said, hops)};`]).concat(";");
}

/** Any of these; and besides, where something more is asked. */
function asked(said: readonly string[], hops: string): string {
  return hops === "" ? said.join(" || ") : `(${anyOf(said)}${hops})`;
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
function ofReflector(channel: Channel, hops: string): string {
  const { family, name, anywhere, pools } = channel;
  const known = [...heardByAll(channel), `net = ${anywhere}`, ...netIsAny(pools, `POOLS${family}`)];
  return block(name, [`import where ${known.join(" || ")};`, `export where ${asked(known, hops)};`]).concat(";");
}

function ofGateway(dc: DataCenter, channel: Channel, gateway: Gateway, hops: string): string {
  const { family, name, pools } = channel;
  const said = asked([...heardByAll(channel), ...netIsAny(pools, `POOLS${family}`)], hops);
  const onExport = `${said} || ${isOwnBeacon(channel)}`;
  return block(name, [`import where ${believedOfGateway(dc, channel, gateway)};`, `export where ${onExport};`]).concat(";");
}

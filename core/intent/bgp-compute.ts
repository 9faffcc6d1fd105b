/**
 * BGP on a compute host: it announces the routes of its own endpoints and learns those of the others and the default
 * route. Both ways by positive list: nothing but single addresses inside the declared ranges leaves, and nothing but
 * those and the default route comes in.
 */
import type { DataCenter, Host } from "../datacenter/data-center.ts";
import { hubsOf, peersBy } from "../datacenter/peering.ts";
import { fabricInterfaces, hasLoopback } from "../datacenter/racks.ts";
import { segmentsOf } from "../datacenter/segments.ts";
import type { Segment } from "../datacenter/segments.ts";
import type { View } from "../feed/item.ts";
import { MARGAY_PROTOCOL, UNANNOUNCED_METRIC } from "../kinds/route.ts";
import { assignedIn, assignedIncluded } from "./assigned.ts";
import type { Believed } from "./assigned.ts";
import { beaconRoute, edgesTellGateways, isOwnBeacon } from "./beacon.ts";
import { bfdBird } from "./bfd.ts";
import {
  FABRIC_ROUTES,
  limits,
  birdIntent,
  fabricChannel,
  fabricSession,
  fabricTemplate,
  kernelProtocol,
  preamble,
  PROMPT,
} from "./bgp.ts";
import { addressOn, channelsOf, routeClasses } from "./bgp-channel.ts";
import type { Channel } from "./bgp-channel.ts";
import { meshSessions } from "./bgp-mesh.ts";
import { asFar, distanceFunctions, hasNeighbours, metricFunctions, preference, USUAL_PREFERENCE } from "./bgp-metric.ts";
import { anyOf, block, netIsAny, text } from "./bgp-text.ts";
import type { Line } from "./bgp-text.ts";
import { isLoopback, loopbackRoute, shownOn, uplinkSessions } from "./bgp-uplink.ts";
import type { Intent } from "./intent.ts";
import { perValueAnd } from "./memo.ts";

/** Nothing for a host that the data centre does not know: it has no address on the fabric, and nobody would listen. */
export function computeBgp(dc: DataCenter, host: string, assignments?: View["assignments"]): Partial<Intent> {
  const machine = dc.hosts.find(({ name }) => name === host);
  if (machine === undefined) return {};
  const links = fabricInterfaces(dc, machine).map((name) => `link/${name}` as const);
  const bfd = bfdBird(dc, host);
  if (assignments === undefined || !hearsHosts(dc, machine)) return birdIntent({ bgp: textOf(dc, machine, "in the ranges"), bfd }, links);
  return birdIntent({ bgp: textOf(dc, machine, "assigned"), assigned: assignedIn(dc, assignments), bfd }, links);
}

/** In a mesh it hears the others itself, and has to know what they may say. */
function hearsHosts(dc: DataCenter, { uplinks }: Host): boolean {
  return peersBy(dc, "mesh") && uplinks === undefined;
}

const textOf = perValueAnd((dc: DataCenter, host: Host, believed: Believed) => computeBird(dc, host, believed));

/** The text of a compute host's bird.conf. */
export function computeBird(dc: DataCenter, host: Host, believed: Believed = "in the ranges"): string {
  const channels = channelsOf(dc);
  return text([
    ...preamble(dc, host, shownOn(dc, host)),
    ...channels.flatMap(routeClasses),
    hearsHosts(dc, host) ? assignedIncluded(believed) : undefined,
    ...channels.map((channel) => loopbackRoute(channel, host)),
    ...(tellsGateways(dc, host) ? channels.map(beaconRoute) : []),
    ...channels.flatMap((channel) => kernelSide(channel, host)),
    ...sessions(dc, host, { channels, believed }),
  ]);
}

interface Hearing {
  readonly channels: readonly Channel[];
  readonly believed: Believed;
}

function sessions(dc: DataCenter, host: Host, { channels, believed }: Hearing): readonly Line[] {
  const policy = (channel: Channel) => fabricPolicy(dc, channel, host);
  if (host.uplinks !== undefined) {
    return [...channels.map(heard), ...uplinkSessions(dc, host, { uplinks: host.uplinks, channels, policy })];
  }
  const template = (lines: (channel: Channel) => readonly Line[], { number, at }: Pick<Segment, "number" | "at">) =>
    fabricTemplate(
      dc,
      at(host),
      channels.map((channel) => fabricChannel(dc, at(host), { channel, policy: lines(channel) })),
      number,
    );
  const hubs = hubsOf(dc);
  const mesh = peersBy(dc, "mesh");
  return [
    ...(mesh ? channels.flatMap(distanceFunctions) : []),
    ...(mesh && hasNeighbours(dc) ? channels.flatMap(metricFunctions) : []),
    ...(hubs.length > 0 ? channels.map(heard) : []),
    ...segmentsOf(dc).flatMap((segment) => [
      template(hubs.length > 0 ? policy : () => OPTIONS, segment),
      ...hubs.flatMap(({ role, machines }) =>
        machines.map((peer) =>
          fabricSession(dc, segment.at(peer), { role, lines: role === "gateway" ? PROMPT : [], segment: segment.number }),
        ),
      ),
    ]),
    ...(mesh ? inMesh(dc, host, { channels, believed }) : []),
  ];
}

function inMesh(dc: DataCenter, host: Host, { channels, believed }: Hearing): readonly string[] {
  return meshSessions(dc, host, channels, {
    believed,
    said: (channel, to) => said(channel, host, to === "gateway" ? [isOwnBeacon(channel)] : []),
    heard: (channel) => [asFar(channel)],
  });
}

/** Endpoint routes are Margay's own routes on taps. */
function kernelSide(channel: Channel, host: Host): readonly Line[] {
  const { family } = channel;
  return [
    block(`filter learn${family}`, [
      `if krt_source = ${MARGAY_PROTOCOL} && ifname ~ "tap*" && krt_metric < ${UNANNOUNCED_METRIC} && endpoint${family}() then {`,
      `  bgp_local_pref = ${UNANNOUNCED_METRIC} - krt_metric;`,
      `  preference = 201;`,
      `  if bgp_local_pref > ${USUAL_PREFERENCE} then ${preference(1)}`,
      `  accept;`,
      `}`,
      `reject;`,
    ]),
    ...named(channel, host),
    kernelProtocol(channel, {
      learn: "learn;",
      policy: [
        `import filter learn${family};`,
        hasLoopback(host) ? `export filter in_own_name${family};` : "export where source = RTS_BGP;",
      ],
    }),
  ];
}

/** A host whose address is on no link speaks by that address all the same, whichever way its packets go. */
function named({ family }: Channel, host: Host): readonly Line[] {
  if (!hasLoopback(host)) return [];
  const own = [`if source = RTS_BGP then {`, `  krt_prefsrc = ${addressOn(host, family)};`, "  accept;", "}", "reject;"];
  return [block(`filter in_own_name${family}`, own)];
}

function heard({ family, anywhere, machines }: Channel): string {
  return block(`filter heard${family}`, [
    `if endpoint${family}() then {`,
    `  if bgp_local_pref > ${USUAL_PREFERENCE} then ${preference(0)}`,
    "  accept;",
    "}",
    `if net = ${anywhere} then accept;`,
    ...netIsAny(machines, `MACHINES${family}`).map((known) => `if ${known} then accept;`),
    "reject;",
  ]);
}

const OPTIONS: readonly Line[] = ["gateway direct;", "add paths rx;"];

function fabricPolicy(dc: DataCenter, channel: Channel, host: Host): readonly Line[] {
  return [
    `import filter heard${channel.family};`,
    `export where ${said(channel, host, host.uplinks === undefined && peersBy(dc, "direct") ? [isOwnBeacon(channel)] : [])};`,
    ...OPTIONS,
    ...limits(FABRIC_ROUTES),
  ];
}

function said(channel: Channel, host: Host, more: readonly string[]): string {
  const endpoints = `source = RTS_INHERIT && endpoint${channel.family}()`;
  const own = [...(hasLoopback(host) ? [isLoopback(channel)] : []), ...more];
  return own.length === 0 ? endpoints : anyOf([`(${endpoints})`, ...own]);
}

/** A host that is in a rack speaks with its router alone. */
function tellsGateways(dc: DataCenter, host: Host): boolean {
  return host.uplinks === undefined && edgesTellGateways(dc);
}

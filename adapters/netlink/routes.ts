/** Routes of the main table over rtnetlink (linux/rtnetlink.h), ours by their protocol number. */
import { MARGAY_PROTOCOL } from "#core/kinds/route.ts";
import type { Route } from "#core/kinds/route.ts";
import { familyOf } from "#core/net/address.ts";
import type { Family } from "#core/net/address.ts";
import { firstOf, lengthOf } from "#core/net/prefix.ts";
import type { Cidr } from "#core/net/prefix.ts";
import { bytesOfIp, familyNumber, ipOfBytes } from "./bytes.ts";
import type { Channel, Question } from "./channel.ts";
import { attributeIn, attributesIn, CREATE, REPLACE } from "./message.ts";

const [NEWROUTE, DELROUTE, GETROUTE] = [24, 25, 26];
const RTA = { DST: 1, OIF: 4, GATEWAY: 5, PRIORITY: 6, MULTIPATH: 9, VIA: 18, NEXTHOP: 30 };
const MAIN = 254;
const [SCOPE_UNIVERSE, SCOPE_LINK, SCOPE_NOWHERE] = [0, 253, 255];
const [ANY_TYPE, UNICAST, UNREACHABLE] = [0, 1, 7];

/** Makes the route stand, whatever stood at its prefix and metric. `link`: the number of its device. */
export function routeQuestion({ prefix, to, metric }: Route, link: number | undefined): Question {
  const scope = to !== "unreachable" && familyOf(prefix) === 4 ? SCOPE_LINK : SCOPE_UNIVERSE;
  return {
    type: NEWROUTE,
    flags: CREATE | REPLACE,
    fixed: header({ prefix, scope, type: to === "unreachable" ? UNREACHABLE : UNICAST }),
    fill: (writer) => {
      writer.attribute(RTA.DST, bytesOfIp(firstOf(prefix)));
      writer.attribute(RTA.PRIORITY, metric);
      if (link !== undefined) writer.attribute(RTA.OIF, link);
    },
  };
}

/** Removes whatever is ours at its prefix and metric. */
export function routeGoneQuestion({ prefix, to, metric }: Route): Question {
  return {
    type: DELROUTE,
    fixed: header({ prefix, scope: SCOPE_NOWHERE, type: to === "unreachable" ? UNREACHABLE : ANY_TYPE }),
    fill: (writer) => {
      writer.attribute(RTA.DST, bytesOfIp(firstOf(prefix)));
      writer.attribute(RTA.PRIORITY, metric);
    },
  };
}

export interface RoutesAsked {
  /** Links by number; one that is not among them is told by its number. */
  readonly names: ReadonlyMap<number, string>;
  /** Absent: all. */
  readonly prefixes?: ReadonlySet<Cidr>;
}

/** Ours of a family. What they wait for is not on the host: `after` is empty. */
export function routesOf(route: Channel, family: Family, { names, prefixes }: RoutesAsked): Route[] {
  const fixed = Buffer.from([familyNumber(family), 0, 0, 0, MAIN, MARGAY_PROTOCOL, 0, 0, 0, 0, 0, 0]);
  return route.dump({ type: GETROUTE, fixed }, (body) => {
    // The kernel sees to it, where it is new enough.
    if (body[4] !== MAIN || body[5] !== MARGAY_PROTOCOL) return undefined;
    const dst = attributeIn(body, RTA.DST, 12) ?? Buffer.alloc(family === 4 ? 4 : 16);
    const prefix = `${ipOfBytes(dst)}/${body[1]}` as Cidr;
    return prefixes?.has(prefix) === false ? undefined : routeOf(prefix, body, names);
  });
}

function routeOf(prefix: Cidr, body: Buffer, names: ReadonlyMap<number, string>): Route {
  const found = attributesIn(body, 12);
  return { prefix, to: targetOf(body[7], found, names), metric: found.get(RTA.PRIORITY)?.readUInt32LE(0) ?? 0, after: [] };
}

/** A target that we never write is kept in words, so that it differs from all that is wanted. Unreachable IPv6 routes carry `dev lo`. */
function targetOf(type: number | undefined, found: ReadonlyMap<number, Buffer>, names: ReadonlyMap<number, string>): Route["to"] {
  if (type === UNREACHABLE) return "unreachable";
  const link = found.get(RTA.OIF)?.readUInt32LE(0);
  const dev = link === undefined ? "nowhere" : (names.get(link) ?? `link ${link}`);
  const other = [
    ...(type === UNICAST ? [] : [`type ${type}`]),
    ...OTHER_TARGETS.flatMap(([name, number]) => (found.has(number) ? [`${name} ${found.get(number)?.toString("hex")}`] : [])),
  ];
  return { dev: [dev, ...other].join(" ") };
}

const OTHER_TARGETS = [
  ["gateway", RTA.GATEWAY],
  ["via", RTA.VIA],
  ["nexthops", RTA.MULTIPATH],
  ["nexthop", RTA.NEXTHOP],
] as const;

interface RouteHead {
  readonly prefix: Route["prefix"];
  readonly scope: number;
  readonly type: number;
}

/** `rtmsg` */
function header({ prefix, scope, type }: RouteHead): Buffer {
  return Buffer.from([familyNumber(familyOf(prefix)), lengthOf(prefix), 0, 0, MAIN, MARGAY_PROTOCOL, scope, type, 0, 0, 0, 0]);
}

/** Routes of the main table over rtnetlink (linux/rtnetlink.h), ours by their protocol number. */
import { MARGAY_PROTOCOL } from "#core/kinds/route.ts";
import type { Route } from "#core/kinds/route.ts";
import { familyOf, widthOf } from "#core/net/address.ts";
import type { Family, Ip } from "#core/net/address.ts";
import { firstOf, lengthOf } from "#core/net/prefix.ts";
import type { Cidr } from "#core/net/prefix.ts";
import { AF_INET6, bytesOfIp, familyNumber, ipOfBytes } from "./bytes.ts";
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

/** The name of a link; undefined for one that is told by its number. */
type NameOf = (link: number) => string | undefined;

/** Ours of a family, or those of them with one of these prefixes. What they wait for is not on the host: `after` is empty. */
export function routesOf(route: Channel, family: Family, nameOf: NameOf, prefixes?: ReadonlySet<Cidr>): Route[] {
  const fixed = Buffer.from([familyNumber(family), 0, 0, 0, MAIN, MARGAY_PROTOCOL, 0, 0, 0, 0, 0, 0]);
  return route.dump({ type: GETROUTE, fixed }, (body) => {
    // The kernel sees to it, where it is new enough.
    if (!isOurs(body)) return undefined;
    const prefix = prefixOf(body, family);
    return prefixes?.has(prefix) === false ? undefined : routeOf(prefix, body, nameOf);
  });
}

/** RTM_F_FIB_MATCH: the route itself by which the kernel would go, not what it made of it. */
const FIB_MATCH = 0x2000;
/** There is none, or none by which one gets anywhere: ENOENT, ESRCH, EINVAL, EACCES, ENETUNREACH, EHOSTUNREACH. */
const NO_WAY = [2, 3, 22, 13, 101, 113];

/**
 * The route of one address by which packets go now. It is the one at a key where it is ours, of that very prefix and metric; else nothing is
 * said of what is there: another may go before it, or it leads nowhere.
 */
export function routesTaken(route: Channel, ips: readonly Ip[], nameOf: NameOf): readonly (Route | undefined)[] {
  const questions = ips.map((ip): Question => {
    const fixed = Buffer.from([familyNumber(familyOf(ip)), widthOf(familyOf(ip)), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    fixed.writeUInt32LE(FIB_MATCH, 8);
    return { type: GETROUTE, fixed, fill: (to) => to.attribute(RTA.DST, bytesOfIp(ip)) };
  });
  return route.gets(
    questions,
    (body) => (isOurs(body) ? routeOf(prefixOf(body, body[0] === AF_INET6 ? 6 : 4), body, nameOf) : undefined),
    NO_WAY,
  );
}

function isOurs(body: Buffer): boolean {
  return body[4] === MAIN && body[5] === MARGAY_PROTOCOL;
}

function prefixOf(body: Buffer, family: Family): Cidr {
  const dst = attributeIn(body, RTA.DST, 12) ?? Buffer.alloc(family === 4 ? 4 : 16);
  return `${ipOfBytes(dst)}/${body[1]}` as Cidr;
}

function routeOf(prefix: Cidr, body: Buffer, nameOf: NameOf): Route {
  const found = attributesIn(body, 12);
  return { prefix, to: targetOf(body[7], found, nameOf), metric: found.get(RTA.PRIORITY)?.readUInt32LE(0) ?? 0, after: [] };
}

/** A target that we never write is kept in words, so that it differs from all that is wanted. Unreachable IPv6 routes carry `dev lo`. */
function targetOf(type: number | undefined, found: ReadonlyMap<number, Buffer>, nameOf: NameOf): Route["to"] {
  if (type === UNREACHABLE) return "unreachable";
  const link = found.get(RTA.OIF)?.readUInt32LE(0);
  const dev = link === undefined ? "nowhere" : (nameOf(link) ?? `link ${link}`);
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

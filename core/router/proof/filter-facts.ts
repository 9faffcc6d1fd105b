/** What the data centre says of packets at one of its gateways, as spans of numbers. */
import type { DataCenter, Gateway } from "../../datacenter/data-center.ts";
import { exportsOf } from "../../datacenter/exports.ts";
import { untranslatedTowards } from "../../datacenter/pnat-scope.ts";
import { privateRanges, rangesOf } from "../../datacenter/ranges.ts";
import { machinePrefixes } from "../../datacenter/racks.ts";
import { coreInterfaces } from "../../datacenter/segments.ts";
import { poolOf } from "../../intent/pnat-pool.ts";
import { bitsOf, familyOf } from "../../net/address.ts";
import type { Family, Ip } from "../../net/address.ts";
import { firstOf, lastOf, readCidr } from "../../net/prefix.ts";
import type { Cidr } from "../../net/prefix.ts";
import { classesOf } from "../nft/classes.ts";
import type { Classes } from "../nft/classes.ts";
import type { Ruleset, Span } from "../nft/model.ts";
import { among, one } from "../nft/packet.ts";

export type Spans = readonly Span[];

export interface Facts {
  readonly family: Family;
  /** Interfaces on the core. */
  readonly fabric: readonly string[];
  readonly uplink: string;
  /** The private range; nothing in IPv6. */
  readonly closed: Spans;
  /** What the outside is told of. */
  readonly announced: Spans;
  /** All of the data centre's own: ranges and machines. */
  readonly inside: Spans;
  readonly pool: Spans;
  /** Own addresses on the link to the provider; in IPv6, those of any link as well. */
  readonly local: Spans;
  /** Outside, and told of private addresses all the same. */
  readonly spared: Spans;
  /** Towards which nothing is translated. */
  readonly except: Spans;
}

export function factsOf(dc: DataCenter, gateway: Gateway, family: Family): Facts {
  const { upstream } = gateway;
  const pool = family === 4 ? poolOf(dc, gateway) : undefined;
  const local = family === 4 ? upstream.ipv4?.local.ip : upstream.ipv6?.local.ip;
  const own = (prefixes: readonly (Cidr | undefined)[]) => spansOf(prefixes, family);
  return {
    family,
    fabric: coreInterfaces(dc),
    uplink: upstream.interface,
    closed: own(privateRanges(dc)),
    announced: own(exportsOf(dc)),
    inside: own([...rangesOf(dc), ...machinePrefixes(dc)]),
    pool: pool === undefined ? [] : [{ low: bitsOf(pool.start), high: bitsOf(pool.end) }],
    local: [...(local === undefined ? [] : [one(bitsOf(local))]), ...(family === 6 ? ON_EVERY_LINK : [])],
    spared: own(dc.pnat?.untranslated ?? []),
    except: family === 4 ? own(untranslatedTowards(dc)) : [],
  };
}

/** Link-local addresses, and none: what neighbour discovery is spoken with (RFC 4861). */
const ON_EVERY_LINK: Spans = [...spansOf([readCidr("fe80::/10")], 6), one(bitsOf("::" as Ip))];

function spansOf(prefixes: readonly (Cidr | undefined)[], family: Family): Spans {
  return prefixes.flatMap((prefix) =>
    prefix === undefined || familyOf(prefix) !== family ? [] : [{ low: bitsOf(firstOf(prefix)), high: bitsOf(lastOf(prefix)) }],
  );
}

/** All that the rules, or these facts, tell apart; private addresses first, as they are what people look for. */
export function classesIn(rules: Ruleset, { family, closed, announced, inside, pool, local, spared, except }: Facts): Classes {
  const classes = classesOf(rules, family, [closed, announced, inside, pool, local, spared, except]);
  const last = (spans: Spans) => Number(among(spans, closed) !== "yes");
  return { ...classes, saddr: classes.saddr.toSorted((left, right) => last(left) - last(right)) };
}

/** Asks of addresses whether all of them are among these. */
export const within = (spans: Spans) => (asked: Spans) => among(asked, spans) === "yes";

/**
 * Which routes a router tells of with itself as their next hop: its own, and those that eBGP brought (RFC 4271, 5.1.3). What it
 * reflects keeps the next hop that it had. Platforms whose session-wide switch cannot tell the two apart are told route by route.
 */
import type { Ip } from "../net/address.ts";
import type { Community, Policy, Term } from "./policy.ts";
import type { NeighborFamily, RouterConfig } from "./router-config.ts";

type Origins = Pick<RouterConfig, "originated" | "statics">;

/** What kind of route has that colour here: for platforms that tell own routes by it, as not all of theirs carry communities. */
export function sourceOf({ originated, statics }: Origins, colour: Community | undefined): "static" | "connected" | "bgp" {
  const own = originated.find(({ community }) => community === colour);
  if (own === undefined) return "bgp";
  return statics.some(({ prefix }) => prefix === own.prefix) ? "static" : "connected";
}

/** Colours of routes that begin here. */
export function ownColours({ originated }: Pick<RouterConfig, "originated">): ReadonlySet<Community> {
  return new Set(originated.map(({ community }) => community));
}

/** The community that a term asks for, if any. */
export function colourAsked({ when }: Term): Community | undefined {
  return when.flatMap((condition) => ("community" in condition ? [condition.community] : []))[0];
}

/** What a term of an export policy names as the next hop; undefined where the router leaves it as BGP has it anyway. */
export function nextHopTold(config: RouterConfig, policy: Policy, term: Term): "self" | Ip | undefined {
  if (term.verdict !== "accept") return undefined;
  for (const { asn, localAsn, families } of config.neighbors) {
    const told = families.find((family) => family.export === policy.name);
    if (told !== undefined) return asn === localAsn ? within(config, told, term) : beyond(told);
  }
  return undefined;
}

function within(config: RouterConfig, { nextHop, localNextHop }: NeighborFamily, term: Term): "self" | Ip | undefined {
  const colour = colourAsked(term);
  const external = colour !== undefined && externalColours(config).has(colour);
  return nextHop === "self" || (nextHop === "self for external" && external) ? (localNextHop ?? "self") : undefined;
}

/** On eBGP it is this router anyway, but for the family that the session does not run over. */
function beyond({ nextHop, localNextHop }: NeighborFamily): Ip | undefined {
  return nextHop === "kept" ? undefined : localNextHop;
}

function externalColours(config: RouterConfig): ReadonlySet<Community> {
  const heard = config.communities.filter(({ name }) => name === "from-provider").map(({ value }) => value);
  return new Set([...ownColours(config), ...heard]);
}

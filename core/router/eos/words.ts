/** EOS' own words, and what a reader of the text has to know before loading it. */
import { familyOf } from "../../net/address.ts";
import type { Family } from "../../net/address.ts";
import { byHand } from "../lines.ts";
import { hopList } from "../route-map.ts";
import type { MapWords } from "../route-map.ts";
import type { RouterConfig } from "../router-config.ts";

export const RELEASE = "Arista EOS 4.31";

/** Denies all: for what is to reach no forwarding table. */
export const NOTHING = "NOTHING";

export const ipWord = (family: Family): "ip" | "ipv6" => (family === 4 ? "ip" : "ipv6");

/** `next-hop-self` of a neighbour would also replace the next hop of what is reflected, so that it is said route by route. */
export const MAP_WORDS: MapWords = {
  prefixes: (list, family) => `match ${ipWord(family)} address prefix-list ${list}`,
  community: (list) => `match community ${list}`,
  nextHop: (hop) => `match ${ipWord(familyOf(hop))} next-hop prefix-list ${hopList(hop)}`,
  setCommunities: (values) => `set community ${values === "none" ? "none" : values.join(" ")}`,
  addCommunities: (values) => `set community ${values.join(" ")} additive`,
  setLocalPreference: (value) => `set local-preference ${value}`,
  // On its way out, the peer's address is our end of the session.
  setNextHop: (hop, family) => [`set ${ipWord(family)} next-hop ${hop === "peer" || hop === "self" ? "peer-address" : hop}`],
};

export function preamble(config: RouterConfig): readonly string[] {
  return [
    `${config.name}: ${config.role} of the data centre ${config.site}, for ${RELEASE}; written by Margay from datacenter.yaml.`,
    "",
    "Load:       configure session margay; (this text); show session-config named margay diffs; configure session margay commit timer 00:05:00",
    "Check:      show bgp summary; show ip bgp neighbors PEER advertised-routes; show ipv6 bgp peers PEER advertised-routes",
    "Keep:       configure session margay commit; write memory",
    "Take back:  do nothing for 5 minutes; later: configure checkpoint restore NAME",
    `An older version has to go first, as lines only add: no router bgp ${config.asn}, and the lists and route-maps named below.`,
    "",
    ...byHand(config),
  ];
}

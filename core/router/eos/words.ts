/** EOS' own words, and what a reader of the text has to know before loading it. */
import { byHand, headOf } from "../lines.ts";
import { CLI_MAP_WORDS, ipWord } from "../cli/words.ts";
import type { MapWords } from "../route-map.ts";
import type { RouterConfig } from "../router-config.ts";

export const RELEASE = "Arista EOS 4.31";

/** `next-hop-self` of a neighbour would also replace the next hop of what is reflected, so that it is said route by route. */
export const MAP_WORDS: MapWords = {
  ...CLI_MAP_WORDS,
  // On its way out, the peer's address is our end of the session.
  setNextHop: (hop, family) => [`set ${ipWord(family)} next-hop ${hop === "peer" || hop === "self" ? "peer-address" : hop}`],
};

export function preamble(config: RouterConfig): readonly string[] {
  return [
    headOf(config, RELEASE),
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

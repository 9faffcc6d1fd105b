/** IOS-XE's own words, and what a reader of the text has to know before loading it. */
import { familyOf, ipOf } from "../../net/address.ts";
import { firstOf, lengthOf } from "../../net/prefix.ts";
import type { Cidr } from "../../net/prefix.ts";
import { byHand, headOf } from "../lines.ts";
import { CLI_MAP_WORDS, ipWord } from "../cli/words.ts";
import type { MapWords } from "../route-map.ts";
import type { RouterConfig } from "../router-config.ts";

/** From it on there is `bgp safe-ebgp-policy`. */
export const RELEASE = "Cisco IOS-XE 17.2";

export function maskOf(length: number): string {
  return ipOf(4, ((1n << BigInt(length)) - 1n) << BigInt(32 - length));
}

/** `10.65.0.0 0.0.255.255`, as access lists want it. */
export function wildcard(prefix: Cidr): string {
  const length = lengthOf(prefix);
  return `${firstOf(prefix)} ${ipOf(4, (1n << BigInt(32 - length)) - 1n)}`;
}

/** `172.18.208.0 255.255.255.0`, as `network` and `ip route` want it; a prefix in IPv6. */
export function masked(prefix: Cidr, word = ""): string {
  return familyOf(prefix) === 6 ? prefix : `${firstOf(prefix)} ${word}${maskOf(lengthOf(prefix))}`;
}

/** `next-hop-self` serves the family of the session; for the other one the address is said. */
export const MAP_WORDS: MapWords = {
  ...CLI_MAP_WORDS,
  setNextHop: (hop, family) => (hop === "self" ? [] : [`set ${ipWord(family)} next-hop ${hop === "peer" ? "peer-address" : hop}`]),
};

export function preamble(config: RouterConfig): readonly string[] {
  return [
    headOf(config, RELEASE),
    "",
    "Load:       copy running-config flash:before; configure terminal revert timer 5; (this text); end",
    "Check:      show bgp all summary; show bgp ipv4 unicast neighbors PEER advertised-routes",
    "Keep:       configure confirm; write memory",
    "Take back:  do nothing for 5 minutes (needs `archive`); later: configure replace flash:before",
    `An older version has to go first, as lines only add: no router bgp ${config.asn}, and the lists and route-maps named below.`,
    "",
    ...byHand(config),
    ...(config.pnat === undefined ? [] : ["A Catalyst 9000 translates with the licence Network Advantage alone."]),
  ];
}

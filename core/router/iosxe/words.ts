/** IOS-XE's own words, and what a reader of the text has to know before loading it. */
import { familyOf, ipOf } from "../../net/address.ts";
import type { Family } from "../../net/address.ts";
import { firstOf, lengthOf } from "../../net/prefix.ts";
import type { Cidr } from "../../net/prefix.ts";
import { byHand } from "../lines.ts";
import { hopList } from "../route-map.ts";
import type { MapWords } from "../route-map.ts";
import type { RouterConfig } from "../router-config.ts";

/** From it on there is `bgp safe-ebgp-policy`. */
export const RELEASE = "Cisco IOS-XE 17.2";

/** Denies all: for what is to reach no forwarding table. */
export const NOTHING = "NOTHING";

const ipWord = (family: Family) => (family === 4 ? "ip" : "ipv6");

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
  prefixes: (list, family) => `match ${ipWord(family)} address prefix-list ${list}`,
  community: (list) => `match community ${list}`,
  nextHop: (hop) => `match ${ipWord(familyOf(hop))} next-hop prefix-list ${hopList(hop)}`,
  setCommunities: (values) => `set community ${values === "none" ? "none" : values.join(" ")}`,
  addCommunities: (values) => `set community ${values.join(" ")} additive`,
  setLocalPreference: (value) => `set local-preference ${value}`,
  setNextHop: (hop, family) => (hop === "self" ? [] : [`set ${ipWord(family)} next-hop ${hop === "peer" ? "peer-address" : hop}`]),
};

export function preamble(config: RouterConfig): readonly string[] {
  return [
    `${config.name}: ${config.role} of the data centre ${config.site}, for ${RELEASE}; written by Margay from datacenter.yaml.`,
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

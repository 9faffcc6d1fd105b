/** VyOS' own words, and what a reader of the text has to know before loading it. */
import type { Family, Ip } from "../../net/address.ts";
import { familyOf } from "../../net/address.ts";
import { byHand, headOf, onPorts } from "../lines.ts";
import type { MapWords } from "../route-map.ts";
import type { Neighbor, RouterConfig } from "../router-config.ts";

/** The definitions that each line was held against. */
export const RELEASE = "VyOS 1.5";

/** Denies all: for what is to reach no forwarding table. */
export const NOTHING = "NOTHING";

export const unicast = (family: Family): "ipv4-unicast" | "ipv6-unicast" => (family === 4 ? "ipv4-unicast" : "ipv6-unicast");
export const listWord = (family: Family): "prefix-list" | "prefix-list6" => (family === 4 ? "prefix-list" : "prefix-list6");
const ipWord = (family: Family) => (family === 4 ? "ip" : "ipv6");

/** An interface by its name: `eth0`, `bond0`, and `eth0.100` for a VLAN on it. */
export function interfacePath(name: string): string {
  const [device = "", vlan] = name.split(".");
  const kind = device.startsWith("bond") ? "bonding" : "ethernet";
  return `interfaces ${kind} ${device}${vlan === undefined ? "" : ` vif ${vlan}`}`;
}

/** One profile for all who watch each other at the same pace. */
export const bfdProfile = ({ interval, multiplier }: NonNullable<Neighbor["bfd"]>): string => `BFD-${interval}-${multiplier}`;

/** A route told to a neighbour has this router as its next hop by `nexthop-self`; an address is needed for the family that the session does not run over. */
export const MAP_WORDS: MapWords = {
  prefixes: (list, family) => `match ${ipWord(family)} address prefix-list ${list}`,
  community: (list) => `match community community-list ${list}`,
  nextHop: (hop) => `match ${ipWord(familyOf(hop))} nexthop address ${hop}`,
  setCommunities: (values) =>
    values === "none" ? "set community none" : values.map((value) => `set community replace ${value}`).join("\n"),
  addCommunities: (values) => values.map((value) => `set community add ${value}`).join("\n"),
  setLocalPreference: (value) => `set local-preference ${value}`,
  setNextHop: (hop, family) => nextHopWords(hop, family),
};

function nextHopWords(hop: Ip | "self" | "peer", family: Family): readonly string[] {
  if (hop === "self") return [];
  if (family === 4) return [`set ip-next-hop ${hop === "peer" ? "peer-address" : hop}`];
  return [hop === "peer" ? "set ipv6-next-hop peer-address" : `set ipv6-next-hop global ${hop}`];
}

export function preamble(config: RouterConfig): readonly string[] {
  return [
    headOf(config, RELEASE),
    "",
    "Load:       configure; (this text); compare; commit-confirm 5",
    "Check:      show bgp summary; show bgp ipv4 neighbors PEER advertised-routes",
    "Keep:       confirm; save",
    "Take back:  do nothing for 5 minutes, and the router starts again as it was saved; later: rollback 1; commit",
    "An older version has to go first, as `set` only adds: delete protocols bgp; delete policy; delete nat source",
    "",
    ...byHand(config),
    ...onPorts(config.neighbors),
  ];
}

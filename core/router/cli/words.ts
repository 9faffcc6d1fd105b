/** Words that IOS and EOS share. */
import { familyOf } from "../../net/address.ts";
import type { Family } from "../../net/address.ts";
import { hopList } from "../route-map.ts";
import type { MapWords } from "../route-map.ts";

/** Denies all: for what is to reach no forwarding table. */
export const NOTHING = "NOTHING";

export const ipWord = (family: Family): "ip" | "ipv6" => (family === 4 ? "ip" : "ipv6");

/** Next hops are set by each in its own way. */
export const CLI_MAP_WORDS: Omit<MapWords, "setNextHop"> = {
  prefixes: (list, family) => `match ${ipWord(family)} address prefix-list ${list}`,
  community: (list) => `match community ${list}`,
  nextHop: (hop) => `match ${ipWord(familyOf(hop))} next-hop prefix-list ${hopList(hop)}`,
  setCommunities: (values) => `set community ${values === "none" ? "none" : values.join(" ")}`,
  addCommunities: (values) => `set community ${values.join(" ")} additive`,
  setLocalPreference: (value) => `set local-preference ${value}`,
};

/** SR Linux's own words, and what a reader of the text has to know before loading it. */
import type { Family } from "../../net/address.ts";
import { byHand, headOf, plainName } from "../lines.ts";
import type { Community } from "../policy.ts";
import type { RouterConfig } from "../router-config.ts";

/** The schema that each line was held against. Before 25.3 it is `match prefix-set`, without `prefix`. */
export const RELEASE = "Nokia SR Linux 25.3";

/** The network instance that all of it belongs to. */
export const INSTANCE = "set / network-instance default";
export const BGP = `${INSTANCE} protocols bgp`;
/** The next-hop group of what ends here. */
export const DISCARD = "DISCARD";

export const afiSafi = (family: Family): "ipv4-unicast" | "ipv6-unicast" => (family === 4 ? "ipv4-unicast" : "ipv6-unicast");

export function communityName({ communities }: RouterConfig, value: Community): string {
  return plainName(communities.find((each) => each.value === value)?.name ?? `community-${value}`);
}

/** A subinterface: 0 where none is named. */
export function unitOf(name: string): readonly [device: string, index: string] {
  const dot = name.lastIndexOf(".");
  return dot < 0 ? [name, "0"] : [name.slice(0, dot), name.slice(dot + 1)];
}

export const logical = (name: string): string => unitOf(name).join(".");

export function preamble(config: RouterConfig): readonly string[] {
  return [
    headOf(config, RELEASE),
    "",
    "Load:       enter candidate exclusive; (this text); diff; commit validate; commit confirmed timeout 300",
    "Check:      show network-instance default protocols bgp neighbor",
    "            show network-instance default protocols bgp neighbor PEER advertised-routes ipv4",
    "Keep:       tools system configuration confirmed-accept",
    "Take back:  do nothing for 5 minutes; later: load checkpoint id 0; commit now",
    "An older version has to go first, as `set` only adds: delete / network-instance default protocols bgp; delete / routing-policy",
    "",
    ...byHand(config, logical),
  ];
}

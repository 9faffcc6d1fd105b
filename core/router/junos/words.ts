/** Junos' own words, and what a reader of the text has to know before loading it. */
import type { Family } from "../../net/address.ts";
import { byHand, headOf, plainName } from "../lines.ts";
import type { Community } from "../policy.ts";
import type { RouterConfig } from "../router-config.ts";

/** The schema that each line was held against. */
export const RELEASE = "Junos 24.4R1";

/** Ends every chain of policies: what follows in Junos is its own default, which accepts routes of BGP. */
export const REJECT = "REJECT";

/** Stands for every community, where all are taken away. */
export const EVERY_COMMUNITY = "EVERY-COMMUNITY";

export const familyWord = (family: Family): "inet" | "inet6" => (family === 4 ? "inet" : "inet6");

/** The name under which a community is defined. */
export function communityName({ communities }: RouterConfig, value: Community): string {
  const named = communities.find((each) => each.value === value);
  return plainName(named?.name ?? `community-${value}`);
}

/** A logical interface: unit 0 where none is named. */
export function unitOf(name: string): readonly [device: string, unit: string] {
  const dot = name.lastIndexOf(".");
  return dot < 0 ? [name, "0"] : [name.slice(0, dot), name.slice(dot + 1)];
}

/** As it is called in the data centre. */
export const bare = (name: string): string => name.replace(/\.0$/, "");

export const logical = (name: string): string => unitOf(name).join(".");

export function preamble(config: RouterConfig): readonly string[] {
  return [
    headOf(config, RELEASE),
    "",
    "Load:       configure exclusive; load set terminal; (this text, then Ctrl-D); show | compare; commit check; commit confirmed 5",
    "Check:      show bgp summary; show route advertising-protocol bgp PEER; show route receive-protocol bgp PEER",
    "Keep:       commit",
    "Take back:  do nothing for 5 minutes; later: rollback 1; commit",
    "An older version has to go first, as `set` only adds: delete protocols bgp; delete policy-options; delete routing-options.",
    "",
    ...byHand(config, logical),
  ];
}

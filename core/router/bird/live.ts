/** What `birdc` says of sessions, and of what is told on them. */
import { readCidr } from "../../net/prefix.ts";
import type { Cidr } from "../../net/prefix.ts";

/** Of `show route export PROTOCOL`: each prefix begins a line, further ways to it do not. */
export function birdTold(text: string): readonly Cidr[] {
  const prefixes = [...text.matchAll(/^([0-9a-f.:]+\/\d+)\s/gm)].flatMap(([, prefix = ""]) => readCidr(prefix) ?? []);
  return [...new Set(prefixes)];
}

/** Of `show protocols`: BGP's state by the protocol's name; `start` and `down` where it has none. */
export function birdStates(text: string): ReadonlyMap<string, string> {
  const rows = [...text.matchAll(/^(\S+)\s+BGP\s+\S+\s+(\S+)\s+\S+(?:\s+(\S+))?/gm)];
  return new Map(rows.map(([, name = "", state = "", info]) => [name, info ?? state]));
}

/** The networks that the lab puts outside: those declared, else documentation space that nothing else in the file uses. */
import { lengthOf, overlaps, readCidr } from "../net/prefix.ts";
import type { Cidr } from "../net/prefix.ts";
import { placesOf } from "./check-addresses.ts";
import type { LabPlan } from "./data-center.ts";
import type { Declared } from "./layout.ts";
import type { Source } from "./source.ts";

const SPARE4 = ["203.0.113.0/24", "192.0.2.0/24", "198.51.100.0/24", "198.18.0.0/24"];
const SPARE6 = ["2001:db8:feed::/64", "3fff:fee::/64"];

/** Undefined, and blamed, when a network is too small for a router and a host or when nothing spare is left. */
export function labOf(declared: Declared, source: Source): LabPlan | undefined {
  const taken = placesOf(declared).map(({ prefix }) => prefix);
  const network = (key: keyof LabPlan, spare: readonly string[], longest: number): Cidr | undefined => {
    const given = declared.lab?.[key];
    if (given !== undefined && lengthOf(given) > longest)
      source.blame(["lab", key], `too small for a router and a host; it has to be a /${longest} or larger`);
    const found = given ?? spare.flatMap((text) => readCidr(text) ?? []).find((prefix) => !taken.some((other) => overlaps(other, prefix)));
    if (found === undefined && !source.blamed(["lab", key]))
      source.blame(["lab", key], "missing; everything that it would be otherwise is in use");
    return found;
  };
  const [outside4, outside6] = [network("outside4", SPARE4, 30), network("outside6", SPARE6, 126)];
  return outside4 && outside6 && { outside4, outside6 };
}

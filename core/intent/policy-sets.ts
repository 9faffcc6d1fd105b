/**
 * The sets that rules look into for their other side: per remote group and family its members' addresses, per address
 * group and family its prefixes. Who comes or goes changes what is in a set; no chain changes.
 */
import type { Endpoint, GroupRule, View } from "../feed/item.ts";
import type { Wanted } from "../kinds/kind.ts";
import type { Nft, NftSet } from "../kinds/nft.ts";
import { compareIp, familyOf } from "../net/address.ts";
import type { Family } from "../net/address.ts";
import { firstOf, hostPrefix } from "../net/prefix.ts";
import type { Cidr } from "../net/prefix.ts";
import { caused } from "./caused.ts";
import { inet, ports } from "./nft-parts.ts";
import { outermost } from "./policy-host.ts";
import { isListed, setNameOf } from "./policy-rules.ts";
import type { Listed } from "./policy-rules.ts";

interface RemoteSet {
  readonly name: string;
  readonly remote: Listed;
  readonly family: Family;
  /** The endpoints here whose rules look into it. */
  readonly users: readonly Endpoint[];
}

/** Those that the rules of these endpoints speak of, with what is in them. */
export function remoteSets(view: View, endpoints: readonly Endpoint[]): Wanted<Nft>[] {
  return [...setsOf(view, endpoints).values()]
    .toSorted((left, right) => (left.name < right.name ? -1 : 1))
    .flatMap((set) => {
      const cause = causeOf(set.remote);
      const { set: object, elements } =
        "group" in set.remote ? ofMembers(view, set.remote.group, set) : ofPrefixes(view, set.remote.address_group, set);
      return [...caused<Nft>([...set.users.map(ports), cause], [object]), ...caused<Nft>([cause], elements)];
    });
}

function causeOf(remote: Listed): string {
  return "group" in remote ? `security_group/${remote.group}` : `address_group/${remote.address_group}`;
}

interface Objects {
  readonly set: NftSet;
  /** Those of its elements that are objects of their own. */
  readonly elements: readonly Nft[];
}

/** Whoever leaves a group loses the flows that its membership allowed. */
function ofMembers(view: View, group: string, { name, family }: RemoteSet): Objects {
  const addresses = [...(view.members.get(group)?.values() ?? [])]
    .flatMap((bucket) => [...bucket])
    .filter((ip) => familyOf(ip) === family)
    .toSorted(compareIp);
  return { set: inet.set(name, `type ipv${family}_addr;`), elements: addresses.map((ip) => inet.element(name, [ip], { cuts: [ip] })) };
}

/**
 * Intervals may not overlap, so only the outermost prefixes are in. With one that goes, the flows of those go whose rules look
 * for it: who is in a group is known, what is in a prefix may be anybody's.
 */
function ofPrefixes(view: View, group: string, { name, family, users }: RemoteSet): Objects {
  const prefixes = (view.prefixes.get(group) ?? []).filter((prefix) => familyOf(prefix) === family);
  const cuts = users.flatMap(({ addresses }) => addresses.map(({ ip }) => ip)).filter((ip) => familyOf(ip) === family);
  const contents = { elements: outermost(prefixes).map(elementText).toSorted(), cuts, grants: prefixes };
  return { set: inet.set(name, `type ipv${family}_addr; flags interval;`, contents), elements: [] };
}

/** nft writes a prefix of one address as the address. */
function elementText(prefix: Cidr): string {
  const first = firstOf(prefix);
  return hostPrefix(first) === prefix ? first : prefix;
}

function setsOf(view: View, endpoints: readonly Endpoint[]): ReadonlyMap<string, RemoteSet> {
  const sets = new Map<string, RemoteSet & { readonly users: Endpoint[] }>();
  for (const endpoint of endpoints) {
    for (const { remote, family } of rulesOf(view, endpoint)) {
      if (!isListed(remote)) continue;
      const name = setNameOf(remote, family);
      const known = sets.get(name) ?? { name, remote, family, users: [] };
      if (known.users.at(-1) !== endpoint) known.users.push(endpoint);
      sets.set(name, known);
    }
  }
  return sets;
}

function rulesOf(view: View, { groups }: Endpoint): readonly GroupRule[] {
  return groups.flatMap((group) => view.groups.get(group)?.rules ?? []);
}

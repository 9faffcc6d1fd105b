/**
 * The sets that rules look into for their other side: per remote group and family its members' addresses, per address
 * group and family its prefixes. Who comes or goes changes what is in a set; no chain changes.
 */
import type { Endpoint, Group, View } from "../feed/item.ts";
import type { Wanted } from "../kinds/kind.ts";
import type { Nft, NftSet, NftShare } from "../kinds/nft.ts";
import type { Members } from "../feed/members.ts";
import { familyOf } from "../net/address.ts";
import type { Family, Ip } from "../net/address.ts";
import { firstOf, hostPrefix } from "../net/prefix.ts";
import type { Cidr } from "../net/prefix.ts";
import { caused } from "./caused.ts";
import type { Part } from "./intent.ts";
import { perValue, perValueAnd } from "./memo.ts";
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

/** Those that the rules of these endpoints speak of. Members are objects of their own, and not among them. */
export function remoteSets(view: View, endpoints: readonly Endpoint[]): Wanted<Nft>[] {
  return setsOf(view, endpoints).flatMap((set) => {
    const { name, family, remote, users } = set;
    const object = "group" in remote ? inet.set(name, `type ipv${family}_addr;`) : ofPrefixes(view, remote.address_group, set);
    return caused<Nft>([...users.map(ports), causeOf(remote)], [object]);
  });
}

/** Who is in those of them that are groups: a part for each share, which is the very value that it was as long as nobody in it changes. */
export function memberParts(view: View, endpoints: readonly Endpoint[]): Part[] {
  return setsOf(view, endpoints).flatMap(({ name, family, remote }) => {
    const members = "group" in remote ? view.members.get(remote.group) : undefined;
    return members === undefined ? [] : groupParts(members)[family](name, causeOf(remote));
  });
}

/** Of a group, for its set of either family. */
const groupParts = perValue((members: Members) => {
  const of = (family: Family) =>
    perValueAnd((all: Members, name: string, cause: string): readonly Part[] =>
      [...all].toSorted(([left], [right]) => left - right).map(([share, own]) => shareParts(own)(name, family, cause, share)),
    );
  const [four, six] = [of(4), of(6)];
  return {
    4: (name: string, cause: string) => four(members, name, cause),
    6: (name: string, cause: string) => six(members, name, cause),
  };
});

/** One share may be in a set of each family. */
const shareParts = perValue((members: ReadonlySet<Ip>) => {
  const known = new Map<string, Part>();
  return (of: string, family: Family, cause: string, share: number): Part => {
    const part = known.get(of) ?? { nft: caused<Nft>([cause], ofMembers(members, family, { of, share })) };
    known.set(of, part);
    return part;
  };
});

function causeOf(remote: Listed): string {
  return "group" in remote ? `security_group/${remote.group}` : `address_group/${remote.address_group}`;
}

function ofMembers(members: ReadonlySet<Ip>, family: Family, place: Pick<NftShare, "of" | "share">): readonly NftShare[] {
  const elements = [...members].filter((ip) => familyOf(ip) === family).toSorted();
  return elements.length === 0 ? [] : [{ object: "share", family: "inet", ...place, elements }];
}

/** Intervals may not overlap, so only the outermost prefixes are in. */
function ofPrefixes(view: View, group: string, { name, family }: RemoteSet): NftSet {
  const prefixes = (view.prefixes.get(group) ?? []).filter((prefix) => familyOf(prefix) === family);
  const contents = { elements: outermost(prefixes).map(elementText).toSorted() };
  return inet.set(name, `type ipv${family}_addr; flags interval;`, contents);
}

/** nft writes a prefix of one address as the address. */
function elementText(prefix: Cidr): string {
  const first = firstOf(prefix);
  return hostPrefix(first) === prefix ? first : prefix;
}

/** Sorted by name. */
const setsOf = perValueAnd((view: View, endpoints: readonly Endpoint[]): readonly RemoteSet[] => {
  const sets = new Map<string, RemoteSet & { readonly users: Endpoint[] }>();
  for (const endpoint of endpoints) {
    for (const group of endpoint.groups.flatMap((id) => view.groups.get(id) ?? [])) {
      for (const { name, remote, family } of remotesOf(group)) {
        const known = sets.get(name) ?? { name, remote, family, users: [] };
        if (known.users.at(-1) !== endpoint) known.users.push(endpoint);
        sets.set(name, known);
      }
    }
  }
  return [...sets.values()].toSorted((left, right) => (left.name < right.name ? -1 : 1));
});

/** What the rules of a group speak of. */
const remotesOf = perValue(({ rules }: Group) =>
  rules.flatMap(({ remote, family }) => (isListed(remote) ? [{ name: setNameOf(remote, family), remote, family }] : [])),
);

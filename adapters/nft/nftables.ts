/** The tables named `margay`, in the families inet and arp. Other tables are never looked at. */
import type { Driver } from "#contracts/driver.ts";
import { nftHeld } from "#core/kinds/nft-held.ts";
import type { NftTable, SetState } from "#core/kinds/nft-table.ts";
import { nft } from "#core/kinds/nft.ts";
import type { Nft, NftFamily } from "#core/kinds/nft.ts";
import type { Channel } from "../netlink/channel.ts";
import { elementAt, elementsOf } from "./elements.ts";
import { atOnce, chainNamed, tableOf } from "./listing.ts";
import { setNamed } from "./sets.ts";
import { transact } from "./transaction.ts";
import type { NftTools } from "./transaction.ts";

const FAMILIES: readonly NftFamily[] = ["inet", "arp"];

export function nftables(tools: NftTools): Driver<Nft> {
  return {
    list: async (want) =>
      nftHeld(
        want,
        atOnce(tools.netfilter, () => FAMILIES.map((family) => tableOf(tools.netfilter, family))),
      ),
    read: async (values) => {
      const table = atOnce(tools.netfilter, () => partOf(tools.netfilter, values));
      const keys = new Set(values.map(nft.key));
      return nftHeld(values, [table]).filter((value) => keys.has(nft.key(value)));
    },
    apply: (changes) => transact(tools, changes),
  };
}

/** What the host has of these alone. */
function partOf(netfilter: Channel, values: readonly Nft[]): NftTable {
  const sets = Map.groupBy(values, (value) =>
    value.object === "chain" ? "" : `${value.family} ${value.object === "element" ? value.of : value.name}`,
  );
  return {
    chains: values.flatMap((value) => (value.object === "chain" ? (chainNamed(netfilter, value.family, value.name) ?? []) : [])),
    sets: [...sets].flatMap(([place, some]) => (place === "" ? [] : setWith(netfilter, some))),
  };
}

/** One set, with those of its elements that are among these values; with all, where it is wanted as a whole. */
function setWith(netfilter: Channel, values: readonly Nft[]): SetState[] {
  const [first] = values;
  const set =
    first === undefined || first.object === "chain"
      ? undefined
      : setNamed(netfilter, first.family, first.object === "element" ? first.of : first.name);
  if (set === undefined) return [];
  if (values.some((value) => value.object === "set" && value.elements !== undefined))
    return [{ ...set, elements: elementsOf(netfilter, set) }];
  return [
    { ...set, elements: values.flatMap((value) => (value.object === "element" ? (elementAt(netfilter, set, value.element) ?? []) : [])) },
  ];
}

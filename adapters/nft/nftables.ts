/** The tables named `margay`, in the families inet and arp. Other tables are never looked at. */
import type { Driver } from "#contracts/driver.ts";
import { nftHeld } from "#core/kinds/nft-held.ts";
import type { NftTable, SetState } from "#core/kinds/nft-table.ts";
import { nft } from "#core/kinds/nft.ts";
import type { Nft } from "#core/kinds/nft.ts";
import type { Channel } from "../netlink/channel.ts";
import type { Kernel } from "../netlink/kernel.ts";
import { elementsAt, elementsOf } from "./elements.ts";
import { ledger } from "./ledger.ts";
import { nftLibrary } from "./library.ts";
import { atOnce, chainNamed } from "./listing.ts";
import { setNamed } from "./sets.ts";
import { transact } from "./transaction.ts";
import type { NftTools } from "./transaction.ts";

export function nftables({
  watch,
  run,
  netfilter,
  netns,
}: Pick<Kernel, "watch" | "netfilter" | "netns"> & Pick<NftTools, "run">): Driver<Nft> {
  const known = ledger(netfilter, watch.nft);
  const tools = { run, netfilter, ledger: known, library: nftLibrary(netns) };
  return {
    list: async (want) => nftHeld(want, known.tables(want)),
    read: async (values) => {
      const { value: table } = atOnce(netfilter, () => partOf(netfilter, values));
      const keys = new Set(values.map(nft.key));
      return nftHeld(values, [table]).filter((value) => keys.has(nft.key(value)));
    },
    watch: known.watch,
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

/** To ask for more elements than this one by one takes longer than to read a whole set. */
const MANY = 1000;

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
  const asked = new Set(values.flatMap((value) => (value.object === "element" ? [value.element] : [])));
  const elements =
    asked.size > MANY ? elementsOf(netfilter, set).filter(({ element }) => asked.has(element)) : elementsAt(netfilter, set, [...asked]);
  return [{ ...set, elements }];
}

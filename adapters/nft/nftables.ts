/** The tables named `margay`, in the families inet, ip and arp. Other tables are never looked at. */
import type { Driver } from "#contracts/driver.ts";
import { nftHeld } from "#core/kinds/nft-held.ts";
import type { NftTable, SetState } from "#core/kinds/nft-table.ts";
import { nft } from "#core/kinds/nft.ts";
import type { Nft, NftElement, NftSet } from "#core/kinds/nft.ts";
import type { Channel } from "../netlink/channel.ts";
import type { Kernel } from "../netlink/kernel.ts";
import { elementsAt, elementsOf } from "./elements.ts";
import { ledger } from "./ledger.ts";
import { nftLibrary } from "./library.ts";
import { atOnce, chainNamed } from "./listing.ts";
import { setsNamed } from "./sets.ts";
import type { SetShape } from "./sets.ts";
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
  return {
    chains: values.flatMap((value) => (value.object === "chain" ? (chainNamed(netfilter, value.family, value.name) ?? []) : [])),
    sets: setsWith(
      netfilter,
      values.filter((value) => value.object !== "chain"),
    ),
  };
}

/** To ask for more elements than this one by one takes longer than to read a whole set. */
const MANY = 1000;

/** Sets, each with those of its elements that are among these values; with all, where it is wanted as a whole. */
function setsWith(netfilter: Channel, values: readonly (NftSet | NftElement)[]): SetState[] {
  const nameOf = (value: NftSet | NftElement) => (value.object === "element" ? value.of : value.name);
  const asked = [...Map.groupBy(values, (value) => `${value.family} ${nameOf(value)}`).values()];
  const shapes = setsNamed(
    netfilter,
    asked.flatMap(([first]) => (first === undefined ? [] : [{ family: first.family, name: nameOf(first) }])),
  );
  const found = asked.flatMap((some, at) => {
    const set = shapes[at];
    return set === undefined ? [] : [{ set, keys: keysAsked(some) }];
  });
  const single = elementsAt(
    netfilter,
    found.flatMap(({ set, keys }) => (isFew(keys) ? [{ set, keys: [...keys] }] : [])),
  );
  return found.map(({ set, keys }) => ({ ...set, elements: single.get(set) ?? wholeOf(netfilter, set, keys) }));
}

type KeysAsked = ReadonlySet<string> | "all";

function keysAsked(values: readonly (NftSet | NftElement)[]): KeysAsked {
  if (values.some((value) => value.object === "set" && value.elements !== undefined)) return "all";
  return new Set(values.flatMap((value) => (value.object === "element" ? [value.element] : [])));
}

function isFew(keys: KeysAsked): keys is ReadonlySet<string> {
  return keys !== "all" && keys.size <= MANY;
}

function wholeOf(netfilter: Channel, set: SetShape, keys: KeysAsked): readonly NftElement[] {
  const all = elementsOf(netfilter, set);
  return keys === "all" ? all : all.filter(({ element }) => keys.has(element));
}

/** The tables named `margay`, in the families inet and arp. Other tables are never looked at. */
import { DONE } from "#contracts/driver.ts";
import type { Driver, Outcome } from "#contracts/driver.ts";
import type { Ip } from "#core/net/address.ts";
import { nftHeld } from "#core/kinds/nft-held.ts";
import type { NftTable, SetState } from "#core/kinds/nft-table.ts";
import { nft } from "#core/kinds/nft.ts";
import type { Nft, NftFamily } from "#core/kinds/nft.ts";
import { refOf } from "#core/kinds/kind.ts";
import type { Ref } from "#core/kinds/kind.ts";
import type { Change } from "#core/reconcile/diff.ts";
import type { Channel } from "../netlink/channel.ts";
import type { CutFlows } from "../linux/flows.ts";
import { granted } from "./granted.ts";
import type { Granted } from "./granted.ts";
import { elementAt, elementsOf } from "./elements.ts";
import { atOnce, chainNamed, tableOf } from "./listing.ts";
import { setNamed } from "./sets.ts";
import { transact } from "./transaction.ts";
import type { NftTools } from "./transaction.ts";

const FAMILIES: readonly NftFamily[] = ["inet", "arp"];

export interface NftablesTools extends NftTools {
  /** Called for the addresses of an element (`cuts`) when it was deleted, or replaced by one that grants less. */
  readonly cut: CutFlows;
}

export function nftables({ cut, ...tools }: NftablesTools): Driver<Nft> {
  const grants = granted();
  /** Elements and sets whose flows could not be cut: shown as different, so that they are put again and their flows are cut then. */
  const uncut = new Set<Ref>();
  const shown = (value: Nft) => (uncut.has(refOf(nft, value)) ? unlike(value) : value);
  return {
    list: async (want) => {
      const tables = atOnce(tools.netfilter, () => FAMILIES.map((family) => tableOf(tools.netfilter, family)));
      const held = uncut.size === 0 ? nftHeld(want, tables) : nftHeld(want, tables).map(shown);
      grants.seen(want, held);
      return held;
    },
    read: async (values) => {
      const table = atOnce(tools.netfilter, () => partOf(tools.netfilter, values));
      const keys = new Set(values.map(nft.key));
      return nftHeld(values, [table])
        .map(shown)
        .filter((value) => keys.has(nft.key(value)));
    },
    note: (values) => grants.seen(values, values),
    apply: async (changes) => {
      grants.wanted(changes.flatMap((change) => (change.op === "delete" ? [] : [change.want])));
      const outcomes = await transact(tools, changes);
      const lost = changes.map((change, at) => (outcomes[at]?.state === "done" ? grants.lostBy(change) : []));
      const failed = await cut(lost.flat());
      return changes.map((change, at) => afterCut(change, { outcome: outcomes[at] ?? DONE, lost: lost[at] ?? [], failed, grants, uncut }));
    },
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

const NOT_CUT = "(its old flows are not cut)";

/** Other than anything that is wanted. */
function unlike(value: Nft): Nft {
  if (value.object === "chain") return value;
  return value.object === "element" ? { ...value, value: NOT_CUT } : { ...value, elements: [NOT_CUT] };
}

interface Doings {
  readonly outcome: Outcome;
  readonly lost: readonly Ip[];
  readonly failed: ReadonlyMap<Ip, string>;
  readonly grants: Granted;
  readonly uncut: Set<Ref>;
}

function afterCut(change: Change<Nft>, { outcome, lost, failed, grants, uncut }: Doings): Outcome {
  if (outcome.state !== "done") return outcome;
  const reason = lost.flatMap((ip) => failed.get(ip) ?? [])[0];
  if (reason === undefined || change.op === "delete") {
    uncut.delete(change.ref);
    grants.settled(change);
  } else uncut.add(change.ref);
  return reason === undefined ? outcome : { state: "failed", reason: `old flows are not cut: ${reason}` };
}

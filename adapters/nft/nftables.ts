/** The tables named `margay`, in the families inet, ip and arp. Other tables are never looked at. */
import type { Driver } from "#contracts/driver.ts";
import { nftHeld } from "#core/kinds/nft-held.ts";
import type { NftTable, SetState } from "#core/kinds/nft-table.ts";
import { nft } from "#core/kinds/nft.ts";
import type { Nft, NftChain, NftElement, NftFlowtable } from "#core/kinds/nft.ts";
import type { Change } from "#core/reconcile/diff.ts";
import type { Channel } from "../netlink/channel.ts";
import type { Kernel } from "../netlink/kernel.ts";
import type { Offload } from "#core/kinds/offload.ts";
import { flowtableDevices, NO_DEVICES } from "./devices.ts";
import { elementsAt, elementsOf } from "./elements.ts";
import { flowtableNamed } from "./flowtables.ts";
import { ledger } from "./ledger.ts";
import { nftLibrary } from "./library.ts";
import { movesOf } from "./moves.ts";
import type { Moves } from "./moves.ts";
import { atOnce, chainNamed } from "./listing.ts";
import { setsNamed } from "./sets.ts";
import type { SetShape } from "./sets.ts";
import { transact } from "./transaction.ts";
import type { NftTools } from "./transaction.ts";

export interface PacketFilterParts extends Pick<Kernel, "watch" | "netfilter" | "netns">, Pick<NftTools, "run"> {
  /** Can this kernel offload flows? Else it is asked nothing about it. */
  readonly offloads?: boolean;
}

/** The tables themselves, and the flowtable's devices. */
export interface PacketFilter {
  readonly nft: Driver<Nft>;
  readonly offloads: Driver<Offload>;
  /** All offloaded flows meet the packet filter with their next packet. Absent where nothing can be offloaded. */
  readonly endOffload?: () => Promise<void>;
}

/** Whatever changes the tables shares one ledger, or each would be news to the other. */
export function packetFilter({ watch, run, netfilter, netns, offloads = false }: PacketFilterParts): PacketFilter {
  const known = ledger({ netfilter, watch: watch.nft, offloads });
  const tools = { run, netfilter, ledger: known, library: nftLibrary(netns) };
  const devices = offloads ? flowtableDevices({ ...tools, watch }) : undefined;
  return { nft: tables(tools), offloads: NO_DEVICES, ...devices };
}

export function nftables(parts: PacketFilterParts): Driver<Nft> {
  return packetFilter(parts).nft;
}

function tables(tools: NftTools): Driver<Nft> {
  const { netfilter, ledger: known } = tools;
  let moved: Moved = new Map();
  return {
    list: async (want) => nftHeld(want, known.tables(want)),
    read: async (values) => readBack(netfilter, values, moved),
    watch: known.watch,
    apply: (changes) => {
      moved = new Map(changes.flatMap((change) => shareMoved(change)));
      return transact(tools, changes);
    },
  };
}

/** By key of a share that was changed last: the change, and what it moved. */
type Moved = ReadonlyMap<string, Moves & { readonly op: Change<Nft>["op"] }>;

function shareMoved(change: Change<Nft>): [string, Moves & { readonly op: Change<Nft>["op"] }][] {
  const value = change.op === "delete" ? change.have : change.want;
  return value.object === "share" ? [[nft.key(value), { op: change.op, ...movesOf(change) }]] : [];
}

/** Of a share that was just changed only what it moved is asked for; where that is not as it should be, its whole set. */
function readBack(netfilter: Channel, values: readonly Nft[], moved: Moved): readonly Nft[] {
  const asked = values.flatMap((value) => {
    const moves = moved.get(nft.key(value));
    return moves === undefined ? [value] : [...moves.go, ...moves.come];
  });
  const held = heldOf(netfilter, asked);
  const there = new Set(held.map(nft.key));
  const shares = values.filter((value) => moved.has(nft.key(value)));
  const [right, wrong] = [true, false].map((is) => shares.filter((value) => hasMoved(moved.get(nft.key(value)), there) === is));
  const keys = new Set(values.map(nft.key));
  return [
    ...held.filter((value) => keys.has(nft.key(value))),
    ...(right ?? []).filter((value) => moved.get(nft.key(value))?.op !== "delete"),
    ...(wrong === undefined || wrong.length === 0 ? [] : heldOf(netfilter, wrong)),
  ];
}

function hasMoved(moves: Moves | undefined, there: ReadonlySet<string>): boolean {
  return (
    moves !== undefined &&
    moves.come.every((element) => there.has(nft.key(element))) &&
    !moves.go.some((element) => there.has(nft.key(element)))
  );
}

/** What the host has of these alone. */
function heldOf(netfilter: Channel, values: readonly Nft[]): readonly Nft[] {
  const { value: table } = atOnce(netfilter, () => partOf(netfilter, values));
  const keys = new Set(values.map(nft.key));
  return nftHeld(values, [table]).filter((value) => keys.has(nft.key(value)));
}

type Content = Exclude<Nft, NftChain | NftFlowtable>;

function partOf(netfilter: Channel, values: readonly Nft[]): NftTable {
  return {
    chains: values.flatMap((value) => (value.object === "chain" ? (chainNamed(netfilter, value.family, value.name) ?? []) : [])),
    sets: setsWith(
      netfilter,
      values.filter((value) => value.object !== "chain" && value.object !== "flowtable"),
    ),
    flowtables: values.flatMap((value) => (value.object === "flowtable" ? (flowtableNamed(netfilter, value)?.table ?? []) : [])),
  };
}

/** To ask for more elements than this one by one takes longer than to read a whole set. */
const MANY = 1000;

/** Sets, each with those of its elements that are among these values; with all, where it is wanted as a whole or in shares. */
function setsWith(netfilter: Channel, values: readonly Content[]): SetState[] {
  const nameOf = (value: Content) => ("of" in value ? value.of : value.name);
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

function keysAsked(values: readonly Content[]): KeysAsked {
  if (values.some((value) => value.object === "share" || (value.object === "set" && value.elements !== undefined))) return "all";
  return new Set(values.flatMap((value) => (value.object === "element" ? [value.element] : [])));
}

function isFew(keys: KeysAsked): keys is ReadonlySet<string> {
  return keys !== "all" && keys.size <= MANY;
}

function wholeOf(netfilter: Channel, set: SetShape, keys: KeysAsked): readonly NftElement[] {
  const all = elementsOf(netfilter, set);
  return keys === "all" ? all : all.filter(({ element }) => keys.has(element));
}

/**
 * What is known of the packet filter without asking. The kernel numbers its states, one further with each transaction of whoever it is:
 * as long as the number is that of the last listing and of our own transactions since, what stands is what was listed, with what we
 * changed. So a host that is at rest is not read again and again, however long its sets are; and a change that others made shows.
 */
import { asWanted } from "#core/kinds/nft-held.ts";
import type { Nft, NftChain, NftElement, NftFamily, NftFlowtable } from "#core/kinds/nft.ts";
import type { NftTable } from "#core/kinds/nft-table.ts";
import type { Change } from "#core/reconcile/diff.ts";
import type { Channel } from "../netlink/channel.ts";
import type { KernelWatch } from "../netlink/watch.ts";
import { elementsOf } from "./elements.ts";
import { spanOf, spanText } from "./fields.ts";
import { atOnce, generation, structureOf } from "./listing.ts";
import type { Structure } from "./listing.ts";
import { movesOf, valuesIn } from "./moves.ts";
import { isFilledByRules } from "./sets.ts";
import type { SetShape } from "./sets.ts";

export interface Ledger {
  /** All our tables; an element that is as it is wanted is the wanted one itself: there may be tens of thousands. */
  tables(want: readonly Nft[]): readonly NftTable[];
  /** Was nothing of ours there when it was listed last? */
  isBlank(): boolean;
  /** Runs a script of ours, which is one transaction or none. */
  script<T>(changes: readonly Change<Nft>[], run: () => Promise<T>): Promise<T>;
  /** Makes changes of elements, in one transaction or, when it gives something, in none. */
  elements<T>(changes: readonly Change<Nft>[], make: () => T | undefined): T | undefined;
  /** Makes a transaction of ours, or none, after which all stands that stood: what is made anew as it was, what is no object here. */
  alike<T>(make: () => T): T;
  /** Tells what others change; what we change is not told. */
  watch(changed: () => void): () => void;
}

interface FamilyStructure extends Structure {
  readonly family: NftFamily;
}

/** What the ledger reads, and whom it is told by. */
export interface LedgerParts {
  readonly netfilter: Channel;
  readonly watch: KernelWatch["nft"];
  /** Can this kernel have flowtables? Else it is not asked for any. */
  readonly offloads: boolean;
}

/** What is in one set: as it was listed, and what became of single keys since. */
interface Contents {
  readonly listed: readonly NftElement[];
  readonly since: Map<string, NftElement | undefined>;
}

/** What is known of one state. */
interface Known {
  state: number;
  readonly structure: readonly FamilyStructure[];
  /** A script of ours has changed the structure since, though not what the sets are that it did not name. */
  stale: boolean;
  readonly contents: Map<string, Contents>;
}

const FAMILIES: readonly NftFamily[] = ["inet", "ip", "arp"];
const placeOf = (family: NftFamily, name: string) => `${family} ${name}`;

export function ledger({ netfilter, watch, offloads }: LedgerParts): Ledger {
  const lookNow = (known: Known | undefined) =>
    look(netfilter, known, () => FAMILIES.map((family) => ({ family, ...structureOf(netfilter, family, offloads && family === "inet") })));
  let known: Known | undefined;
  /** States that scripts of ours led to since the last listing. */
  const ours = new Set<number>();
  let running = 0;
  let waiting: (() => void)[] = [];
  /** One transaction further, and nobody else's in between. */
  const goOn = (before: number, after: number) => {
    if (known?.state !== before || after !== before + 1) return (known = undefined);
    known.state = after;
    return known;
  };
  const isNews = (state: number | undefined) => state === undefined || (state > (known?.state ?? 0) && !ours.has(state));

  return {
    tables: (want) => {
      const { value, state } = atOnce(netfilter, (now) => lookNow(known?.state === now ? known : undefined));
      const wanted = asWanted(want);
      const contents = [...value.contents].map(
        ([place, { listed, since }]) => [place, { listed: current(listed, since).map(wanted(place)), since: new Map() }] as const,
      );
      known = { state, structure: value.structure, stale: false, contents: new Map(contents) };
      ours.clear();
      return value.structure.map(({ family, chains, flowtables, sets }) => ({
        chains,
        flowtables,
        sets: sets.map((set) => ({ ...set, elements: known?.contents.get(placeOf(family, set.name))?.listed ?? [] })),
      }));
    },
    isBlank: () => known?.structure.every(({ chains, sets, flowtables }) => chains.length + sets.length + flowtables.length === 0) ?? false,
    script: async (changes, run) => {
      running++;
      const before = generation(netfilter);
      try {
        return await run();
      } finally {
        running--;
        const after = generation(netfilter);
        if (after === before + 1) ours.add(after);
        const still = after === before ? undefined : goOn(before, after);
        if (still !== undefined) {
          still.stale = true;
          for (const change of changes) for (const place of touchedBy(change)) still.contents.delete(place);
        }
        const all = waiting;
        waiting = [];
        all.forEach((tell) => tell());
      }
    },
    elements: (changes, make) => {
      const before = generation(netfilter);
      const refused = make();
      if (refused !== undefined) return refused;
      const still = goOn(before, generation(netfilter));
      if (still !== undefined) for (const change of changes) note(still, change);
      return undefined;
    },
    alike: (make) => {
      const before = generation(netfilter);
      try {
        return make();
      } finally {
        const after = generation(netfilter);
        if (after === before + 1) ours.add(after);
        if (after !== before) goOn(before, after);
      }
    },
    watch: (changed) =>
      watch(({ generation: state }) => {
        const tell = () => (isNews(state) ? changed() : undefined);
        // What a script changed is told before its end.
        if (running > 0) waiting.push(tell);
        else tell();
      }),
  };
}

/** Reads what is not known. */
function look(
  netfilter: Channel,
  known: Known | undefined,
  structures: () => readonly FamilyStructure[],
): Pick<Known, "structure" | "contents"> {
  const structure = known?.stale === false ? known.structure : structures();
  const contents = new Map<string, Contents>();
  for (const { family, sets } of structure)
    for (const set of sets) {
      const place = placeOf(family, set.name);
      const read = () => ({ listed: isFilledByRules(set) ? [] : elementsOf(netfilter, set), since: new Map() });
      contents.set(place, known?.contents.get(place) ?? read());
    }
  return { structure, contents };
}

function current(listed: readonly NftElement[], since: Contents["since"]): readonly NftElement[] {
  if (since.size === 0) return listed;
  return [...listed.filter(({ element }) => !since.has(element)), ...[...since.values()].flatMap((element) => element ?? [])];
}

function touchedBy(change: Change<Nft>): string[] {
  return valuesIn(change).flatMap((value) =>
    value.object === "chain" || value.object === "flowtable" ? [] : [placeOf(value.family, setOf(value))],
  );
}

/** A set that changed as a whole is read again, and so is one with a key that the kernel would tell in another way. */
function note(known: Known, change: Change<Nft>): void {
  for (const value of valuesIn(change))
    if (value.object === "set" || value.object === "map") known.contents.delete(placeOf(value.family, value.name));
  const { go, come } = movesOf(change);
  for (const element of go) noteElement(known, element, undefined);
  for (const element of come) noteElement(known, element, element);
}

/** `now`: what is in its place. */
function noteElement(known: Known, element: NftElement, now: NftElement | undefined): void {
  const place = placeOf(element.family, element.of);
  // What has not been listed is read when it is.
  const contents = known.contents.get(place);
  if (contents === undefined) return;
  const sets = known.structure.find(({ family }) => family === element.family)?.sets;
  const set = sets?.find(({ name }) => name === element.of);
  if (set === undefined || !isCanonical(element, set)) known.contents.delete(place);
  else contents.since.set(element.element, now);
}

const setOf = (value: Exclude<Nft, NftChain | NftFlowtable>): string => ("of" in value ? value.of : value.name);

function isCanonical({ element, value }: NftElement, { keys, values }: SetShape): boolean {
  const key = keys === undefined ? undefined : spanOf(element, keys);
  if (keys === undefined || key === undefined || spanText(key, keys) !== element) return false;
  const data = typeof values === "object" && value !== undefined ? spanOf(value, values) : undefined;
  return typeof values !== "object" || (data !== undefined && spanText(data, values) === value);
}

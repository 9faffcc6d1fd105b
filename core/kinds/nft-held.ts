/**
 * What a host holds of what is wanted in nftables. nft prints rules and set types in words of its own, so each carries a
 * digest of the text it was made from; a text whose digest is found is the text that stands.
 */
import { digest } from "./digest.ts";
import type { Ref } from "./kind.ts";
import { sharesIn, sharesOf } from "./nft-share.ts";
import { nftRef } from "./nft.ts";
import type { Nft, NftChain, NftElement, NftFlowtable, NftSet } from "./nft.ts";
import type { ChainState, NftTable, SetState } from "./nft-table.ts";

/**
 * All objects of our tables, in the words of `want` where they are the same.
 *
 * A set whose type must change, or a flowtable whose hook must, can only be deleted and made again, and with it whatever is in it, and
 * the rules that refer to it: its elements are left out here and those chains are shown as different, so that one transaction makes all anew.
 * Of sets that are wanted with their elements, these are part of the set; of those that are wanted in shares, they are told in shares.
 */
export function nftHeld(want: readonly Nft[], tables: readonly NftTable[]): Nft[] {
  const known = new Map<Ref, Nft>();
  for (const value of want) if (isNamed(value)) known.set(nftRef(value.family, value.object, value.name), value);
  const shares = sharesIn(want);
  const textOf = knownTexts(want);

  const states = tables.flatMap((table) => table.sets);
  const sets = states.map((state) => setOf(state, known, textOf));
  const flowtables = tables.flatMap((table) => table.flowtables);
  const remade = [...sets.filter((set) => isRetyped(set, known)), ...flowtables.filter((table) => isRehooked(table, known))];
  const doomed = new Set(remade.map(({ family, object, name }) => nftRef(family, object, name)));
  const chains = tables
    .flatMap((table) => table.chains)
    .map((state) => ({
      ...chainOf(state, known, textOf),
      ...(state.uses.some((ref) => doomed.has(ref)) ? { rules: ["(refers to what is made again)"] } : {}),
    }));
  const elements = states.flatMap((state, at): readonly Nft[] => {
    const { object, family, name } = state;
    if (sets[at]?.elements !== undefined || doomed.has(nftRef(family, object, name))) return [];
    const wanted = shares.get(`${family} ${name}`);
    return wanted === undefined ? state.elements : sharesOf(state, wanted);
  });
  return [...sets, ...flowtables, ...chains, ...elements];
}

/**
 * By set (`inet members4`), then by element: what is wanted itself where an element is as it is wanted. There may be tens of thousands,
 * and once is enough to have each.
 */
export function asWanted(want: readonly Nft[]): (place: string) => (element: NftElement) => NftElement {
  const sets = new Map<string, Map<string, NftElement>>();
  const setOf = (place: string) => {
    const set = sets.get(place) ?? new Map<string, NftElement>();
    sets.set(place, set);
    return set;
  };
  let [family, of, set] = ["", "", new Map<string, NftElement>()];
  for (const value of want) {
    if (value.object !== "element") continue;
    // Elements of one set mostly follow each other.
    if (value.of !== of || value.family !== family) [family, of, set] = [value.family, value.of, setOf(`${value.family} ${value.of}`)];
    set.set(value.element, value);
  }
  return (place) => {
    const set = sets.get(place);
    return (element) => {
      const known = set?.get(element.element);
      return known !== undefined && known.value === element.value ? known : element;
    };
  };
}

/** A chain, a flowtable, a set or a map: not what is in one. */
function isNamed(value: Nft): value is NftChain | NftFlowtable | NftSet {
  return value.object !== "element" && value.object !== "share";
}

/** Chains are asked about far more often than they become others. */
function markedRules(chain: NftChain): readonly (readonly [string, string])[] {
  const known = marks.get(chain) ?? chain.rules.map((rule) => [digest(rule), rule] as const);
  marks.set(chain, known);
  return known;
}

const marks = new WeakMap<NftChain, readonly (readonly [string, string])[]>();

/** By digest, every text that is wanted somewhere. */
function knownTexts(want: readonly Nft[]): (digest: string) => string {
  const texts = new Map<string, string>();
  for (const value of want) {
    if (value.object === "chain") for (const [mark, rule] of markedRules(value)) texts.set(mark, rule);
    else if (value.object === "set" || value.object === "map") texts.set(digest(value.type), value.type);
  }
  return (mark) => texts.get(mark) ?? `(a text with the mark "${mark}")`;
}

function setOf(
  { object, family, name, digest: mark, elements }: SetState,
  known: ReadonlyMap<Ref, Nft>,
  textOf: (digest: string) => string,
): NftSet {
  const set = { object, family, name, type: textOf(mark) };
  const want = known.get(nftRef(family, object, name));
  if (want?.object !== "set" || want.elements === undefined) return set;
  return { ...set, elements: elements.map(({ element }) => element).toSorted() };
}

function isRetyped(set: NftSet, known: ReadonlyMap<Ref, Nft>): boolean {
  const want = known.get(nftRef(set.family, set.object, set.name));
  return want !== undefined && want.object === set.object && want.type !== set.type;
}

function isRehooked({ family, name, hook }: NftFlowtable, known: ReadonlyMap<Ref, Nft>): boolean {
  const want = known.get(nftRef(family, "flowtable", name));
  return want?.object === "flowtable" && want.hook !== hook;
}

function chainOf(
  { family, name, hook, digests, uses }: ChainState,
  known: ReadonlyMap<Ref, Nft>,
  textOf: (digest: string) => string,
): NftChain {
  const chain = { object: "chain", family, name, rules: digests.map(textOf), uses } as const;
  if (hook === undefined) return chain;
  const want = known.get(nftRef(family, "chain", name));
  return { ...chain, hook: want?.object === "chain" && want.hook !== undefined && canonicalHook(want.hook) === hook ? want.hook : hook };
}

/** nft's names of priorities in the families inet and ip (nft(8)). */
const PRIORITIES: Readonly<Record<string, number>> = { raw: -300, mangle: -150, dstnat: -100, filter: 0, security: 50, srcnat: 100 };

const HOOK = /^type (\S+) hook (\S+) priority ([a-z]*) ?([+-]? ?\d+)?; ?(?:policy (\S+);)?$/;

/** A base chain's declaration as nft prints it back: the priority as a number, the policy always there. */
export function canonicalHook(text: string): string {
  const [, type, hook, name = "", offset = "0", policy = "accept"] = HOOK.exec(text) ?? [];
  const base = name === "" ? 0 : PRIORITIES[name];
  if (type === undefined || base === undefined) throw new Error(`a chain's hook cannot be read: ${text}`);
  return `type ${type} hook ${hook} priority ${base + Number(offset.replaceAll(" ", ""))}; policy ${policy};`;
}

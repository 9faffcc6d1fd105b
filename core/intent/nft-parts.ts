/** Words for the parts of the host's packet filter, and which of them an endpoint waits for. */
import type { Endpoint } from "../feed/item.ts";
import { digest } from "../kinds/digest.ts";
import { refOf } from "../kinds/kind.ts";
import type { Ref, Wanted } from "../kinds/kind.ts";
import { nft, nftRef } from "../kinds/nft.ts";
import { perValue } from "./memo.ts";
import type { Nft, NftChain, NftElement, NftFamily, NftFlowtable, NftSet } from "../kinds/nft.ts";

/** All interfaces of VMs, present or not. */
export const TAPS = `"tap*"`;

export interface Family {
  set(name: string, type: string, contents?: Pick<NftSet, "elements">): NftSet;
  map(name: string, type: string): NftSet;
  flowtable(name: string, hook: string): NftFlowtable;
  chain(name: string, rules: readonly string[], hook?: string): NftChain;
  element(of: string, key: readonly string[], more?: Pick<NftElement, "value">): NftElement;
}

const NOTHING: readonly Ref[] = [];

export const inet = family("inet");
export const arp = family("arp");

/** What a chain or an element refers to is read from its text: `@set`, `vmap @map`, `map @map`, `flow add @flowtable`, `goto chain`, `jump chain`. */
function family(of: NftFamily): Family {
  const read = (text: string): readonly Ref[] => [
    ...[...text.matchAll(/map @(\S+)/g)].map((match) => nftRef(of, "map", match[1] ?? "")),
    // `@th,64,128` are bits of a packet.
    ...[...text.matchAll(/flow add @(\S+)/g)].map((match) => nftRef(of, "flowtable", match[1] ?? "")),
    ...[...text.matchAll(/(?<!map |flow add )@(?!th,)(\S+)/g)].map((match) => nftRef(of, "set", match[1] ?? "")),
    ...[...text.matchAll(/(?:goto|jump) (\S+)/g)].map((match) => nftRef(of, "chain", match[1] ?? "")),
  ];
  /** Elements that follow each other mostly lead to the same. */
  let last: { readonly text: string; readonly refs: readonly Ref[] } | undefined;
  const named = (text: string) => {
    if (last?.text !== text) last = { text, refs: read(text) };
    return last.refs;
  };
  return {
    set: (name, type, contents = {}) => ({ object: "set", family: of, name, type, ...contents }),
    map: (name, type) => ({ object: "map", family: of, name, type }),
    flowtable: (name, hook) => ({ object: "flowtable", family: of, name, hook }),
    chain: (name, rules, hook) => ({
      object: "chain",
      family: of,
      name,
      ...(hook === undefined ? {} : { hook }),
      rules,
      uses: [...new Set(rules.flatMap(named))],
    }),
    element: (set, key, more = {}) => ({
      object: "element",
      family: of,
      of: set,
      element: key.join(" . "),
      ...more,
      uses: more.value === undefined ? NOTHING : named(more.value),
    }),
  };
}

/** An interface name as it must be written in an element. */
export function quoted(name: string): string {
  return `"${name}"`;
}

/** Several values as an anonymous set, one as itself. */
export function anyOf(values: readonly string[]): string {
  return values.length === 1 ? String(values[0]) : `{ ${values.join(", ")} }`;
}

/** The cause that an endpoint's own objects carry. */
export function ports({ port_id }: Endpoint): string {
  return `port/${port_id}`;
}

/** The chains, sets and maps that are there whoever is plugged in. */
export function standing(objects: readonly Wanted<Nft>[]): readonly Ref[] {
  return objects.filter(({ because }) => because.includes("datacenter/this")).map(({ value }) => nameOf(value));
}

const nameOf = perValue((value: Nft) => refOf(nft, value));

/** Elements of one cause alone. */
export function elementRefs(objects: readonly Wanted<Nft>[]): readonly Ref[] {
  return objects.flatMap(({ value }) => (value.object === "element" ? [nameOf(value)] : []));
}

/** Elements by cause. */
export function elementsOf(objects: readonly Wanted<Nft>[]): ReadonlyMap<string, readonly Ref[]> {
  const elements = new Map<string, Ref[]>();
  for (const { value, because } of objects) {
    if (value.object !== "element") continue;
    for (const cause of because) {
      const known = elements.get(cause) ?? [];
      known.push(nameOf(value));
      elements.set(cause, known);
    }
  }
  return elements;
}

/**
 * Chains named by what is in them: equal rules are one chain, and a chain never changes, it is succeeded by another. Texts come from
 * tenants, who may look for two with one digest: those get different names all the same.
 */
export function contentNames(prefix: string, contents: Iterable<string>, mark = digest): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  const taken = new Map<string, number>();
  for (const content of [...new Set(contents)].toSorted()) {
    const name = `${prefix}-${mark(content)}`;
    const before = taken.get(name) ?? 0;
    taken.set(name, before + 1);
    names.set(content, before === 0 ? name : `${name}-${before}`);
  }
  return names;
}

/**
 * Objects of the nftables tables named `margay` (families inet, ip and arp): chains, flowtables, sets, maps, and their elements one by
 * one, so that one endpoint's element is created, held and deleted by itself; those of very large sets in shares. Whatever
 * else is in these tables is not wanted; other tables are never looked at.
 */
import type { Kind, Ref } from "./kind.ts";

export type NftFamily = "inet" | "ip" | "arp";

export interface NftChain {
  readonly object: "chain";
  readonly family: NftFamily;
  readonly name: string;
  /** Of base chains: `type filter hook forward priority filter; policy accept;`. */
  readonly hook?: string;
  /** Rules in nft's syntax, in order, each without a comment (the driver puts a digest there). */
  readonly rules: readonly string[];
  /** Sets, maps, flowtables and chains that the rules name. */
  readonly uses: readonly Ref[];
}

export interface NftSet {
  readonly object: "set" | "map";
  readonly family: NftFamily;
  readonly name: string;
  /** In nft's syntax: `type ifname . ether_addr . ipv4_addr;` or `type ifname : verdict;`, with `flags interval;` where needed. */
  readonly type: string;
  /**
   * Sorted keys, of sets of prefixes alone: intervals may not overlap, so one cannot come before another goes, and what is in the
   * set changes at once. Absent: whatever is in it is an object of its own.
   */
  readonly elements?: readonly string[];
}

export interface NftElement {
  readonly object: "element";
  readonly family: NftFamily;
  /** The set or map it is in. */
  readonly of: string;
  /** Key in nft's canonical syntax: `"tap1" . fa:16:3e:00:00:01 . 10.65.0.5`; quotes around interface names only. */
  readonly element: string;
  /** In maps: `goto in-4f2a`. */
  readonly value?: string;
  /** The chain that `value` goes to. */
  readonly uses: readonly Ref[];
}

/**
 * A share (net/share.ts) of what is in a set of single values without more to them: tens of thousands of elements would be as many objects.
 * It is wanted and held as one; what comes and goes is single elements all the same.
 */
export interface NftShare {
  readonly object: "share";
  readonly family: NftFamily;
  /** The set it is in. */
  readonly of: string;
  readonly share: number;
  /** Sorted, and at least one. */
  readonly elements: readonly string[];
}

/** Where established flows are put that need not be looked at any more. Which devices it listens on is not part of it: see `offload`. */
export interface NftFlowtable {
  readonly object: "flowtable";
  readonly family: NftFamily;
  readonly name: string;
  /** `hook ingress priority 0;`, the priority as a number. */
  readonly hook: string;
}

export type Nft = NftChain | NftSet | NftElement | NftShare | NftFlowtable;

export function nftRef(family: NftFamily, object: "chain" | "set" | "map" | "flowtable", name: string): Ref {
  return `nft/${family} ${object} ${name}`;
}

export function elementRef(value: Pick<NftElement, "family" | "of" | "element">): Ref {
  return `nft/${elementKey(value)}`;
}

function elementKey({ family, of, element }: Pick<NftElement, "family" | "of" | "element">): string {
  return `${family} element ${of} ${element}`;
}

export const nft: Kind<Nft> = {
  name: "nft",
  key,
  same: (want, have) =>
    want === have || (want.object === "element" && have.object === "element" ? isSameElement(want, have) : text(want) === text(have)),
  // The driver puts sets and maps before elements inside one transaction; which of the two `of` is, the element does not know.
  needs: (value) => (value.object === "chain" || value.object === "element" ? value.uses : []),
  pieces: (value) => (value.object === "share" ? value.elements : []),
  show: text,
};

function key(value: Nft): string {
  switch (value.object) {
    case "element":
      return elementKey(value);
    case "share":
      return `${value.family} share ${value.of} ${value.share}`;
    default:
      return `${value.family} ${value.object} ${value.name}`;
  }
}

/** There are thousands of them. */
function isSameElement(one: NftElement, other: NftElement): boolean {
  return one.element === other.element && one.value === other.value && one.of === other.of && one.family === other.family;
}

function text(value: Nft): string {
  switch (value.object) {
    case "chain":
      return `${value.family} chain ${value.name} { ${[value.hook ?? "", ...value.rules].filter((line) => line !== "").join("; ")} }`;
    case "element":
      return `${value.family} ${value.of} { ${value.element}${value.value === undefined ? "" : ` : ${value.value}`} }`;
    case "share":
      return `${value.family} ${value.of} { ${value.elements.join(", ")} }`;
    case "flowtable":
      return `${value.family} flowtable ${value.name} { ${value.hook} }`;
    default:
      return `${value.family} ${value.object} ${value.name} { ${value.type}${contents(value)} }`;
  }
}

function contents({ elements }: NftSet): string {
  return elements === undefined ? "" : ` elements = { ${elements.join(", ")} };`;
}

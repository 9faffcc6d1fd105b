/** Elements of sets and maps, asked of the kernel itself. */
import { nftRef } from "#core/kinds/nft.ts";
import type { NftElement } from "#core/kinds/nft.ts";
import type { Channel } from "../netlink/channel.ts";
import { attributeIn, attributesIn, textIn } from "../netlink/message.ts";
import type { MessageWriter } from "../netlink/message.ts";
import { previousOf, spanOf, spanText, valueText } from "./fields.ts";
import type { FieldType } from "./fields.ts";
import { DATA, ELEMENT, ELEMENT_FLAG, ELEMENTS, LIST_ELEMENT, NFT, nftHead, verdictName } from "./numbers.ts";
import { NFT_TABLE } from "./script.ts";
import { isInterval, NONE } from "./sets.ts";
import type { SetShape } from "./sets.ts";

const ATTEMPTS = 20;

/**
 * All that are in a set, in nft's own syntax. The kernel lists a set of single values in parts, each from a place that is counted from
 * the beginning of its hash table, and says nothing when it moved what is in it to a larger or smaller one in between: then some are told
 * twice, and as many not at all (rhashtable, nft_rhash_walk). It never tells fewer than there are, so that where none is told twice
 * none is left out; else it is asked again.
 */
export function elementsOf(netfilter: Channel, set: SetShape): NftElement[] {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const elements = elementsTold(netfilter, set);
    if (isInterval(set) || new Set(elements.map(({ element }) => element)).size === elements.length) return elements;
  }
  throw new Error(`the kernel moved what is in ${set.name} ${ATTEMPTS} times while it was read`);
}

function elementsTold(netfilter: Channel, set: SetShape): NftElement[] {
  const question = { type: NFT.GETSETELEM, fixed: nftHead(set.family), fill: elementsHead(set) };
  const elements: NftElement[] = [];
  const ends: End[] = [];
  const single = isInterval(set) && set.keys?.length === 1;
  netfilter.dump(
    question,
    (body) => eachTold(body, (told) => void (single ? ends.push(endOf(told)) : elements.push(elementOf(told, set)))),
    () => {
      elements.length = 0;
      ends.length = 0;
    },
  );
  if (!single || set.keys === undefined) return elements;
  return intervals(ends, set.keys).map((element) => ({ object: "element", family: set.family, of: set.name, element, uses: [] }));
}

/** What is asked of a set: which of these keys are in it. */
export interface KeysAsked {
  readonly set: SetShape;
  readonly keys: readonly string[];
}

/** Those that are under exactly one of these keys, by set. Of single intervals nothing is told. */
export function elementsAt(netfilter: Channel, asked: readonly KeysAsked[]): ReadonlyMap<SetShape, readonly NftElement[]> {
  const single = asked.flatMap(({ set, keys }) => {
    const types = set.keys;
    if (types === undefined) return [];
    return keys.flatMap((key) => {
      const span = spanOf(key, types);
      return span === undefined ? [] : [{ set, key, first: span.first }];
    });
  });
  const questions = single.map(({ set, first }) => ({
    type: NFT.GETSETELEM,
    fixed: nftHead(set.family),
    fill: elementHead(set, first),
  }));
  const told = netfilter.gets(questions, (body, nth) => (single[nth] === undefined ? undefined : firstTold(body, single[nth].set)), NONE);
  const found = new Map(asked.map(({ set }) => [set, [] as NftElement[]]));
  for (const [at, { set, key }] of single.entries()) {
    const element = told[at];
    if (element?.element === key) found.get(set)?.push(element);
  }
  return found;
}

const elementHead = (set: SetShape, key: Buffer) => (to: MessageWriter) => {
  elementsHead(set)(to);
  to.nest(ELEMENTS.LIST, () => to.nest(LIST_ELEMENT, () => writeValue(to, ELEMENT.KEY, key)));
};

function firstTold(body: Buffer, set: SetShape): NftElement | undefined {
  let element: NftElement | undefined;
  eachTold(body, (told) => (element ??= elementOf(told, set)));
  return element;
}

export const elementsHead = (set: Pick<SetShape, "name">) => (to: MessageWriter) => {
  to.attribute(ELEMENTS.TABLE, NFT_TABLE);
  to.attribute(ELEMENTS.SET, set.name);
};

export function writeValue(to: MessageWriter, type: number, value: Buffer): void {
  to.nest(type, () => to.attribute(DATA.VALUE, value));
}

/** Where things of one element are among the bytes of a message, valid until the next is read: a set may have tens of thousands. */
interface Told {
  readonly bytes: Buffer;
  /** -1: absent. */
  key: number;
  keyLength: number;
  keyEnd: number;
  data: number;
  dataLength: number;
  flags: number;
}

function eachTold(body: Buffer, take: (told: Told) => void): void {
  const bytes = attributeIn(body, ELEMENTS.LIST, 4) ?? NOTHING;
  for (let at = 0; at + 4 <= bytes.length;) {
    const length = bytes.readUInt16LE(at);
    if (length < 4) return;
    take(toldAt(bytes, at + 4, at + length));
    at += (length + 3) & ~3;
  }
}

function toldAt(bytes: Buffer, from: number, end: number): Told {
  const told: Told = { bytes, key: -1, keyLength: 0, keyEnd: -1, data: -1, dataLength: 0, flags: 0 };
  for (let at = from; at + 4 <= end;) {
    const length = bytes.readUInt16LE(at);
    if (length < 4) break;
    note(told, bytes.readUInt16LE(at + 2) & 0x3fff, at, length);
    at += (length + 3) & ~3;
  }
  return told;
}

/** A value lies in an attribute of its own, behind another header. */
function note(told: Told, type: number, at: number, length: number): void {
  if (type === ELEMENT.KEY) {
    told.key = at + 8;
    told.keyLength = told.bytes.readUInt16LE(at + 4) - 4;
  } else if (type === ELEMENT.KEY_END) told.keyEnd = at + 8;
  else if (type === ELEMENT.FLAGS) told.flags = told.bytes.readUInt32BE(at + 4);
  else if (type === ELEMENT.DATA) {
    told.data = at + 4;
    told.dataLength = length - 4;
  }
}

function elementOf(told: Told, set: SetShape): NftElement {
  const bare = { object: "element", family: set.family, of: set.name, element: keyText(told, set.keys) } as const;
  return set.object === "set"
    ? { ...bare, uses: NO_USES }
    : { ...bare, ...valueOf(told.bytes.subarray(told.data, told.data + told.dataLength), set) };
}

const NO_USES: readonly [] = [];

/** A type that we do not know is shown as bytes, and one that matches whatever no other does as nft shows it: like nothing that is wanted. */
function keyText({ bytes, key, keyLength, keyEnd, flags }: Told, types: readonly FieldType[] | undefined): string {
  if (key < 0 || (flags & ELEMENT_FLAG.CATCHALL) !== 0) return "*";
  if (types === undefined) return bytes.toString("hex", key, key + keyLength);
  if (keyEnd < 0) return valueText(bytes, key, types);
  return spanText({ first: bytes.subarray(key, key + keyLength), last: bytes.subarray(keyEnd, keyEnd + keyLength) }, types);
}

function valueOf(data: Buffer, set: SetShape): Pick<NftElement, "uses"> & { readonly value: string } {
  const verdict = attributeIn(data, DATA.VERDICT);
  if (verdict !== undefined) {
    const { name, chain } = verdictIn(verdict);
    return chain === "" ? { value: name, uses: NO_USES } : { value: `${name} ${chain}`, uses: [nftRef(set.family, "chain", chain)] };
  }
  const value = attributeIn(data, DATA.VALUE) ?? NOTHING;
  return { value: typeof set.values === "object" ? valueText(value, 0, set.values) : value.toString("hex"), uses: NO_USES };
}

const NOTHING = Buffer.alloc(0);

export function verdictIn(verdict: Buffer): { readonly name: string; readonly chain: string } {
  const found = attributesIn(verdict);
  return { name: verdictName(found.get(DATA.VERDICT_CODE)?.readInt32BE(0) ?? 0), chain: textIn(found.get(DATA.VERDICT_CHAIN)) };
}

/** Where an interval begins, or where it no longer is. */
interface End {
  readonly at: Buffer;
  readonly ends: boolean;
}

function endOf({ bytes, key, keyLength, flags }: Told): End {
  return { at: Buffer.from(bytes.subarray(key, key + keyLength)), ends: (flags & ELEMENT_FLAG.INTERVAL_END) !== 0 };
}

/**
 * The kernel keeps of an interval where it begins and, as another element, where it no longer is; of the last there may be no end. Sorted,
 * an end before a beginning in the same place, each closes what is open.
 */
function intervals(ends: readonly End[], types: readonly FieldType[]): string[] {
  const sorted = ends.toSorted((a, b) => a.at.compare(b.at) || Number(b.ends) - Number(a.ends));
  const texts: string[] = [];
  let open: Buffer | undefined;
  for (const { at, ends } of sorted) {
    if (open !== undefined) texts.push(spanText({ first: open, last: previousOf(at) }, types));
    open = ends ? undefined : at;
  }
  if (open !== undefined) texts.push(spanText({ first: open, last: Buffer.alloc(open.length, 0xff) }, types));
  return texts;
}

/** Sets and maps as they are declared in the kernel: what their keys and values are made of. */
import type { NftFamily } from "#core/kinds/nft.ts";
import type { SetState } from "#core/kinds/nft-table.ts";
import type { Channel, Question } from "../netlink/channel.ts";
import { attributesIn, textIn } from "../netlink/message.ts";
import type { MessageWriter } from "../netlink/message.ts";
import { fieldTypes } from "./fields.ts";
import type { FieldType } from "./fields.ts";
import { NFT, nftHead, SET, SET_COMMENT, SET_FLAG, VERDICT_TYPE } from "./numbers.ts";
import { NFT_TABLE } from "./script.ts";

export interface SetShape extends Omit<SetState, "elements"> {
  readonly flags: number;
  /** Undefined when its keys are of a type that we do not write. */
  readonly keys: readonly FieldType[] | undefined;
  /** Of maps. */
  readonly values?: "verdict" | readonly FieldType[] | "other";
}

export const isInterval = ({ flags }: SetShape): boolean => (flags & SET_FLAG.INTERVAL) !== 0;
export const isAnonymous = ({ flags }: SetShape): boolean => (flags & SET_FLAG.ANONYMOUS) !== 0;
/** Filled by rules: its elements are the kernel's, not ours. */
export const isFilledByRules = ({ flags }: SetShape): boolean => (flags & (SET_FLAG.DYNAMIC | SET_FLAG.TIMEOUT)) !== 0;

export const named = (table: number, name: number, text: string) => (to: MessageWriter) => {
  to.attribute(table, NFT_TABLE);
  to.attribute(name, text);
};

/** ENOENT: no such table, or nothing of this name in it. */
export const NONE = [2];

/** All sets of our table in this family. */
export function setsOf(netfilter: Channel, family: NftFamily): SetShape[] {
  const question: Question = { type: NFT.GETSET, fixed: nftHead(family), fill: (to) => to.attribute(SET.TABLE, NFT_TABLE) };
  return netfilter.dump(question, (body) => shapeOf(body, family));
}

/** Where a set is. */
export type SetPlace = Pick<SetShape, "family" | "name">;

/** In their order; undefined for those that there are not. */
export function setsNamed(netfilter: Channel, places: readonly SetPlace[]): readonly (SetShape | undefined)[] {
  const questions = places.map(({ family, name }) => ({
    type: NFT.GETSET,
    fixed: nftHead(family),
    fill: named(SET.TABLE, SET.NAME, name),
  }));
  return netfilter.gets(questions, (body, nth) => shapeOf(body, places[nth]?.family ?? "inet"), NONE);
}

function shapeOf(body: Buffer, family: NftFamily): SetShape {
  const found = attributesIn(body, 4);
  const number = (attribute: number) => found.get(attribute)?.readUInt32BE(0) ?? 0;
  const flags = number(SET.FLAGS);
  const shape = {
    object: (flags & SET_FLAG.MAP) === 0 ? ("set" as const) : ("map" as const),
    family,
    name: textIn(found.get(SET.NAME)),
    digest: commentIn(found.get(SET.USERDATA) ?? Buffer.alloc(0), SET_COMMENT),
    flags,
    keys: fieldTypes(number(SET.KEY_TYPE), number(SET.KEY_LENGTH)),
  };
  if (shape.object === "set") return shape;
  const type = number(SET.DATA_TYPE);
  return { ...shape, values: type === VERDICT_TYPE ? "verdict" : (fieldTypes(type, number(SET.DATA_LENGTH)) ?? "other") };
}

/** What nft left of a comment: kind, length and value, one after the other. */
export function commentIn(userdata: Buffer, kind: number): string {
  for (let at = 0; at + 2 <= userdata.length;) {
    const length = userdata[at + 1] ?? 0;
    if (userdata[at] === kind) return textIn(userdata.subarray(at + 2, at + 2 + length));
    at += 2 + length;
  }
  return "";
}

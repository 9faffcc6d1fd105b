/** Flowtables and their device lists, told by the kernel itself, and said to it: a device goes on the list, or off it. */
import type { NftFamily, NftFlowtable } from "#core/kinds/nft.ts";
import type { Channel } from "../netlink/channel.ts";
import { ACK, attributesIn, CREATE, eachAttribute, messageWriter, REQUEST, textIn } from "../netlink/message.ts";
import type { Refusal } from "../netlink/refusal.ts";
import { BATCH_BEGIN, BATCH_END, FLOWTABLE, NFT, nftHead } from "./numbers.ts";
import { bracket } from "./raw.ts";
import { NFT_TABLE } from "./script.ts";
import { named, NONE } from "./sets.ts";

type Place = Pick<NftFlowtable, "family" | "name">;

/** All of our table in this family. */
export function flowtablesOf(netfilter: Channel, family: NftFamily): NftFlowtable[] {
  const question = { type: NFT.GETFLOWTABLE, fixed: nftHead(family), fill: (to: Filling) => to.attribute(FLOWTABLE.TABLE, NFT_TABLE) };
  return netfilter.dump(question, (body) => readFlowtable(body, family).table);
}

/** One, and the devices on its list; undefined when it is not there. */
export function flowtableNamed(netfilter: Channel, { family, name }: Place) {
  const question = { type: NFT.GETFLOWTABLE, fixed: nftHead(family), fill: placed({ family, name }) };
  return netfilter.get(question, (body) => readFlowtable(body, family), NONE);
}

/** Puts all of these on the list, or takes them off it, in one transaction: undefined when it is done. */
export function changeDevices(netfilter: Channel, place: Place, op: "add" | "remove", devices: readonly string[]): Refusal | undefined {
  const first = netfilter.numbers(3);
  const to = messageWriter();
  bracket(to, BATCH_BEGIN, first);
  const [type, flags] = op === "add" ? [NFT.NEWFLOWTABLE, REQUEST | ACK | CREATE] : [NFT.DELFLOWTABLE, REQUEST | ACK];
  to.begin({ type, flags, seq: first + 1 }, nftHead(place.family));
  placed(place)(to);
  to.nest(FLOWTABLE.HOOK, () => to.nest(FLOWTABLE.HOOK_DEVICES, () => devices.forEach((device) => to.attribute(FLOWTABLE.DEVICE, device))));
  to.end();
  bracket(to, BATCH_END, first + 2);
  const answers = netfilter.batch(to.take());
  if (answers.size === 0) throw new Error("the kernel did not answer a netlink message");
  return [...answers.values()].find((refusal) => refusal !== undefined);
}

type Filling = ReturnType<typeof messageWriter>;

const placed = ({ name }: Place) => named(FLOWTABLE.TABLE, FLOWTABLE.NAME, name);

function readFlowtable(body: Buffer, family: NftFamily): { readonly table: NftFlowtable; readonly devices: readonly string[] } {
  const found = attributesIn(body, 4);
  const hook = attributesIn(found.get(FLOWTABLE.HOOK) ?? NOTHING);
  const priority = hook.get(FLOWTABLE.HOOK_PRIORITY)?.readInt32BE(0) ?? 0;
  return {
    table: { object: "flowtable", family, name: textIn(found.get(FLOWTABLE.NAME)), hook: `hook ingress priority ${priority};` },
    devices: [...eachAttribute(hook.get(FLOWTABLE.HOOK_DEVICES) ?? NOTHING)].map(([, name]) => textIn(name)),
  };
}

const NOTHING = Buffer.alloc(0);

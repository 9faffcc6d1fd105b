/** Permanent neighbours over rtnetlink (linux/neighbour.h), ours by their protocol number. */
import type { Neighbour } from "#core/kinds/neighbour.ts";
import { MARGAY_PROTOCOL } from "#core/kinds/route.ts";
import { familyOf } from "#core/net/address.ts";
import type { Ip } from "#core/net/address.ts";
import { bytesOfIp, bytesOfMac, familyNumber, ipOfBytes, macOfBytes } from "./bytes.ts";
import type { Channel, Question } from "./channel.ts";
import { attributesIn, CREATE, REPLACE } from "./message.ts";

const [NEWNEIGH, DELNEIGH, GETNEIGH] = [28, 29, 30];
const NDA = { DST: 1, LLADDR: 2, PROTOCOL: 12 };
const PERMANENT = 0x80;

/** Makes the entry stand. `link`: the number of its device. */
export function neighbourQuestion({ ip, lladdr }: Neighbour, link: number): Question {
  return {
    type: NEWNEIGH,
    flags: CREATE | REPLACE,
    fixed: header(ip, link, PERMANENT),
    fill: (to) => {
      to.attribute(NDA.DST, bytesOfIp(ip));
      to.attribute(NDA.LLADDR, bytesOfMac(lladdr));
      to.attribute(NDA.PROTOCOL, Buffer.from([MARGAY_PROTOCOL]));
    },
  };
}

export function neighbourGoneQuestion({ ip }: Pick<Neighbour, "ip">, link: number): Question {
  return { type: DELNEIGH, fixed: header(ip, link, 0), fill: (to) => to.attribute(NDA.DST, bytesOfIp(ip)) };
}

/** Ours, of both families, by the names of links. */
export function neighboursOf(route: Channel, nameOf: (link: number) => string | undefined): Neighbour[] {
  return route.dump({ type: GETNEIGH, fixed: Buffer.alloc(12) }, (body) => neighbourOf(body, nameOf));
}

const NO_SUCH = [2, 19];

/** The entry of ours for an address on a device; undefined when there is none. */
export function neighbourAt(route: Channel, { ip, dev }: Pick<Neighbour, "ip" | "dev">, link: number): Neighbour | undefined {
  const question = { ...neighbourGoneQuestion({ ip }, link), type: GETNEIGH };
  return route.get(question, (body) => neighbourOf(body, () => dev), NO_SUCH);
}

function neighbourOf(body: Buffer, nameOf: (link: number) => string | undefined): Neighbour | undefined {
  if ((body.readUInt16LE(8) & PERMANENT) === 0) return undefined;
  const found = attributesIn(body, 12);
  const [dst, lladdr] = [found.get(NDA.DST), found.get(NDA.LLADDR)];
  if (found.get(NDA.PROTOCOL)?.[0] !== MARGAY_PROTOCOL || dst === undefined || lladdr?.length !== 6) return undefined;
  const link = body.readInt32LE(4);
  return { dev: nameOf(link) ?? `link ${link}`, ip: ipOfBytes(dst), lladdr: macOfBytes(lladdr) };
}

/** `ndmsg` */
function header(ip: Ip, link: number, state: number): Buffer {
  const fixed = Buffer.alloc(12);
  fixed[0] = familyNumber(familyOf(ip));
  fixed.writeInt32LE(link, 4);
  fixed.writeUInt16LE(state, 8);
  return fixed;
}

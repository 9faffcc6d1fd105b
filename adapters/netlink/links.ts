/** Links and their addresses over rtnetlink (linux/if_link.h, linux/if_addr.h). */
import { familyOf } from "#core/net/address.ts";
import type { InterfaceAddress } from "#core/net/prefix.ts";
import { bytesOfIp, familyNumber, ipOfBytes } from "./bytes.ts";
import type { Channel, Question } from "./channel.ts";
import { attributeIn, attributesIn, CREATE, EXCLUSIVE, REPLACE, textIn } from "./message.ts";

const [NEWLINK, DELLINK, GETLINK] = [16, 17, 18];
const [NEWADDR, DELADDR, GETADDR] = [20, 21, 22];
const IFLA = { NAME: 3, LINKINFO: 18, EXT_MASK: 29, INFO_KIND: 1 };
const IFA = { ADDRESS: 1, LOCAL: 2, CACHEINFO: 6, FLAGS: 8 };
const [NODAD, NOPREFIXROUTE] = [0x02, 0x200];
const UP = 1;
/** Of addresses that mean something on one link alone: the kernel's own of IPv6. */
const SCOPE_LINK = 253;
/** Counters are much, and not asked for. */
const SKIP_STATS = 8;

export interface LinkHead {
  readonly index: number;
  readonly name: string;
  readonly up: boolean;
}

/** ENODEV, and what is said of a name that no link can have: EINVAL, ERANGE. */
const NO_SUCH = [19, 22, 34];

/** The link of this name; undefined when there is none. */
export function linkNamed(route: Channel, name: string): LinkHead | undefined {
  const question: Question = {
    type: GETLINK,
    fixed: linkHeader({}),
    fill: (to) => {
      to.attribute(IFLA.EXT_MASK, SKIP_STATS);
      to.attribute(IFLA.NAME, name);
    },
  };
  return route.get(question, headOf, NO_SUCH);
}

/** All there are. */
export function allLinks(route: Channel): LinkHead[] {
  return eachLink(route, headOf);
}

/** What `read` makes of the message of each link. */
export function eachLink<T>(route: Channel, read: (body: Buffer) => T): T[] {
  return route.dump({ type: GETLINK, fixed: linkHeader({}), fill: (to) => to.attribute(IFLA.EXT_MASK, SKIP_STATS) }, read);
}

/** Names of links by their numbers, each asked for once. */
export function linkNames(route: Channel): (link: number) => string | undefined {
  const known = new Map<number, string | undefined>();
  return (link) => {
    if (!known.has(link)) known.set(link, route.linkName(link));
    return known.get(link);
  };
}

/** Numbers of the links of these names, as far as there are any. */
export function linkNumbers(route: Channel, names: Iterable<string>): ReadonlyMap<string, number> {
  const found = [...new Set(names)].map((name) => [name, route.linkNumber(name)] as const);
  return new Map(found.flatMap(([name, index]) => (index === undefined ? [] : [[name, index] as const])));
}

export interface LinkAddress extends InterfaceAddress {
  readonly link: number;
  /** It means something on its link alone. */
  readonly linkLocal: boolean;
}

/** All addresses: of all links, or of the one of this number, which is there. */
export function allAddresses(route: Channel, of = 0): LinkAddress[] {
  const fixed = Buffer.alloc(8);
  fixed.writeUInt32LE(of, 4);
  return route.dump({ type: GETADDR, fixed }, (body) => {
    // The kernel sees to it, where it is new enough.
    if (of !== 0 && body.readUInt32LE(4) !== of) return undefined;
    const found = attributesIn(body, 8);
    const address = found.get(IFA.LOCAL) ?? found.get(IFA.ADDRESS);
    if (address === undefined) return undefined;
    return { link: body.readUInt32LE(4), ip: ipOfBytes(address), length: body[1] ?? 0, linkLocal: body[3] === SCOPE_LINK };
  });
}

/** A new link of a kind that needs nothing but a name: `dummy`. */
export function addLink(name: string, kind: string): Question {
  return {
    type: NEWLINK,
    flags: CREATE | EXCLUSIVE,
    fixed: linkHeader({}),
    fill: (to) => {
      to.attribute(IFLA.NAME, name);
      to.nest(IFLA.LINKINFO, () => to.attribute(IFLA.INFO_KIND, kind));
    },
  };
}

export const setLinkUp = (index: number): Question => ({ type: NEWLINK, fixed: linkHeader({ index, up: true }) });

export const removeLink = (index: number): Question => ({ type: DELLINK, fixed: linkHeader({ index }) });

/** An address, not a network: no route comes with it, and nobody is asked whether it is free. */
export const addAddress = (link: number, address: InterfaceAddress): Question => ({
  ...addressQuestion(link, address),
  type: NEWADDR,
  flags: CREATE | EXCLUSIVE,
});

/** As `addAddress`, or as it stands; deprecated, so that nothing is sent from it but answers. */
export const addQuietAddress = (link: number, address: InterfaceAddress): Question => ({
  ...addressQuestion(link, address, QUIET),
  type: NEWADDR,
  flags: CREATE | REPLACE,
});

export const removeAddress = (link: number, address: InterfaceAddress): Question => ({ ...addressQuestion(link, address), type: DELADDR });

/** `ifa_cacheinfo`: preferred for 0 seconds, valid for ever. */
const QUIET = Buffer.from("00000000ffffffff0000000000000000", "hex");

function addressQuestion(link: number, { ip, length }: InterfaceAddress, times?: Buffer): Omit<Question, "type"> {
  const fixed = Buffer.alloc(8);
  fixed[0] = familyNumber(familyOf(ip));
  fixed[1] = length;
  fixed.writeUInt32LE(link, 4);
  return {
    fixed,
    fill: (to) => {
      to.attribute(IFA.LOCAL, bytesOfIp(ip));
      to.attribute(IFA.ADDRESS, bytesOfIp(ip));
      to.attribute(IFA.FLAGS, NOPREFIXROUTE | (familyOf(ip) === 6 ? NODAD : 0));
      if (times !== undefined) to.attribute(IFA.CACHEINFO, times);
    },
  };
}

/** `ifinfomsg` */
function linkHeader({ index = 0, up = false }: { readonly index?: number; readonly up?: boolean }): Buffer {
  const fixed = Buffer.alloc(16);
  fixed.writeInt32LE(index, 4);
  fixed.writeUInt32LE(up ? UP : 0, 8);
  fixed.writeUInt32LE(up ? UP : 0, 12);
  return fixed;
}

function headOf(body: Buffer): LinkHead {
  return { index: body.readInt32LE(4), up: (body.readUInt32LE(8) & UP) !== 0, name: textIn(attributeIn(body, IFLA.NAME, 16)) };
}

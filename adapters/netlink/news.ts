/** What the kernel says of its own accord, socket by socket, as far as it concerns us. */
import { readSync } from "node:fs";
import { METADATA6 } from "#core/kinds/address.ts";
import { MARGAY_PROTOCOL } from "#core/kinds/route.ts";
import { bytesOfIp } from "./bytes.ts";
import type { Sort } from "./ear.ts";
import { frameNews } from "./frames.ts";
import { attributeIn, messagesIn, textIn } from "./message.ts";
import type { Message } from "./message.ts";

/** Sorts of things that may be other than they were. */
export const ROUTE_SORTS = ["links", "routes", "neighbours", "addresses"] as const;
export type RouteSort = (typeof ROUTE_SORTS)[number];

/** Of rtnetlink: things of a sort may be other than they were; on this link alone, where it is named. */
export interface RouteNews {
  readonly sort: RouteSort;
  readonly link?: number;
  /** Of links: its name, and whether it has gone. */
  readonly name?: string;
  readonly gone?: boolean;
}

/** Of nf_tables: our tables became other than they were in this state (by its number); `undefined` when something was missed. */
export interface NftNews {
  readonly generation: number | undefined;
}

/** Everything that can be read now, and each thing once. */
export const newsIn: Readonly<Record<Sort, (socket: number) => Iterable<unknown>>> = {
  route: (socket) => {
    // Of several that say the same, the last: in their order a link may go and come, and change its name.
    const found = new Map<string, RouteNews>();
    const missed = drain(socket, (message) => {
      for (const news of routeNews(message)) {
        const key = JSON.stringify(news);
        found.delete(key);
        found.set(key, news);
      }
    });
    return missed ? ROUTE_SORTS.map((sort) => ({ sort })) : found.values();
  },
  nft: (socket) => {
    const told: NftNews[] = [];
    let touched = false;
    // The number comes last of what is told of a transaction.
    const missed = drain(socket, (message) => {
      if (message.type !== NEWGEN) touched ||= isOurs(message);
      else {
        if (touched) told.push({ generation: attributeIn(message.body, 1, 4)?.readUInt32BE(0) });
        touched = false;
      }
    });
    return missed ? [{ generation: undefined }] : told;
  },
  frames: frameNews,
};

const NEWGEN = 0x0a0f;
/** In every message of nf_tables but one the first attribute is the name of the table. */
const TABLE = 1;

function isOurs({ type, body }: Message): boolean {
  return type >> 8 === 0x0a && textIn(attributeIn(body, TABLE, 4)) === "margay";
}

const IFLA_IFNAME = 3;
const [MAIN, SCOPE_LINK, PERMANENT] = [254, 253, 0x80];
const METADATA_BYTES = bytesOfIp(METADATA6);

function routeNews({ type, body }: Message): readonly RouteNews[] {
  switch (type) {
    case 16:
    case 17:
      return [{ sort: "links", link: body.readInt32LE(4), name: textIn(attributeIn(body, IFLA_IFNAME, 16)), gone: type === 17 }];
    case 20:
    case 21: {
      const link = body.readUInt32LE(4);
      if (body[3] !== SCOPE_LINK) return [{ sort: "links", link }];
      return attributeIn(body, 1, 8)?.equals(METADATA_BYTES) === true ? [{ sort: "addresses", link }] : [];
    }
    case 24:
    case 25:
      return body[4] === MAIN && body[5] === MARGAY_PROTOCOL ? [{ sort: "routes" }] : [];
    case 28:
    case 29:
      // Whoever puts another in the place of ours does so without our mark.
      return (body.readUInt16LE(8) & PERMANENT) !== 0 || attributeIn(body, 12, 12)?.[0] === MARGAY_PROTOCOL ? [{ sort: "neighbours" }] : [];
    default:
      return [];
  }
}

const ROOM = Buffer.allocUnsafe(256 * 1024);

/** Takes all messages that can be read; tells whether some were lost because there was no room for more. */
function drain(socket: number, take: (message: Message) => void): boolean {
  let missed = false;
  for (;;) {
    try {
      for (const message of messagesIn(ROOM.subarray(0, readSync(socket, ROOM)))) take(message);
    } catch (error) {
      const code = error instanceof Error && "code" in error ? error.code : undefined;
      if (code === "EAGAIN") return missed;
      if (code !== "ENOBUFS") throw error;
      missed = true;
    }
  }
}

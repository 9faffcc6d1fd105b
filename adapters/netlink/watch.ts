/** Tells what others change in a kernel, and what VMs say of themselves, as it comes. What is changed by our own sockets is not told. */
import { closeSync } from "node:fs";
import type { Sign, SignsOfLife } from "#contracts/signs.ts";
import { NETFILTER, netlinkSocket, ROUTE } from "./channel.ts";
import type { Channel } from "./channel.ts";
import { ear } from "./ear.ts";
import type { Listen, Sort, Source } from "./ear.ts";
import { frameSockets } from "./frames.ts";
import type { FrameNews } from "./frames.ts";
import { filterSocket, setSocketOption } from "./libc.ts";
import type { FilterStep } from "./libc.ts";
import { allLinks } from "./links.ts";
import type { NftNews, RouteNews, RouteSort } from "./news.ts";

export interface KernelWatch {
  /** Something of these sorts may be other than it was; on the link of this name alone, where one is told. */
  route(sorts: readonly RouteSort[], changed: (on?: string) => void): () => void;
  /** Our tables may be other than they were before this state. */
  nft(changed: (news: NftNews) => void): () => void;
  readonly signs: SignsOfLife;
}

/** Whose news, and by which sockets we ourselves change something. */
interface Watched {
  readonly route: Channel;
  readonly netfilter: Channel;
  readonly netns?: string;
}

const GROUPS: Readonly<Record<Exclude<Sort, "frames">, readonly [protocol: number, groups: readonly number[]]>> = {
  // Links, neighbours, then addresses and routes of both families (RTNLGRP_…).
  route: [ROUTE, [1, 3, 5, 7, 9, 11]],
  nft: [NETFILTER, [7]],
};

export function kernelWatch(kernel: Watched): KernelWatch {
  const listen = ear();
  const names = linkBook(kernel.route);
  const route = shared<RouteNews, NamedNews>(
    listen,
    () => {
      const socket = groupSocket("route", kernel);
      names.open();
      return [{ socket, sort: "route" }];
    },
    names.named,
  );
  const nft = shared<NftNews>(listen, () => [{ socket: groupSocket("nft", kernel), sort: "nft" }], same);
  const frames = shared<FrameNews>(listen, () => frameSockets(kernel.netns).map((socket) => ({ socket, sort: "frames" as const })), same);
  return {
    route: (sorts, changed) => route(({ sort, on }) => (sorts.includes(sort) ? changed(on) : undefined)),
    nft,
    signs: { watch: (heard) => frames(signOf(kernel, heard)) },
  };
}

interface NamedNews {
  readonly sort: RouteSort;
  /** Absent where it may be any. */
  readonly on: string | undefined;
}

/** Names of links, as they were told last. */
function linkBook(route: Channel) {
  const known = new Map<number, string>();
  const note = ({ link, name, gone }: RouteNews): string | undefined => {
    if (link === undefined) return undefined;
    const before = known.get(link);
    if (gone === true) known.delete(link);
    else if (name !== undefined) known.set(link, name);
    // What was on a link that has another name now is found by neither; and the kernel keeps on `lo` what leads nowhere.
    const isOther = before !== undefined && name !== undefined && before !== name;
    const now = name ?? before;
    return isOther || now === "lo" ? undefined : now;
  };
  return {
    /** From now on all is told. */
    open: () => {
      known.clear();
      for (const { index, name } of allLinks(route)) known.set(index, name);
    },
    named: (news: RouteNews): NamedNews => ({ sort: news.sort, on: note(news) }),
  };
}

const same = <T>(news: T): T => news;

/** One ear for all who want to know, as long as there are any. */
function shared<T, U = T>(listen: Listen, open: () => readonly Source[], read: (news: T) => U): (heard: (news: U) => void) => () => void {
  const all = new Set<(news: U) => void>();
  let ends: readonly (() => void)[] = [];
  const tell = (news: T) => {
    const told = read(news);
    for (const each of all) each(told);
  };
  return (heard) => {
    const one = (news: U) => heard(news);
    all.add(one);
    // What comes in at a socket is of its sort.
    if (all.size === 1) ends = open().map((source) => listen(source, (news) => tell(news as T)));
    return () => {
      if (all.delete(one) && all.size === 0) ends.forEach((end) => end());
    };
  };
}

const [SOL_SOCKET, SO_RCVBUFFORCE] = [1, 33];
const [SOL_NETLINK, ADD_MEMBERSHIP] = [270, 1];

/** What is told to all who listen, but for what our own sockets did: that does not even reach it. */
function groupSocket(sort: keyof typeof GROUPS, kernel: Watched): number {
  const [protocol, groups] = GROUPS[sort];
  const socket = netlinkSocket(protocol, kernel.netns);
  try {
    filterSocket(socket, notBy(sort === "route" ? kernel.route.port : kernel.netfilter.port));
    setSocketOption(socket, { level: SOL_SOCKET, name: SO_RCVBUFFORCE, value: 8 << 20 });
    for (const group of groups) setSocketOption(socket, { level: SOL_NETLINK, name: ADD_MEMBERSHIP, value: group });
    return socket;
  } catch (error) {
    closeSync(socket);
    throw error;
  }
}

/** Drops messages that bear this number (`nlmsg_pid`, in the machine's order, where a filter reads in the network's). */
function notBy(port: number): FilterStep[] {
  const swapped = Buffer.alloc(4);
  swapped.writeUInt32LE(port);
  return [
    [0x20, 0, 0, 12],
    [0x15, 0, 1, swapped.readUInt32BE(0)],
    [0x06, 0, 0, 0],
    [0x06, 0, 0, 0xffffffff],
  ];
}

function signOf(kernel: Watched, heard: (sign: Sign) => void): (news: FrameNews) => void {
  return ({ link, ...said }) => {
    const tap = kernel.route.linkName(link);
    if (tap !== undefined) heard({ ...said, tap });
  };
}

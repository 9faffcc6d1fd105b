/** The kernel of one network namespace, as one speaks to it by netlink. */
import { channel, NETFILTER, ROUTE } from "./channel.ts";
import type { Channel } from "./channel.ts";

export interface Kernel {
  /** Links, addresses, routes and neighbours. */
  readonly route: Channel;
  /** Packet filter and tracked flows. */
  readonly netfilter: Channel;
  /** As `ip netns` knows it; absent: the one of this process. */
  readonly netns?: string;
  close(): void;
}

/** Throws in words where the kernel cannot be spoken to: another system, or not root in a namespace. */
export function kernelOf(netns?: string): Kernel {
  const route = channel(ROUTE, netns);
  const netfilter = channel(NETFILTER, netns);
  const close = () => {
    route.close();
    netfilter.close();
  };
  return netns === undefined ? { route, netfilter, close } : { route, netfilter, netns, close };
}

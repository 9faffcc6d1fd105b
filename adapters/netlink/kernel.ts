/** The kernel of one network namespace, as one speaks to it by netlink. */
import { aside } from "./aside.ts";
import type { Aside } from "./aside.ts";
import { channel, NETFILTER, ROUTE } from "./channel.ts";
import type { Channel } from "./channel.ts";
import { kernelWatch } from "./watch.ts";
import type { KernelWatch } from "./watch.ts";

export interface Kernel {
  /** Links, addresses, routes and neighbours. */
  readonly route: Channel;
  /** Packet filter and tracked flows. */
  readonly netfilter: Channel;
  /** Tracked flows, to be listed: whose table the kernel looks through as a whole. */
  readonly flows: Aside;
  /** What it tells of its own accord. */
  readonly watch: KernelWatch;
  /** As `ip netns` knows it; absent: the one of this process. */
  readonly netns?: string;
  close(): void;
}

/** Throws in words where the kernel cannot be spoken to: another system, or not root in a namespace. */
export function kernelOf(netns?: string): Kernel {
  const route = channel(ROUTE, netns);
  const netfilter = channel(NETFILTER, netns);
  const flows = aside(NETFILTER, netns);
  const close = () => [route, netfilter, flows].forEach((each) => each.close());
  const asked = { route, netfilter, flows, ...(netns === undefined ? {} : { netns }) };
  return { ...asked, watch: kernelWatch(asked), close };
}

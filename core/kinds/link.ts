/**
 * Network interfaces. Most are facts that others make (Nova the taps, the operator the uplinks): what needs one waits
 * until it is there. The few that Margay makes carry addresses that no other interface may carry: the gateway
 * addresses of the subnets on a compute host, the PNAT pool on a gateway.
 */
import type { InterfaceAddress } from "../net/prefix.ts";
import type { Kind } from "./kind.ts";

export interface Link {
  readonly name: string;
  /** As listed: the kernel's number of it. Another number is another link of that name. Never compared. */
  readonly index?: number;
  /** Present on links that Margay makes, absent on facts. */
  readonly own?: {
    /** Sorted as text. Put on without a connected route: an address, not a network. */
    readonly addresses: readonly InterfaceAddress[];
  };
}

/** Own links are told from others by this prefix of their name alone. */
export const OWN_LINK_PREFIX = "margay";

export const link: Kind<Link> = {
  name: "link",
  key: (value) => value.name,
  same: (want, have) => want.own === undefined || JSON.stringify(want.own) === JSON.stringify(have.own),
  needs: () => [],
  isOurs: ({ own }) => own !== undefined,
  life: ({ index }) => index,
  show: (value) => [value.name, ...(value.own?.addresses ?? []).map(({ ip, length }) => `${ip}/${length}`)].join(" "),
};

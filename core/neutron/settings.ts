/** What an operator decides about the cloud as a whole; the same for every controller of it. */
import { DECLARED_POLICY } from "../policy/policy.ts";
import type { Policy } from "../policy/policy.ts";

export interface CloudSettings {
  readonly policy: Policy;
  /** May two subnets have addresses in common? Each address still has one port at most. */
  readonly overlappingSubnets: "refused" | "allowed";
  /** May a subnet lie outside the ranges of the data centre, once one has been applied? */
  readonly undeclaredSubnets: "refused" | "allowed";
  /**
   * For how long nobody is given an address that was released. A minute outlasts what remembers it by itself: neighbours'
   * caches (RFC 4861: 30 s, then probes), names told with customary lifetimes, and hosts and routers on their way to know.
   */
  readonly quarantineSeconds: number;
  /** The most objects that one answer lists: Neutron's `pagination_max_limit`; 0: all. */
  readonly longestList: number;
}

export const DEFAULT_SETTINGS: CloudSettings = {
  policy: DECLARED_POLICY,
  overlappingSubnets: "refused",
  undeclaredSubnets: "refused",
  quarantineSeconds: 60,
  longestList: 0,
};

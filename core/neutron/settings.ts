/** What an operator decides about the cloud as a whole; the same for every controller of it. */
import { DECLARED_POLICY } from "../policy/policy.ts";
import type { Policy } from "../policy/policy.ts";

export interface CloudSettings {
  /** Who may do what: the declared rules, or an operator's policy file on top of them (core/policy/policy-file.ts). */
  readonly policy: Policy;
  /**
   * May an administrator do what Neutron's new defaults leave to services alone: write `binding:profile`, make, end and
   * activate bindings of ports? Many clouds give Nova the role admin and no other, and its live migration needs these.
   * Off: as in Neutron, only who has the role service.
   */
  readonly adminIsService: boolean;
  /** May two subnets have addresses in common? Each address still has one port at most. */
  readonly overlappingSubnets: "refused" | "allowed";
  /** May a subnet lie outside the ranges of the data centre, once one has been applied? */
  readonly undeclaredSubnets: "refused" | "allowed";
  /**
   * May host routes of subnets, and extra routes of routers, name next hops that no traffic would pass, as it is routed by its destination
   * alone? They are told all the same.
   */
  readonly deadNextHops: "refused" | "allowed";
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
  adminIsService: true,
  overlappingSubnets: "refused",
  undeclaredSubnets: "refused",
  deadNextHops: "refused",
  quarantineSeconds: 60,
  longestList: 0,
};

/**
 * All tracked flows of an address. An established flow is accepted before any policy is asked, so whoever takes an address away
 * also cuts the flows that were its former holder's.
 */
import type { Flows } from "#contracts/flows.ts";
import type { Ip } from "#core/net/address.ts";

/** Cuts all flows from and to these addresses, as either end knows them; gives the reasons for those that could not be. */
export type CutFlows = (addresses: Iterable<Ip>) => Promise<ReadonlyMap<Ip, string>>;

export function cutFlows(flows: Pick<Flows, "list" | "remove">): CutFlows {
  return async (addresses) => {
    const asked = [...new Set(addresses)];
    if (asked.length === 0) return new Map();
    try {
      const found = await flows.list(asked);
      const outcomes = await flows.remove(found);
      return new Map(
        found.flatMap(({ orig, reply }, at) => {
          const outcome = outcomes[at];
          return outcome?.state === "failed" ? [orig.src, orig.dst, reply.src, reply.dst].map((ip) => [ip, outcome.reason] as const) : [];
        }),
      );
    } catch (error) {
      return new Map(asked.map((ip) => [ip, error instanceof Error ? error.message : String(error)]));
    }
  };
}

/**
 * Addresses of pairs that a VM of this host has taken over by a sign of life, before the controller knows: what has been told is corrected by
 * it, on this host alone. The latest sign counts; a taking is forgotten once the controller tells of that one, or of a later one.
 */
import type { Sign } from "#contracts/signs.ts";
import type { Endpoint, PairClaim, Report } from "#core/feed/item.ts";
import { hasTaken, tookOver } from "#core/intent/arrival.ts";
import type { Route } from "#core/kinds/route.ts";
import type { Ip } from "#core/net/address.ts";

type Endpoints = ReadonlyMap<string, Endpoint>;

export interface Takings {
  /** `endpoints`: what was heard, VMs that have come included. Answers the port that has taken an address over. */
  hear(sign: Sign, endpoints: Endpoints): string | undefined;
  /** Forgets what was overtaken. `left`: routes that an agent before this one left. */
  renew(endpoints: Endpoints, left: readonly Route[]): void;
  /** The very same where nothing is to be corrected. */
  correct(endpoints: Endpoints): Endpoints;
  told(): Report["taken"];
}

interface Taken {
  readonly port: string;
  readonly claim: PairClaim;
}

export function takings(host: string): Takings {
  const taken = new Map<Ip, Taken>();
  const correct = (endpoints: Endpoints): Endpoints =>
    taken.size === 0 ? endpoints : new Map([...endpoints].map(([id, endpoint]) => [id, corrected(endpoint, taken)]));
  const stands = ({ port, claim }: Taken, endpoints: Endpoints) => {
    const endpoint = endpoints.get(port);
    return endpoint?.host === host && endpoint.claims.some(({ ip, turn }) => ip === claim.ip && turn === claim.turn);
  };
  return {
    hear: ({ tap, mac, ip }, endpoints) => {
      const here = [...endpoints.values()].find((each) => each.tap === tap && each.host === host && each.admin_state_up);
      const said = here?.claims.find((each) => each.ip === ip && each.macs.includes(mac));
      if (here === undefined || said === undefined) return undefined;
      const now = corrected(here, taken).claims.find((each) => each.ip === ip);
      if (now?.held === true && now.turn > 0 && now.mac === mac) return undefined;
      taken.set(said.ip, { port: here.port_id, claim: { ...said, mac } });
      return here.port_id;
    },
    renew: (endpoints, left) => {
      for (const endpoint of endpoints.values())
        if (endpoint.host === host)
          for (const claim of endpoint.claims) if (hasTaken(endpoint, claim, left)) taken.set(claim.ip, { port: endpoint.port_id, claim });
      for (const [ip, each] of taken) if (!stands(each, endpoints)) taken.delete(ip);
    },
    correct,
    told: () => {
      const byPort = Map.groupBy([...taken.values()], ({ port }) => port);
      const one = ({ claim: { ip, mac, turn } }: Taken) => ({ ip, mac, turn });
      return Object.fromEntries([...byPort].toSorted().map(([port, all]) => [port, all.map(one)]));
    },
  };
}

function corrected(endpoint: Endpoint, taken: ReadonlyMap<Ip, Taken>): Endpoint {
  if (!endpoint.claims.some(({ ip }) => taken.has(ip))) return endpoint;
  const claims = endpoint.claims.map((claim) => {
    const by = taken.get(claim.ip);
    return by === undefined ? claim : tookOver(claim, by.port === endpoint.port_id ? by.claim.mac : undefined);
  });
  return { ...endpoint, claims };
}

/**
 * VMs that have come to this host before the controller knows: a sign of life from the MAC of an endpoint that is expected here. That is
 * a fact of the host, and what the host has been told is corrected by it, so intent stays a function of the view. The controller
 * is told, and once it says the same, or something later, the sign is forgotten. The same of addresses that VMs take over (takings.ts).
 */
import type { Sign, SignsOfLife } from "#contracts/signs.ts";
import type { Endpoint, Report, View } from "#core/feed/item.ts";
import { cameTo, hasCome } from "#core/intent/arrival.ts";
import type { Route } from "#core/kinds/route.ts";
import type { Heard } from "./replica.ts";
import { takings } from "./takings.ts";

/** What was heard, corrected by signs of life. */
export interface Known extends Heard {
  /** Of the ports that are here, as far as the controller does not know it: how often they had moved before. */
  readonly arrived: Report["arrived"];
  /** The same of addresses of pairs. */
  readonly taken: Report["taken"];
}

export interface Arrivals {
  known(): Known | undefined;
  /** The same, with what `heard` gives now: signs that it has overtaken are forgotten, and signs are listened for as long as somebody is expected. */
  renew(): void;
  /** What an agent before this one knew can be told from the routes that it left. */
  adopt(routes: readonly Route[]): void;
  stop(): void;
}

export interface ArrivalsParts {
  readonly host: string;
  readonly signs: SignsOfLife;
  readonly heard: () => Heard | undefined;
  /** A VM of this port has come, or has taken an address over. */
  readonly changed: (port: string) => void;
}

export function arrivals({ host, signs, heard, changed }: ArrivalsParts): Arrivals {
  /** By port: how often it had moved when its VM came here. */
  const came = new Map<string, number>();
  const over = takings(host);
  let left: readonly Route[] = [];
  let known: Known | undefined;
  let deaf: (() => void) | undefined;

  const expected = (): readonly Endpoint[] => [...(heard()?.view.endpoints.values() ?? [])].filter((each) => each.host !== host);
  const take = (endpoint: Endpoint) => {
    came.set(endpoint.port_id, endpoint.moves);
    known = undefined;
  };
  const here = () => cameHere(heard()?.view.endpoints ?? new Map(), came, host);
  const hear = (sign: Sign) => {
    const arrived = expected().find((each) => each.tap === sign.tap && each.mac === sign.mac && came.get(each.port_id) !== each.moves);
    if (arrived !== undefined) take(arrived);
    const taken = over.hear(sign, here());
    if (arrived === undefined && taken === undefined) return;
    known = undefined;
    changed(arrived?.port_id ?? String(taken));
  };
  const listen = (wanted: boolean) => {
    if (wanted) deaf ??= signs.watch(hear);
    else {
      deaf?.();
      deaf = undefined;
    }
  };
  const renew = () => {
    const now = heard();
    if (now === undefined) return;
    known = undefined;
    const awaited = expected();
    for (const each of awaited) if (hasCome(each, left)) take(each);
    const moves = new Map(awaited.map((each) => [each.port_id, each.moves]));
    for (const [port, at] of came) if (moves.get(port) !== at) came.delete(port);
    over.renew(here(), left);
    left = [];
    listen(awaited.length > 0 || [...now.view.endpoints.values()].some(({ claims }) => claims.length > 0));
  };
  return {
    known: () => {
      const now = heard();
      if (now === undefined) return undefined;
      known ??= {
        view: withEndpoints(now.view, over.correct(here())),
        revision: now.revision,
        arrived: Object.fromEntries([...came].toSorted()),
        taken: over.told(),
      };
      return known;
    },
    renew,
    adopt: (routes) => {
      left = routes;
      renew();
    },
    stop: () => listen(false),
  };
}

/** What is not another stays the same object. */
function withEndpoints(view: View, endpoints: View["endpoints"]): View {
  return endpoints === view.endpoints ? view : { ...view, endpoints };
}

function cameHere(endpoints: View["endpoints"], came: ReadonlyMap<string, number>, host: string): View["endpoints"] {
  if (came.size === 0) return endpoints;
  const now = new Map(endpoints);
  for (const port of came.keys()) {
    const endpoint = now.get(port);
    if (endpoint !== undefined) now.set(port, cameTo(endpoint, host));
  }
  return now;
}

/**
 * VMs that have come to this host before the controller knows: a sign of life from the MAC of an endpoint that is expected here. That is
 * a fact of the host, and what the host has been told is corrected by it, so intent stays a function of the view. The controller
 * is told, and once it says the same, or something later, the sign is forgotten.
 */
import type { Sign, SignsOfLife } from "#contracts/signs.ts";
import type { Endpoint, View } from "#core/feed/item.ts";
import { cameTo, hasCome } from "#core/intent/arrival.ts";
import type { Route } from "#core/kinds/route.ts";
import type { Heard } from "./replica.ts";

/** What was heard, corrected by signs of life. */
export interface Known extends Heard {
  /** Of the ports that are here, as far as the controller does not know it: how often they had moved before. */
  readonly arrived: Readonly<Record<string, number>>;
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
  /** A VM has come. */
  readonly changed: (port: string) => void;
}

export function arrivals({ host, signs, heard, changed }: ArrivalsParts): Arrivals {
  /** By port: how often it had moved when its VM came here. */
  const came = new Map<string, number>();
  let left: readonly Route[] = [];
  let known: Known | undefined;
  let deaf: (() => void) | undefined;

  const expected = (): readonly Endpoint[] => [...(heard()?.view.endpoints.values() ?? [])].filter((each) => each.host !== host);
  const take = (endpoint: Endpoint) => {
    came.set(endpoint.port_id, endpoint.moves);
    known = undefined;
  };
  const hear = ({ tap, mac }: Sign) => {
    const arrived = expected().find((each) => each.tap === tap && each.mac === mac && came.get(each.port_id) !== each.moves);
    if (arrived === undefined) return;
    take(arrived);
    changed(arrived.port_id);
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
    left = [];
    const moves = new Map(awaited.map((each) => [each.port_id, each.moves]));
    for (const [port, at] of came) if (moves.get(port) !== at) came.delete(port);
    listen(awaited.length > 0);
  };
  return {
    known: () => {
      const now = heard();
      if (now === undefined) return undefined;
      known ??= { view: corrected(now.view, came, host), revision: now.revision, arrived: Object.fromEntries([...came].toSorted()) };
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
function corrected(view: View, came: ReadonlyMap<string, number>, host: string): View {
  if (came.size === 0) return view;
  const endpoints = new Map(view.endpoints);
  for (const port of came.keys()) {
    const endpoint = endpoints.get(port);
    if (endpoint !== undefined) endpoints.set(port, cameTo(endpoint, host));
  }
  return { ...view, endpoints };
}

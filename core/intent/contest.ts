/**
 * Two endpoints of one host may claim one tap or one address: a store that was put back by force may say so, and where subnets may
 * overlap two networks may give out the same. One of them has it, the same one after every restart; the other goes without, and
 * is told of. When the first lets go, the other has it.
 */
import type { Endpoint, View } from "../feed/item.ts";
import type { Ref } from "../kinds/kind.ts";
import type { Ip } from "../net/address.ts";

/** What an endpoint goes without. */
export interface Contest {
  /** `tap/tap8f…`, `address/10.65.0.5`, and whose claim it is. */
  readonly ref: Ref;
  readonly reason: string;
}

export interface Settled {
  /** Sorted by port, each as it can be served: the very same value where nothing is contested. */
  readonly endpoints: readonly Endpoint[];
  /** By port. */
  readonly contests: ReadonlyMap<string, readonly Contest[]>;
}

/** `host` is where they are: who is served here goes before who is still elsewhere. */
export function settle(endpoints: Iterable<Endpoint>, host: string): Settled {
  const ranked = [...endpoints].toSorted((one, other) => rank(one, host) - rank(other, host) || order(one.port_id, other.port_id));
  const [taps, addresses] = [new Map<string, string>(), new Map<Ip, string>()];
  const contests = new Map<string, Contest[]>();
  const claim = <K extends string>(
    what: string,
    owners: Map<K, string>,
    { key, port_id }: { readonly key: K; readonly port_id: string },
  ) => {
    const owner = owners.get(key) ?? port_id;
    owners.set(key, owner);
    if (owner === port_id) return true;
    const lost: Contest = { ref: `${what}/${key} of port ${port_id}`, reason: `port/${owner} has it on this host` };
    contests.set(port_id, [...(contests.get(port_id) ?? []), lost]);
    return false;
  };
  const placed = ranked.filter(({ tap: key, port_id }) => claim("tap", taps, { key, port_id }));
  const own = placed.map((endpoint) => {
    if (!endpoint.admin_state_up) return endpoint;
    const lost = new Set(endpoint.addresses.flatMap(({ ip: key }) => (claim("address", addresses, { key, ...endpoint }) ? [] : [key])));
    return lost.size === 0 ? endpoint : without(endpoint, lost);
  });
  // Floating IPs last: they lead to somebody who has an address of his own.
  const settled = own.map((endpoint) => {
    const floating = endpoint.floating.filter(({ ip: key }) => claim("address", addresses, { key, ...endpoint }));
    return floating.length === endpoint.floating.length ? endpoint : { ...endpoint, floating };
  });
  return { endpoints: settled.toSorted((one, other) => order(one.port_id, other.port_id)), contests };
}

/** The view as the host can serve it; the same one where nothing is contested. */
export function settledView(view: View, host: string): View {
  const { endpoints, contests } = settle(view.endpoints.values(), host);
  return contests.size === 0 ? view : { ...view, endpoints: new Map(endpoints.map((each) => [each.port_id, each])) };
}

/** Who is up goes before who has no address here, and who is served before who is expected. */
function rank({ admin_state_up: up, host: serving }: Endpoint, host: string): number {
  return (up ? 0 : 2) + (serving === host ? 0 : 1);
}

function order(one: string, other: string): number {
  return one < other ? -1 : Number(one > other);
}

/** What would lead to an address that it goes without would lead to whoever has it. */
function without(endpoint: Endpoint, lost: ReadonlySet<Ip>): Endpoint {
  const floating = endpoint.floating
    .filter(({ stands_for: own }) => own === null || !lost.has(own))
    .map((each) => ({ ...each, forwards: each.forwards.filter(({ to }) => !lost.has(to)) }));
  return { ...endpoint, addresses: endpoint.addresses.filter(({ ip }) => !lost.has(ip)), floating };
}

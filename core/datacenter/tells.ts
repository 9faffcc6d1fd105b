/** What each end of a BGP session tells the other, in words: the filters that the ends hold, as an operator would say them. */
import { familyOf } from "../net/address.ts";
import type { DataCenter } from "./data-center.ts";
import { exportsOf } from "./exports.ts";
import { attachedTo, hasLoopback, racksOf } from "./racks.ts";
import { publicRanges } from "./ranges.ts";
import type { Session } from "./sessions.ts";
import { showSpan, within } from "./span.ts";

export interface Tells {
  readonly near_tells: readonly string[];
  readonly far_tells: readonly string[];
}

const OWN_VMS = "addresses of its own VMs, one by one";
const ALL_VMS = "addresses of all VMs, one by one";
const OTHER_VMS = "addresses of other hosts' VMs, one by one";
const RACK_VMS = "addresses of the VMs in its rack, one by one";
const RACKS = "where the machines of other racks are";

export function tellsOf(datacenter: DataCenter, { kind, near, far, carries }: Session): Tells {
  const defaults = `default route (${carries.map((family) => (family === 4 ? "0.0.0.0/0" : "::/0")).join(", ")})`;
  const pools = (name: string) => poolsInPublic(datacenter).flatMap(({ owner, text }) => (owner === name ? [text] : []));
  const others = poolsInPublic(datacenter).flatMap(({ owner, text }) => (owner === near.name ? [] : [text]));
  const racks = racksOf(datacenter).length > 0 ? [RACKS] : [];
  const own = ownOf(datacenter, near.name);
  switch (kind) {
    case "gateway client":
    case "gateway neighbour":
    case "tor client":
      return { near_tells: own, far_tells: [OTHER_VMS, defaults, ...racks] };
    case "reflector peer":
      return { near_tells: [ALL_VMS, defaults, ...others, ...racks], far_tells: [ALL_VMS, defaults, ...others, ...racks] };
    case "gateway peer":
      return { near_tells: [ALL_VMS, ...pools(near.name), ...racks], far_tells: [ALL_VMS, ...pools(far.name), ...racks] };
    case "reflector client":
    case "reflector neighbour":
      if (!isGateway(datacenter, near.name)) return { near_tells: own, far_tells: [OTHER_VMS, defaults, ...racks] };
      return { near_tells: [defaults, ...pools(near.name)], far_tells: [ALL_VMS, ...others, ...racks] };
    case "mesh peer": {
      const said = (name: string) => (isGateway(datacenter, name) ? [defaults, ...pools(name)] : ownOf(datacenter, name));
      return { near_tells: said(near.name), far_tells: said(far.name) };
    }
    case "customer": {
      const prefixes = exportsOf(datacenter).filter((prefix) => carries.includes(familyOf(prefix)));
      return { near_tells: prefixes.length > 0 ? prefixes.map((prefix) => `exactly ${prefix}`) : ["nothing"], far_tells: [defaults] };
    }
  }
}

function isGateway({ gateways }: DataCenter, name: string): boolean {
  return gateways.some((gateway) => gateway.name === name);
}

/** What a host or a top-of-rack router says of itself. */
function ownOf(dc: DataCenter, name: string): readonly string[] {
  const rack = racksOf(dc).find(({ tor }) => tor.name === name);
  if (rack === undefined) {
    const host = dc.hosts.find((each) => each.name === name);
    return [OWN_VMS, ...(host !== undefined && hasLoopback(host) ? ["its own address"] : [])];
  }
  const segments = [rack.ipv4, rack.ipv6].filter((prefix) => prefix !== undefined);
  const loopbacks = attachedTo(dc, rack).some(({ host }) => hasLoopback(host)) ? ["addresses of the hosts in its rack"] : [];
  return [RACK_VMS, ...segments.map((prefix) => `exactly ${prefix}`), ...loopbacks];
}

interface Pool {
  readonly owner: string;
  readonly text: string;
}

/** Replies to these come in with the public range, by any gateway, which has to know whose they are. */
function poolsInPublic(dc: DataCenter): readonly Pool[] {
  const open = publicRanges(dc);
  return dc.gateways.flatMap(({ name, pnat }) =>
    pnat !== undefined && open.some((range) => within(range, pnat))
      ? [{ owner: name, text: `PNAT pool of ${name} (${showSpan(pnat)})` }]
      : [],
  );
}

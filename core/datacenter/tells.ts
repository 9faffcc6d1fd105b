/** What each end of a BGP session tells the other, in words: the filters that the ends hold, as an operator would say them. */
import { familyOf } from "../net/address.ts";
import type { DataCenter } from "./data-center.ts";
import { exportsOf } from "./exports.ts";
import type { Session } from "./sessions.ts";
import { showSpan, within } from "./span.ts";

export interface Tells {
  readonly near_tells: readonly string[];
  readonly far_tells: readonly string[];
}

const OWN_VMS = "addresses of its own VMs, one by one";
const ALL_VMS = "addresses of all VMs, one by one";
const OTHER_VMS = "addresses of other hosts' VMs, one by one";

export function tellsOf(datacenter: DataCenter, { kind, near, far, carries }: Session): Tells {
  const defaults = `default route (${carries.map((family) => (family === 4 ? "0.0.0.0/0" : "::/0")).join(", ")})`;
  const pools = (name: string) => poolsInPublic(datacenter).flatMap(({ owner, text }) => (owner === name ? [text] : []));
  const others = poolsInPublic(datacenter).flatMap(({ owner, text }) => (owner === near.name ? [] : [text]));
  if (kind === "gateway client") return { near_tells: [OWN_VMS], far_tells: [OTHER_VMS, defaults] };
  if (kind === "reflector peer") return { near_tells: [ALL_VMS, defaults, ...others], far_tells: [ALL_VMS, defaults, ...others] };
  if (kind === "gateway peer") return { near_tells: [ALL_VMS, ...pools(near.name)], far_tells: [ALL_VMS, ...pools(far.name)] };
  if (kind === "reflector client") {
    const host = datacenter.hosts.some(({ name }) => name === near.name);
    if (host) return { near_tells: [OWN_VMS], far_tells: [OTHER_VMS, defaults] };
    return { near_tells: [defaults, ...pools(near.name)], far_tells: [ALL_VMS, ...others] };
  }
  const prefixes = exportsOf(datacenter).filter((prefix) => carries.includes(familyOf(prefix)));
  return { near_tells: prefixes.length > 0 ? prefixes.map((prefix) => `exactly ${prefix}`) : ["nothing"], far_tells: [defaults] };
}

interface Pool {
  readonly owner: string;
  readonly text: string;
}

/** Replies to these come in with the public range, by any gateway, which has to know whose they are. */
function poolsInPublic({ ranges, gateways }: DataCenter): readonly Pool[] {
  const open = ranges.public;
  if (open === undefined) return [];
  return gateways.flatMap(({ name, pnat }) =>
    pnat !== undefined && within(open, pnat) ? [{ owner: name, text: `PNAT pool of ${name} (${showSpan(pnat)})` }] : [],
  );
}

/** What each end of a BGP session tells the other, in words: the filters that the ends hold, as an operator would say them. */
import { familyOf } from "../net/address.ts";
import type { Family } from "../net/address.ts";
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
  const defaults = `default route (${carries.map(anywhere).join(", ")})`;
  if (kind === "customer") {
    const prefixes = exportsOf(datacenter).filter((prefix) => carries.includes(familyOf(prefix)));
    return { near_tells: prefixes.length > 0 ? prefixes.map((prefix) => `exactly ${prefix}`) : ["nothing"], far_tells: [defaults] };
  }
  const pools = poolsInPublic(datacenter);
  if (kind === "gateway client")
    return { near_tells: [OWN_VMS], far_tells: [OTHER_VMS, defaults, ...pools.filter(ownedBy(far.name)).map(told)] };
  if (!datacenter.gateways.some(({ name }) => name === near.name)) return { near_tells: [OWN_VMS], far_tells: [OTHER_VMS, defaults] };
  return {
    near_tells: [defaults, ...pools.filter(ownedBy(near.name)).map(told)],
    far_tells: [ALL_VMS, ...pools.filter((pool) => !ownedBy(near.name)(pool)).map(told)],
  };
}

interface Pool {
  readonly owner: string;
  readonly span: string;
}

/** Replies to these come in with the public range, by any gateway, which has to know whose they are. */
function poolsInPublic({ ranges, gateways }: DataCenter): readonly Pool[] {
  const open = ranges.public;
  if (open === undefined) return [];
  return gateways.flatMap(({ name, pnat }) => (pnat !== undefined && within(open, pnat) ? [{ owner: name, span: showSpan(pnat) }] : []));
}

function ownedBy(name: string): (pool: Pool) => boolean {
  return ({ owner }) => owner === name;
}

function told({ owner, span }: Pool): string {
  return `PNAT pool of ${owner} (${span})`;
}

function anywhere(family: Family): string {
  return family === 4 ? "0.0.0.0/0" : "::/0";
}

/**
 * Could a flow that a host tracks begin now? The same question that its packet filter answers for a first packet, put to flows that
 * were let through once and are asked about no more. What goes on between the host itself and its VMs is not decided by groups, and a
 * flow of nobody here is nobody's business here.
 */
import type { Endpoint, View } from "../feed/item.ts";
import { isStateless } from "../feed/stateless.ts";
import { TAKEN_UP_MARK } from "../intent/midway.ts";
import { machinesOf } from "../intent/policy-host.ts";
import type { Ip } from "../net/address.ts";
import { contains, firstOf, hostPrefix } from "../net/prefix.ts";
import type { Cidr } from "../net/prefix.ts";
import { leadOf } from "./floating.ts";
import { admitting } from "./rules.ts";
import type { Flow } from "./rules.ts";

const TCP = 6;

/** One direction, as its packets look. */
export interface Ends {
  readonly src: Ip;
  readonly dst: Ip;
  readonly sport?: number;
  readonly dport?: number;
  readonly icmp?: { readonly type: number; readonly code: number };
}

/** `reply` is how its answers come: from whom it really led to, to whom it really came from. */
export interface Tracked {
  readonly protocol: number;
  readonly orig: Ends;
  readonly reply: Ends;
  readonly mark?: number;
}

/** `astray`: it is translated as nothing here says any more. */
export type Standing = "open" | "closed" | "astray";

/** A host's view, so arranged that many flows can be asked about. */
export interface Ground {
  readonly view: View;
  /** Endpoints by the addresses that lead to them: their own, and single ones of their allowed pairs. */
  readonly holders: ReadonlyMap<Ip, readonly Endpoint[]>;
  readonly closed: readonly Cidr[];
  /** By floating IP that is translated here. */
  readonly floating: ReadonlyMap<Ip, Endpoint["floating"][number]>;
  /** What addresses leave with, translated here. */
  readonly leaving: ReadonlyMap<Ip, Ip>;
  /** Addresses of the host itself, on every host. */
  readonly gateways: ReadonlySet<Ip>;
}

export function groundOf(view: View, host: string): Ground {
  // Of a VM that is to come, or has left, that other host decides.
  const here = [...view.endpoints.values()].filter((endpoint) => endpoint.host === host);
  const held = here.flatMap((endpoint) => addressesOf(endpoint).map((ip) => ({ ip, endpoint })));
  const served = here.filter((endpoint) => endpoint.admin_state_up).flatMap(({ floating }) => floating);
  return {
    view,
    holders: new Map([...Map.groupBy(held, ({ ip }) => ip)].map(([ip, list]) => [ip, list.map(({ endpoint }) => endpoint)])),
    closed: view.datacenter === undefined ? [] : machinesOf(view.datacenter),
    floating: new Map(served.map((each) => [each.ip, each])),
    // The first of several, as the packet filter has it.
    leaving: new Map(served.toReversed().flatMap(({ ip, stands_for: own }) => (own === null ? [] : [[own, ip] as const]))),
    gateways: new Set([...view.subnets.values()].flatMap(({ gateway_ip }) => gateway_ip ?? [])),
  };
}

/**
 * Its own, and the single addresses of its allowed pairs. Whole prefixes are left out: whoever sends from one of their addresses may be
 * behind this endpoint, or anywhere.
 */
export function addressesOf({ addresses, pairs }: Endpoint): readonly Ip[] {
  const single = pairs.map(({ prefix }) => firstOf(prefix)).filter((ip, at) => hostPrefix(ip) === pairs[at]?.prefix);
  return [...new Set([...addresses.map(({ ip }) => ip), ...single])];
}

/** In its original direction. */
export function standingOf(ground: Ground, tracked: Tracked): Standing {
  if (isAstray(ground, tracked)) return "astray";
  const { src } = tracked.orig;
  // Where it leads after the destination was translated: that is what groups are asked about, here or where it is served.
  const { src: target } = tracked.reply;
  if (ground.gateways.has(target) || ground.gateways.has(src)) return "open";
  const senders = ground.holders.get(src) ?? [];
  const receivers = ground.holders.get(target) ?? [];
  if (senders.length > 0 && ground.closed.some((prefix) => contains(prefix, target))) return "closed";
  const ways = waysOf(tracked);
  const passes = (ends: readonly Endpoint[], direction: Flow["direction"], remote: Ip) =>
    ends.length === 0 || ends.some((endpoint) => ways.some((way) => lets(ground, endpoint, { ...way(direction), remote })));
  return passes(senders, "egress", target) && passes(receivers, "ingress", src) ? "open" : "closed";
}

type Way = (direction: Flow["direction"]) => Omit<Flow, "remote">;

/**
 * What an end's rules are asked. A TCP connection that was taken up midway may have begun at either side: it is asked about as an answer,
 * too, by the rules of the other direction and the port at the end from which it seems to come.
 */
function waysOf(tracked: Tracked): readonly Way[] {
  const asked = askedOf(tracked);
  const plain: Way = (direction) => ({ ...asked, direction });
  const { protocol, orig, mark = 0 } = tracked;
  if (protocol !== TCP || (mark & TAKEN_UP_MARK) === 0 || orig.sport === undefined) return [plain];
  const ports = [orig.sport, orig.sport] as const;
  return [plain, (direction) => ({ protocol, ports, direction: direction === "egress" ? "ingress" : "egress" })];
}

function askedOf({ protocol, orig, reply }: Tracked): Pick<Flow, "protocol" | "ports" | "code"> {
  if (orig.icmp !== undefined) return { protocol, ports: [orig.icmp.type, orig.icmp.type], code: orig.icmp.code };
  return reply.sport === undefined ? { protocol } : { protocol, ports: [reply.sport, reply.sport] };
}

/** A stateless endpoint is asked about each packet anyway. */
function lets({ view }: Ground, endpoint: Endpoint, flow: Flow): boolean {
  if (!endpoint.admin_state_up) return false;
  if (!endpoint.port_security || isStateless(view, endpoint)) return true;
  return admitting(view, endpoint.groups, flow) !== undefined;
}

/**
 * Only translations to and from floating IPs that are served here are judged; those of one that has gone end with its route, and any
 * other is somebody else's work.
 */
function isAstray({ floating, leaving }: Ground, { protocol, orig, reply }: Tracked): boolean {
  const led = floating.get(orig.dst);
  if (led !== undefined) {
    const lead = leadOf(led, { protocol, ...(orig.dport === undefined ? {} : { port: orig.dport }) });
    return lead?.destination !== reply.src || (lead.port !== undefined && lead.port !== reply.sport);
  }
  return reply.dst !== orig.src && floating.has(reply.dst) && leaving.get(orig.src) !== reply.dst;
}

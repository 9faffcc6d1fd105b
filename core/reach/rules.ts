/** Does a security group rule let a new flow through? The same question that the host's packet filter answers. */
import type { GroupRule, View } from "../feed/item.ts";
import { isMember } from "../feed/members.ts";
import { familyOf } from "../net/address.ts";
import type { Ip } from "../net/address.ts";
import { contains } from "../net/prefix.ts";

/** The first packet of a flow, as the endpoint's rules see it. */
export interface Flow {
  readonly direction: GroupRule["direction"];
  /** The other end: sender of an ingress flow, receiver of an egress flow. */
  readonly remote: Ip;
  /** IP protocol number. */
  readonly protocol: number;
  /** Destination ports, all of which it may use, or ICMP types. */
  readonly ports?: readonly [low: number, high: number];
}

const ICMP = new Set([1, 58]);

/** The group and rule that let the flow through; undefined when none does. */
export function admitting(
  view: View,
  groups: readonly string[],
  flow: Flow,
): { readonly group: string; readonly rule: GroupRule } | undefined {
  for (const id of groups) {
    const rule = view.groups.get(id)?.rules.find((candidate) => admits(view, candidate, flow));
    if (rule !== undefined) return { group: id, rule };
  }
  return undefined;
}

function admits(view: View, rule: GroupRule, flow: Flow): boolean {
  return (
    rule.direction === flow.direction &&
    rule.family === familyOf(flow.remote) &&
    (rule.protocol === null || rule.protocol === flow.protocol) &&
    portMatches(rule, flow) &&
    remoteMatches(view, rule, flow.remote)
  );
}

/** Without a range every port; a code without a type cannot be declared (Neutron refuses it). */
function portMatches(rule: GroupRule, { protocol, ports }: Flow): boolean {
  const { port_range_min: min, port_range_max: max } = rule;
  if (min === null) return true;
  if (ports === undefined) return false;
  const [low, high] = ports;
  // ICMP rules hold type and code; flows here are asked for by type.
  return low >= min && high <= (ICMP.has(protocol) ? min : (max ?? min));
}

function remoteMatches(view: View, { remote }: GroupRule, address: Ip): boolean {
  if (remote === null) return true;
  if ("group" in remote) return isMember(view.members.get(remote.group), address);
  const prefixes = "prefix" in remote ? [remote.prefix] : (view.prefixes.get(remote.address_group) ?? []);
  return prefixes.some((prefix) => contains(prefix, address));
}

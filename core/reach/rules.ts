/** Does a security group rule let a new flow through? The same question that the host's packet filter answers. */
import type { GroupRule, View } from "../feed/item.ts";
import { isMember } from "../feed/members.ts";
import { familyOf } from "../net/address.ts";
import type { Ip } from "../net/address.ts";
import { contains } from "../net/prefix.ts";
import { meaningOf } from "../intent/rule-meaning.ts";
import type { Meaning } from "../intent/rule-meaning.ts";

/** The first packet of a flow, as the endpoint's rules see it. */
export interface Flow {
  readonly direction: GroupRule["direction"];
  /** The other end: sender of an ingress flow, receiver of an egress flow. */
  readonly remote: Ip;
  /** IP protocol number. */
  readonly protocol: number;
  /** Destination ports, all of which it may use, or ICMP types. */
  readonly ports?: readonly [low: number, high: number];
  /** Of ICMP; absent: whatever a rule may ask for. */
  readonly code?: number;
}

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
  if (rule.direction !== flow.direction || rule.family !== familyOf(flow.remote)) return false;
  const meaning = meaningOf(rule);
  if (meaning === undefined) return false;
  return (
    (meaning.protocol === undefined || meaning.protocol === flow.protocol) &&
    portMatches(meaning, flow) &&
    remoteMatches(view, meaning.remote, flow.remote)
  );
}

/** Without a range every port. */
function portMatches({ ports: asked, icmp }: Meaning, { ports, code }: Flow): boolean {
  if (asked === undefined && icmp === undefined) return true;
  if (ports === undefined) return false;
  const [low, high] = ports;
  if (asked !== undefined) return low >= asked[0] && high <= asked[1];
  return low === icmp?.type && high === icmp.type && (code === undefined || icmp.code === undefined || code === icmp.code);
}

function remoteMatches(view: View, remote: Meaning["remote"], address: Ip): boolean {
  if (remote === undefined) return true;
  if ("group" in remote) return isMember(view.members.get(remote.group), address);
  const prefixes = "prefix" in remote ? [remote.prefix] : (view.prefixes.get(remote.address_group) ?? []);
  return prefixes.some((prefix) => contains(prefix, address));
}

/** A kind of packets: all that no rule can tell apart. */
import type { Family } from "../../net/address.ts";
import { perValue } from "../../intent/memo.ts";
import type { Truth } from "../evaluate.ts";
import type { Span, State, Step, Target } from "./model.ts";

export interface Packet {
  readonly family: Family;
  /** Undefined: the gateway's own. */
  readonly iifname?: string;
  readonly oifname?: string;
  /** Any of these. */
  readonly saddr: readonly Span[];
  readonly daddr: readonly Span[];
  readonly l4proto: bigint;
  /** Of ICMP of either family. */
  readonly icmp?: bigint;
  /** Undefined: conntrack has not seen it yet. */
  readonly state?: State;
  /** Has its own destination been translated? */
  readonly redirected?: "yes";
  /** By which statement its source has been. */
  readonly snat?: Target;
}

type Test = Extract<Step, { test: unknown }>;

/** Does a test hold of all of them, of none, or of some? */
export function holds(test: Test, packet: Packet): Truth {
  if (test.test === "unknown") return "maybe";
  const held = heldBy(test, packet);
  return held === "maybe" || !test.negated || held === "other kind" ? plain(held) : held === "yes" ? "no" : "yes";
}

/** A test of what a packet does not have holds of it neither as it is nor negated. */
type Held = Truth | "other kind";
const plain = (held: Held): Truth => (held === "other kind" ? "no" : held);

function heldBy(test: Exclude<Test, { test: "unknown" }>, packet: Packet): Held {
  switch (test.test) {
    case "iifname":
    case "oifname":
      return named(test.names, packet[test.test]);
    case "state":
      return packet.state === undefined ? "maybe" : test.states.includes(packet.state) ? "yes" : "no";
    case "status":
      return ofFlow(test.status, packet);
    case "port":
      return "maybe";
    case "l4proto":
      return test.family !== undefined && test.family !== packet.family ? "other kind" : only(packet.l4proto, test.within);
    case "icmp type":
    case "icmpv6 type":
      return packet.icmp === undefined || packet.family !== (test.test === "icmp type" ? 4 : 6)
        ? "other kind"
        : only(packet.icmp, test.within);
    default:
      return test.family === packet.family ? among(packet[test.test], test.within) : "other kind";
  }
}

export const one = (value: bigint): Span => ({ low: value, high: value });

function only(value: bigint, within: readonly Span[]): Truth {
  return within.some(({ low, high }) => low <= value && value <= high) ? "yes" : "no";
}

/** `tap*` stands for whatever begins so. */
function named(names: readonly string[], name: string | undefined): Truth {
  if (name === undefined) return "no";
  return names.some((each) => each === name || (each.endsWith("*") && name.startsWith(each.slice(0, -1)))) ? "yes" : "no";
}

/** What became of the first packet of a flow that exists already is not known. */
function ofFlow(status: string, { state, redirected, snat }: Packet): Truth {
  if (state === "untracked" || state === "invalid") return "no";
  if (status === "dnat" && redirected === "yes") return "yes";
  if (status === "snat" && snat !== undefined) return "yes";
  return state === "new" && (status === "dnat" || status === "snat") ? "no" : "maybe";
}

/** Are all of these within those? The same are asked for many packets. */
export function among(values: readonly Span[], within: readonly Span[]): Truth {
  const known = asked(values);
  const answer = known.get(within) ?? amongThem(values, within);
  known.set(within, answer);
  return answer;
}

const asked = perValue<readonly Span[], Map<readonly Span[], Truth>>(() => new Map());

function amongThem(values: readonly Span[], within: readonly Span[]): Truth {
  if (values.every((value) => within.some(({ low, high }) => low <= value.low && value.high <= high))) return "yes";
  return values.some((value) => within.some(({ low, high }) => low <= value.high && value.low <= high)) ? "maybe" : "no";
}

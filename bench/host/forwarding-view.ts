/** What a host is told for the measurement of forwarding: endpoints by number, one of them real, and members of a remote group. */
import { dataCenterOf } from "#core/intent/bgp-variants.ts";
import type { Endpoint, GroupRule, View } from "#core/feed/item.ts";
import { membersIn } from "#core/feed/members.ts";
import { readIp } from "#core/net/address.ts";
import type { Ip } from "#core/net/address.ts";
import { readMac } from "#core/net/mac.ts";
import type { Mac } from "#core/net/mac.ts";

export const HOST = "h1";
export const OUTSIDE = addressOf("203.0.113.10");

const GROUP = "00000000-0000-4000-8000-00000000000a";
const FRIENDS = "00000000-0000-4000-8000-00000000000b";

/** The endpoint whose packets are measured. */
export const VM = { ip: addressOf("10.65.0.2"), tap: "tap00000000-00", mac: macOf(0) };

/** The outside is a member of the remote group, so that what is measured was let in by a look into its set. */
export function viewOf({ endpoints, members }: { readonly endpoints: number; readonly members: number }): View {
  const all = Array.from({ length: endpoints }, (_, at) => endpointOf(at));
  const friends = Array.from({ length: members - 1 }, (_, at) => addressOf(`10.66.${Math.floor(at / 250)}.${(at % 250) + 1}`));
  const rules: readonly GroupRule[] = [
    rule({ direction: "egress", family: 4 }),
    rule({ direction: "egress", family: 6 }),
    rule({ direction: "ingress", family: 4, protocol: 6, port_range_min: 22, port_range_max: 22 }),
    rule({ direction: "ingress", family: 4, protocol: 1 }),
    rule({ direction: "ingress", family: 4, remote: { group: FRIENDS } }),
  ];
  return {
    datacenter: dataCenterOf("guide"),
    endpoints: new Map(all.map((each) => [each.port_id, each])),
    subnets: new Map(),
    groups: new Map([[GROUP, { id: GROUP, stateful: true, rules }]]),
    members: new Map([[FRIENDS, membersIn([OUTSIDE, ...friends])]]),
    prefixes: new Map(),
    assignments: new Map(),
  };
}

function endpointOf(at: number): Endpoint {
  const id = `${at.toString(16).padStart(8, "0")}-0000-4000-8000-000000000000`;
  return {
    port_id: id,
    host: HOST,
    moves: 0,
    claims: [],
    instance: null,
    network_id: "",
    tap: `tap${id.slice(0, 11)}`,
    mac: macOf(at),
    addresses: [{ ip: addressOf(`10.65.${Math.floor(at / 250)}.${(at % 250) + 2}`), subnet_id: "" }],
    pairs: [],
    groups: [GROUP],
    port_security: true,
    admin_state_up: true,
    hostname: `vm-${at}`,
    dhcp_options: [],
    limits: [],
    floating: [],
  };
}

function rule(said: Pick<GroupRule, "direction" | "family"> & Partial<GroupRule>): GroupRule {
  return { protocol: null, port_range_min: null, port_range_max: null, remote: null, ...said };
}

function macOf(at: number): Mac {
  return sure(readMac(`fa:16:3e:00:${(at >> 8).toString(16).padStart(2, "0")}:${(at & 255).toString(16).padStart(2, "0")}`));
}

function addressOf(text: string): Ip {
  return sure(readIp(text));
}

function sure<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("the benchmark speaks of an address that is none");
  return value;
}

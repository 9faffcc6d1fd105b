/**
 * Security groups, as the host's packet filter keeps them: for each distinct set of rules one chain per direction, shared
 * by all endpoints that have it; for each remote group and family one set of addresses; for each endpoint one element per
 * direction. A packet of a new flow costs two lookups and the rules of one sender and one receiver, however many others
 * there are; a packet of a known flow costs neither.
 *
 * Stateless endpoints are the exception: each of their packets is asked about, whatever flow it belongs to, and never held
 * against them for belonging to none. All flows are tracked even so, because the other end may be an endpoint of this very host
 * that counts on it; sender and receiver are each judged by their own kind.
 */
import type { Endpoint, GroupRule, View } from "../feed/item.ts";
import { isStateless } from "../feed/stateless.ts";
import type { Wanted } from "../kinds/kind.ts";
import type { Nft } from "../kinds/nft.ts";
import { BY_DATACENTER, caused } from "./caused.ts";
import { midway, MIDWAY_ASKED, MIDWAY_GUARD, MIDWAY_MAPS } from "./midway.ts";
import { perValueAnd } from "./memo.ts";
import { contentNames, inet, ports, quoted, TAPS } from "./nft-parts.ts";
import { OFFLOAD_FRAME, TO_FAST_PATH } from "./offload.ts";
import type { Machine } from "./offload.ts";
import { matchesOf } from "./policy-rules.ts";
import { remoteSets } from "./policy-sets.ts";
import { refused } from "./refusal.ts";

type Direction = GroupRule["direction"];

/** Per direction: the map from tap to chain, how its chains are called, and where a packet goes that a rule allows. */
const DIRECTIONS: Readonly<Record<Direction, { readonly map: string; readonly prefix: string; readonly allowed: string }>> = {
  egress: { map: "egress", prefix: "out", allowed: "goto receive" },
  ingress: { map: "ingress", prefix: "in", allowed: "accept" },
};

/**
 * The bit of a flow's mark that says: it was cut. Others may use the rest. To delete a flow would not end it: its next packet, from
 * whichever side, makes it anew (`nf_conntrack_tcp_loose`, by which flows outlive a move to another host), and the rules of that side may
 * well let it out.
 */
export const CUT_MARK = 0x80000000;

/** Nobody falls through: a tap without an element is closed. */
const FRAME: readonly Nft[] = [
  ...MIDWAY_MAPS,
  inet.map("egress", "type ifname : verdict;"),
  inet.map("ingress", "type ifname : verdict;"),
  inet.set("stateless", "type ifname;"),
  inet.chain("receive", [
    `oifname != ${TAPS} accept`,
    `ct state invalid oifname != @stateless ${refused("invalid")}`,
    "ct state established,related oifname != @stateless accept",
    MIDWAY_ASKED.ingress,
    "oifname vmap @ingress",
    refused("ingress"),
  ]),
  inet.chain("sent", ["iifname vmap @egress", refused("egress")]),
  inet.chain("send", [
    `ct state invalid iifname != @stateless ${refused("invalid")}`,
    "jump to-machines",
    MIDWAY_ASKED.egress,
    "goto sent",
  ]),
];

/** Known flows pass, unless they were cut; where somebody is stateless, it is first asked who. */
function known(stateless: readonly Endpoint[], { offload }: Machine): readonly Nft[] {
  const asked = stateless.length === 0 ? [] : ["iifname @stateless goto sent", "oifname @stateless goto receive"];
  // A flow without any mark, which is nearly all of them, is done with here.
  const unmarked = stateless.length === 0 ? ["ct state established,related ct mark 0 accept"] : [];
  return [
    inet.chain("known", [`ct mark and 0x${CUT_MARK.toString(16)} != 0 ${refused("cut")}`, MIDWAY_GUARD, ...asked, "accept"]),
    inet.chain(
      "forward",
      [
        ...(offload ? [TO_FAST_PATH] : []),
        ...unmarked,
        "ct state established,related goto known",
        `iifname ${TAPS} goto send`,
        `oifname ${TAPS} goto receive`,
      ],
      "type filter hook forward priority filter; policy accept;",
    ),
  ];
}

/** What all endpoints share. `host` is this host's name. */
export function policy(view: View, endpoints: readonly Endpoint[], host: string, machine: Machine): Wanted<Nft>[] {
  const filtered = endpoints.filter(isFiltered);
  const stateless = filtered.filter((endpoint) => isStateless(view, endpoint));
  const moving = filtered.filter((endpoint) => (endpoint.moves > 0 || endpoint.host !== host) && !stateless.includes(endpoint));
  return [
    ...caused(BY_DATACENTER, [...FRAME, ...(machine.offload ? OFFLOAD_FRAME : []), ...known(stateless, machine)]),
    ...stateless.flatMap((endpoint) => caused<Nft>([ports(endpoint)], [inet.element("stateless", [quoted(endpoint.tap)])])),
    ...remoteSets(view, filtered),
    ...midway(view, moving, { egress: DIRECTIONS.egress.allowed, ingress: DIRECTIONS.ingress.allowed }),
    ...Object.values(sayings(view, filtered)).flat().flatMap(chainOf),
  ];
}

/** Where packets of these endpoints go, by direction. */
export function verdicts(view: View, endpoints: readonly Endpoint[]): Readonly<Record<Direction, (endpoint: Endpoint) => string>> {
  const said = sayings(view, endpoints.filter(isFiltered));
  const named = (direction: Direction) => {
    const names = new Map(said[direction].flatMap(({ name, users }) => users.map((user) => [user, `goto ${name}`] as const)));
    return (endpoint: Endpoint) => names.get(endpoint) ?? unfiltered(endpoint, direction);
  };
  return { egress: named("egress"), ingress: named("ingress") };
}

/** An endpoint's own, by those. */
export function verdictElements(endpoint: Endpoint, egress: string, ingress: string): Wanted<Nft>[] {
  const element = (direction: Direction, value: string) => inet.element(DIRECTIONS[direction].map, [quoted(endpoint.tap)], { value });
  return caused([ports(endpoint)], [element("egress", egress), element("ingress", ingress)]);
}

/** What the rules of some endpoints say, and the chain that says it. */
interface Saying {
  readonly name: string;
  readonly content: string;
  readonly direction: Direction;
  readonly users: readonly Endpoint[];
}

/** Of endpoints whose rules count. */
const sayings = perValueAnd((view: View, filtered: readonly Endpoint[]): Readonly<Record<Direction, readonly Saying[]>> => ({
  egress: sayingsIn(view, filtered, "egress"),
  ingress: sayingsIn(view, filtered, "ingress"),
}));

function sayingsIn(view: View, filtered: readonly Endpoint[], direction: Direction): readonly Saying[] {
  const users = Map.groupBy(filtered, sayingsOf(view, direction));
  const names = contentNames(DIRECTIONS[direction].prefix, users.keys());
  return [...names].map(([content, name]) => ({ name, content, direction, users: users.get(content) ?? [] }));
}

function chainOf({ name, content, direction, users }: Saying): Wanted<Nft>[] {
  const rules = content.split("\n").filter((line) => line !== "");
  return [{ value: inet.chain(name, [...rules, `counter ${refused(direction)}`]), because: causesOf(users) }];
}

/** Do the rules of its groups count? */
export function isFiltered({ admin_state_up, port_security }: Endpoint): boolean {
  return admin_state_up && port_security;
}

function unfiltered({ admin_state_up }: Endpoint, direction: Direction): string {
  return admin_state_up ? DIRECTIONS[direction].allowed : "drop";
}

/**
 * Rules as text, all together: what an endpoint's chain is made of. Most endpoints share their groups with others, so each list of groups
 * is read once. A group that we were not told of allows nothing.
 */
function sayingsOf(view: View, direction: Direction): (endpoint: Endpoint) => string {
  const known = new Map<string, string>();
  return ({ groups }) => {
    const key = groups.join(" ");
    const rules = () => groups.flatMap((group) => view.groups.get(group)?.rules ?? []).filter((rule) => rule.direction === direction);
    const said = known.get(key) ?? sayingOf(rules(), DIRECTIONS[direction].allowed);
    known.set(key, said);
    return said;
  };
}

function sayingOf(rules: readonly GroupRule[], allowed: string): string {
  return matchesOf(rules)
    .map((match) => `${match} counter ${allowed}`)
    .join("\n");
}

function causesOf(endpoints: readonly Endpoint[]): string[] {
  const groups = new Set(endpoints.flatMap((endpoint) => endpoint.groups));
  return [...endpoints.map(ports), ...[...groups].toSorted().map((group) => `security_group/${group}`)];
}

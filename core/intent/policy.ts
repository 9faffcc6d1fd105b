/**
 * Security groups, as the host's packet filter keeps them: for each distinct set of rules one chain per direction, shared
 * by all endpoints that have it; for each remote group and family one set of addresses; for each endpoint one element per
 * direction. A packet of a new flow costs two lookups and the rules of one sender and one receiver, however many others
 * there are; a packet of a known flow costs neither.
 *
 * A group that is not `stateful` is treated as if it were: replies are let through, which its rules would have to say otherwise.
 */
import type { Endpoint, GroupRule, View } from "../feed/item.ts";
import type { Wanted } from "../kinds/kind.ts";
import type { Nft } from "../kinds/nft.ts";
import { compareIp, familyOf } from "../net/address.ts";
import type { Family, Ip } from "../net/address.ts";
import { BY_DATACENTER, caused } from "./caused.ts";
import { contentNames, inet, ports, quoted, TAPS } from "./nft-parts.ts";
import { matchesOf, memberSet } from "./policy-rules.ts";

type Direction = GroupRule["direction"];

/** Per direction: the map from tap to chain, how its chains are called, and where a packet goes that a rule allows. */
const DIRECTIONS: Readonly<Record<Direction, { readonly map: string; readonly prefix: string; readonly allowed: string }>> = {
  egress: { map: "egress", prefix: "out", allowed: "goto receive" },
  ingress: { map: "ingress", prefix: "in", allowed: "accept" },
};

/** Nobody falls through: a tap without an element is closed. */
const FRAME: readonly Nft[] = [
  inet.map("egress", "type ifname : verdict;"),
  inet.map("ingress", "type ifname : verdict;"),
  inet.chain("receive", [`oifname != ${TAPS} accept`, "oifname vmap @ingress", "counter drop"]),
  inet.chain("send", ["ct state invalid counter drop", "jump to-machines", "iifname vmap @egress", "counter drop"]),
  inet.chain(
    "forward",
    [
      "ct state established,related accept",
      `iifname ${TAPS} goto send`,
      `oifname ${TAPS} ct state invalid counter drop`,
      `oifname ${TAPS} goto receive`,
    ],
    "type filter hook forward priority filter; policy accept;",
  ),
];

export function policy(view: View, endpoints: readonly Endpoint[]): Wanted<Nft>[] {
  return [
    ...caused(BY_DATACENTER, FRAME),
    ...members(view, endpoints.filter(isFiltered)),
    ...(["egress", "ingress"] as const).flatMap((direction) => chains(view, endpoints, direction)),
  ];
}

/** What one endpoint's rules say in one direction. */
interface Said {
  /** Rules as text, all together: what its chain is made of. */
  readonly content: string;
  /** The same one by one, so that two sets of rules can be compared. */
  readonly grants: readonly string[];
}

function chains(view: View, endpoints: readonly Endpoint[], direction: Direction): Wanted<Nft>[] {
  const { map, prefix } = DIRECTIONS[direction];
  const sayings = sayingsOf(view, direction);
  const filtered = endpoints.filter(isFiltered).map((endpoint) => ({ endpoint, content: sayings(endpoint).content }));
  const names = contentNames(
    prefix,
    filtered.map(({ content }) => content),
  );
  const users = Map.groupBy(filtered, ({ content }) => content);
  return [
    ...[...names].map(([content, name]) => ({
      value: inet.chain(name, [...content.split("\n").filter((line) => line !== ""), "counter drop"]),
      because: causesOf((users.get(content) ?? []).map(({ endpoint }) => endpoint)),
    })),
    ...endpoints.map((endpoint) => {
      const cuts = endpoint.addresses.map(({ ip }) => ip);
      const said = isFiltered(endpoint) ? sayings(endpoint) : undefined;
      const decided =
        said === undefined ? unfiltered(endpoint, direction) : { value: `goto ${names.get(said.content) ?? ""}`, grants: said.grants };
      return { value: inet.element(map, [quoted(endpoint.tap)], { ...decided, cuts }), because: [ports(endpoint)] };
    }),
  ];
}

function isFiltered({ admin_state_up, port_security }: Endpoint): boolean {
  return admin_state_up && port_security;
}

function unfiltered({ admin_state_up }: Endpoint, direction: Direction) {
  return admin_state_up ? { value: DIRECTIONS[direction].allowed, grants: ["everything"] } : { value: "drop", grants: [] };
}

/** Most endpoints share their groups with others, so each list of groups is read once. A group that we were not told of allows nothing. */
function sayingsOf(view: View, direction: Direction): (endpoint: Endpoint) => Said {
  const known = new Map<string, Said>();
  return ({ groups }) => {
    const key = groups.join(" ");
    const rules = () => groups.flatMap((group) => view.groups.get(group)?.rules ?? []).filter((rule) => rule.direction === direction);
    const said = known.get(key) ?? sayingOf(rules(), DIRECTIONS[direction].allowed);
    known.set(key, said);
    return said;
  };
}

function sayingOf(rules: readonly GroupRule[], allowed: string): Said {
  const content = matchesOf(rules)
    .map((match) => `${match} ${allowed}`)
    .join("\n");
  return { content, grants: [...new Set(rules.flatMap((rule) => matchesOf([rule])))] };
}

function causesOf(endpoints: readonly Endpoint[]): string[] {
  const groups = new Set(endpoints.flatMap((endpoint) => endpoint.groups));
  return [...endpoints.map(ports), ...[...groups].toSorted().map((group) => `security_group/${group}`)];
}

/** Sets for the remote groups that the rules here speak of, and their members one by one. */
function members(view: View, endpoints: readonly Endpoint[]): Wanted<Nft>[] {
  const remotes = remotesOf(view, endpoints);
  return [...remotes.values()]
    .toSorted((left, right) => (left.name < right.name ? -1 : 1))
    .flatMap(({ name, group, family, users }) => {
      const because = [...users.map(ports), `security_group/${group}`];
      const addresses = [...(view.members.get(group) ?? [])].filter((ip) => familyOf(ip) === family).toSorted(compareIp);
      return caused<Nft>(because, [inet.set(name, `type ipv${family}_addr;`)]).concat(
        caused(
          [`security_group/${group}`],
          addresses.map((ip) => memberOf(name, ip)),
        ),
      );
    });
}

/** Whoever leaves a group loses the flows that its membership allowed. */
function memberOf(set: string, ip: Ip): Nft {
  return inet.element(set, [ip], { cuts: [ip] });
}

interface RemoteGroup {
  readonly name: string;
  readonly group: string;
  readonly family: Family;
  readonly users: readonly Endpoint[];
}

function remotesOf(view: View, endpoints: readonly Endpoint[]): ReadonlyMap<string, RemoteGroup> {
  const remotes = new Map<string, RemoteGroup & { readonly users: Endpoint[] }>();
  for (const endpoint of endpoints) {
    for (const { remote, family } of endpoint.groups.flatMap((group) => view.groups.get(group)?.rules ?? [])) {
      if (remote === null || !("group" in remote)) continue;
      const name = memberSet(remote.group, family);
      const known = remotes.get(name) ?? { name, group: remote.group, family, users: [] };
      if (known.users.at(-1) !== endpoint) known.users.push(endpoint);
      remotes.set(name, known);
    }
  }
  return remotes;
}

/** What a configuration of Junos says, as `show configuration | display set` prints it. */
import { readIp } from "../../net/address.ts";
import { readCidr } from "../../net/prefix.ts";
import type { Entry, ReadRouter } from "../platform.ts";
import { at, below, leftover, pass, setTree, word, words } from "../tree.ts";
import type { Node } from "../tree.ts";
import { neighborsOf } from "./read-bgp.ts";
import { natOf } from "./read-nat.ts";
import { communitiesOf, listsOf } from "./read-lists.ts";
import { policiesOf } from "./read-policy.ts";

/** Says nothing about which routes are told to whom. */
const BESIDE: readonly string[] = [
  "version",
  "system",
  "interfaces",
  "firewall",
  "snmp",
  "chassis",
  "services",
  "forwarding-options",
  "event-options",
  "vlans",
];
const BESIDE_ROUTING: readonly string[] = [
  "router-id",
  "graceful-restart",
  "martians",
  "forwarding-table",
  "nonstop-routing",
  "resolution",
];
const BESIDE_SECURITY: readonly string[] = ["zones", "policies", "address-book", "forwarding-options", "flow", "screen", "log", "alg"];

export function readJunos(text: string): ReadRouter {
  const { root, unread } = setTree(text);
  const lists = listsOf(at(root, "policy-options"));
  const policies = policiesOf(at(root, "policy-options"), communitiesOf(at(root, "policy-options")), lists);
  const routing = at(root, "routing-options");
  const asn = Number(word(routing, "autonomous-system"));
  const routerId = readIp(word(routing, "router-id") ?? "");
  const bgp = neighborsOf(root, policies.policies, asn);
  const routes = staticRoutes(routing);
  const pnat = natOf(root);
  for (const name of BESIDE) pass(at(root, name));
  for (const name of BESIDE_ROUTING) pass(at(routing, name));
  for (const protocol of at(root, "protocols")?.children ?? []) if (protocol.text !== "bgp") pass(protocol);
  for (const name of BESIDE_SECURITY) pass(at(root, "security", name));
  return {
    ...(Number.isFinite(asn) ? { asn } : {}),
    ...(routerId === undefined ? {} : { routerId }),
    ...(bgp.clusterId === undefined ? {} : { clusterId: bgp.clusterId }),
    prefixSets: [...lists, ...policies.prefixSets],
    policies: [...policies.policies, ...bgp.policies],
    statics: routes.map(({ prefix }) => ({ prefix })),
    enters: [...routes.flatMap(({ entry }) => entry), ...CONNECTED],
    neighbors: bgp.neighbors,
    pnat: pnat.rules,
    unread: [...unread, ...policies.unread, ...pnat.unread, ...leftover(root)],
  };
}

/** Junos asks export policies about all active routes, so connected ones are candidates as well, without a line that says so. */
const CONNECTED: readonly Entry[] = ([4, 6] as const).map((family) => ({ family, redistributes: "connected" as const, line: 0 }));

function staticRoutes(routing: Node | undefined) {
  const tables = [at(routing, "static"), at(routing, "rib", "inet6.0", "static")];
  const fixed = tables.flatMap((table) => below(table, "route").map((route) => ownRoute(route, "static")));
  const made = (["aggregate", "generate"] as const).flatMap((kind) =>
    [at(routing, kind), at(routing, "rib", "inet6.0", kind)].flatMap((table) =>
      below(table, "route").map((route) => ownRoute(route, "aggregate")),
    ),
  );
  return [...fixed, ...made].flat();
}

function ownRoute(route: Node, source: "static" | "aggregate") {
  const prefix = readCidr(route.text);
  if (prefix === undefined) {
    route.understood = "no";
    return [];
  }
  const hidden = at(route, "no-readvertise") !== undefined;
  const communities = words(route, "community");
  pass(route);
  const set = communities.length > 0 ? { set: { communities } } : {};
  const entry: readonly Entry[] = hidden ? [] : [{ prefix, source, ...set, line: route.line }];
  return [{ prefix, entry }];
}

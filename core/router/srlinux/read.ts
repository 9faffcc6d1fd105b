/** What a configuration of SR Linux says, as `info flat` prints it. */
import { readIp } from "../../net/address.ts";
import { readCidr } from "../../net/prefix.ts";
import type { Entry, ReadRouter } from "../platform.ts";
import { at, below, leftover, pass, setTree, word } from "../tree.ts";
import type { Node } from "../tree.ts";
import { neighborsOf } from "./read-bgp.ts";
import { policiesOf } from "./read-policy.ts";
import { communitySetsOf, prefixSetsOf } from "./read-sets.ts";

/** Says nothing about which routes are told to whom. */
const BESIDE: readonly string[] = ["interface", "bfd", "acl", "system", "qos", "platform", "tunnel-interface", "network-instance mgmt"];
const BESIDE_INSTANCE: readonly string[] = [
  "type",
  "admin-state",
  "description",
  "interface",
  "router-id",
  "next-hop-groups",
  "ip-forwarding",
  "mtu",
];

export function readSrlinux(text: string): ReadRouter {
  const { root, unread } = setTree(text);
  const instance = at(root, "network-instance", "default");
  const policy = at(root, "routing-policy");
  const sets = prefixSetsOf(policy);
  const policies = policiesOf(policy, communitySetsOf(policy), sets);
  const bgp = at(instance, "protocols", "bgp");
  const asn = Number(word(bgp, "autonomous-system"));
  const routerId = readIp(word(bgp, "router-id") ?? "");
  const sessions = neighborsOf(bgp, policies.policies, asn);
  const routes = staticRoutes(instance);
  for (const name of BESIDE) pass(at(root, ...name.split(" ")));
  for (const name of BESIDE_INSTANCE) pass(at(instance, name));
  return {
    ...(Number.isFinite(asn) ? { asn } : {}),
    ...(routerId === undefined ? {} : { routerId }),
    ...(sessions.clusterId === undefined ? {} : { clusterId: sessions.clusterId }),
    prefixSets: sets,
    policies: [...policies.policies, ...sessions.policies],
    statics: routes.map(({ prefix }) => ({ prefix })),
    enters: [...routes, ...CONNECTED],
    neighbors: sessions.neighbors,
    pnat: [],
    unread: [...unread, ...policies.unread, ...leftover(root)],
  };
}

/** An export policy is asked about connected routes as well, without a line that says so. */
const CONNECTED: readonly Entry[] = ([4, 6] as const).map((family) => ({ family, redistributes: "connected" as const, line: 0 }));

function staticRoutes(instance: Node | undefined): readonly Extract<Entry, { prefix: unknown }>[] {
  const kinds = [
    ["static-routes", "static"],
    ["aggregate-routes", "aggregate"],
  ] as const;
  return kinds.flatMap(([container, source]) =>
    below(instance, container, "route").flatMap((route) => {
      const prefix = readCidr(route.text);
      if (prefix === undefined) return [];
      pass(route);
      return [{ prefix, source, line: route.line }];
    }),
  );
}

/** Sessions of SR Linux. What a neighbour does not say for itself its group says, and then BGP as a whole. */
import { FAMILIES, readIp } from "../../net/address.ts";
import type { Family, Ip } from "../../net/address.ts";
import { Levels } from "../levels.ts";
import type { ReadFamily, ReadNeighbor, ReadSessions } from "../platform.ts";
import type { Policy } from "../policy.ts";
import { namingHops } from "../policy-hops.ts";
import { at, below, pass, word } from "../tree.ts";
import type { Node } from "../tree.ts";
import { afiSafi } from "./words.ts";

/** What iBGP does with routes that no policy has decided on; with eBGP it depends on `ebgp-default-policy`. */
export const DEFAULT: Policy = {
  name: "default of SR Linux",
  terms: [{ name: "bgp", when: [{ source: ["bgp"] }], verdict: "accept" }],
  otherwise: "reject",
};

interface Around {
  readonly hops: ReadonlySet<string>;
  readonly asn: number;
  readonly closed: boolean;
}

export function neighborsOf(bgp: Node | undefined, policies: readonly Policy[], asn: number): ReadSessions {
  const closed =
    word(bgp, "ebgp-default-policy", "export-reject-all") !== "false" && word(bgp, "ebgp-default-policy", "import-reject-all") !== "false";
  const hops = namingHops(policies);
  const clusters: Ip[] = [];
  const neighbors = below(bgp, "neighbor").flatMap((node): readonly ReadNeighbor[] => {
    const address = readIp(node.text);
    if (address === undefined) {
      node.understood = "no";
      return [];
    }
    const session = new Levels([node, at(bgp, "group", word(node, "peer-group") ?? ""), bgp]);
    const cluster = readIp(session.word("route-reflector", "cluster-id") ?? "");
    if (cluster !== undefined) clusters.push(cluster);
    return [neighborOf(session, { address, line: node.line }, { hops, asn, closed })];
  });
  return { neighbors, policies: [DEFAULT], ...(clusters[0] === undefined ? {} : { clusterId: clusters[0] }) };
}

function neighborOf(session: Levels, { address, line }: { readonly address: Ip; readonly line: number }, around: Around): ReadNeighbor {
  const peerAs = session.number("asn", "peer-as");
  const localAsn = session.number("localAsn", "local-as", "as-number").localAsn ?? around.asn;
  const local = readIp(session.word("transport", "local-address") ?? "");
  const description = session.word("description");
  passed(session);
  const closed = peerAs.asn !== localAsn && around.closed;
  return {
    address,
    line,
    ...(description === undefined ? {} : { description }),
    ...peerAs,
    ...(local === undefined ? {} : { local }),
    localAsn,
    connects: session.word("transport", "passive-mode") === "true" ? "passive" : "both",
    timers: {
      ...session.number("hold", "timers", "hold-time"),
      ...session.number("keepalive", "timers", "keepalive-interval"),
      ...session.number("connectRetry", "timers", "connect-retry"),
    },
    ...(session.word("failure-detection", "enable-bfd") === "true" ? { bfd: {} } : {}),
    gracefulRestart: session.word("graceful-restart", "admin-state") === "enable" ? "yes" : "no",
    password: session.has("authentication", "keychain") || session.has("authentication", "password") ? "yes" : "no",
    gtsm: "no",
    families: FAMILIES.filter((family) => session.word("afi-safi", afiSafi(family), "admin-state") === "enable").map((family) =>
      familyOf(session, family, { ...around, closed }),
    ),
  };
}

/** Says nothing about which routes are told to whom. */
function passed(session: Levels): void {
  for (const name of [
    "admin-state",
    "peer-group",
    "graceful-restart",
    "trace-options",
    "timers",
    "transport",
    "send-community",
    "authentication",
    "route-advertisement",
  ])
    for (const node of session.nodes(name)) pass(node);
}

function familyOf(session: Levels, family: Family, { hops, closed }: Around): ReadFamily {
  const name = afiSafi(family);
  const chain = (way: "import-policy" | "export-policy") => {
    const named = session.first([["afi-safi", name, way], [way]]);
    return named.length > 0 && !closed ? [...named, DEFAULT.name] : named;
  };
  const [taken, told] = [chain("import-policy"), chain("export-policy")];
  const own = session.word("next-hop-self") === "true";
  const limits = ["prefix-limit-accepted", "prefix-limit-received"].map((kind) =>
    session.number("maximum", "afi-safi", name, name, kind, "max-received-routes"),
  );
  const paths = (way: string) => session.word("afi-safi", name, "add-paths", way) === "true";
  const [hears, says] = [paths("receive"), paths("send")];
  for (const part of [[name], ["add-paths"], ["send-community-type"]])
    for (const node of session.nodes("afi-safi", name, ...part)) pass(node);
  return {
    family,
    import: taken,
    export: told,
    unfiltered: closed ? "reject" : "accept",
    ...limits.find(({ maximum }) => maximum !== undefined),
    client: session.word("route-reflector", "client") === "true" ? "yes" : "no",
    nextHop: own ? "self" : told.some((name) => hops.has(name)) ? "self for external" : "unchanged",
    addPaths: hears && says ? "both" : hears ? "receive" : says ? "send" : "none",
  };
}

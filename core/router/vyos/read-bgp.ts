/** Sessions of VyOS. What a neighbour does not say for itself its peer group says. */
import { FAMILIES, readIp } from "../../net/address.ts";
import type { Family } from "../../net/address.ts";
import { readCidr } from "../../net/prefix.ts";
import { conditionRead } from "../conditions.ts";
import { Levels } from "../levels.ts";
import type { Entry, ReadFamily, ReadNeighbor } from "../platform.ts";
import type { Policy, RouteSource } from "../policy.ts";
import { givenBy } from "../route-map.ts";
import { at, below, pass, word, words } from "../tree.ts";
import type { Node } from "../tree.ts";
import { unicast } from "./words.ts";

interface Around {
  readonly asn: number;
  readonly closed: boolean;
  readonly restarts: boolean;
  readonly bfd: Node | undefined;
}

export function neighborsOf(protocols: Node | undefined, asn: number): readonly ReadNeighbor[] {
  const bgp = at(protocols, "bgp");
  const around: Around = {
    asn,
    // Said or not: VyOS writes `no bgp ebgp-requires-policy` where it is not.
    closed: at(bgp, "parameters", "ebgp-requires-policy") !== undefined,
    restarts: at(bgp, "parameters", "graceful-restart") !== undefined,
    bfd: at(protocols, "bfd"),
  };
  return below(bgp, "neighbor").flatMap((node): readonly ReadNeighbor[] => {
    const address = readIp(node.text);
    // By its port, whoever is on it; `v6only`: nobody who has but IPv4 there.
    const port = address === undefined && at(node, "interface") !== undefined ? node.text : undefined;
    if (address === undefined && port === undefined) {
      node.understood = "no";
      return [];
    }
    const group = word(node, "peer-group") ?? word(node, "interface", "peer-group") ?? word(node, "interface", "v6only", "peer-group");
    const session = new Levels([node, at(node, "interface"), at(node, "interface", "v6only"), at(bgp, "peer-group", group ?? "")]);
    const who = address === undefined ? { interface: node.text } : { address };
    return [neighborOf(session, { who, line: node.line }, around)];
  });
}

interface Known {
  readonly who: Pick<ReadNeighbor, "address" | "interface">;
  readonly line: number;
}

function neighborOf(session: Levels, { who, line }: Known, around: Around): ReadNeighbor {
  const remote = session.word("remote-as");
  const localAsn = session.number("localAsn", "local-as").localAsn ?? around.asn;
  const asn = remote === "internal" ? localAsn : Number(remote);
  const local = readIp(session.word("update-source") ?? "");
  const description = session.word("description");
  for (const name of ["description", "local-as", "peer-group"]) for (const node of session.nodes(name)) pass(node);
  const profile = session.word("bfd", "profile");
  const paced = new Levels([at(around.bfd, "profile", profile ?? "")]);
  const closed = asn !== localAsn && around.closed;
  return {
    ...who,
    line,
    ...(description === undefined ? {} : { description }),
    ...(Number.isFinite(asn) ? { asn } : {}),
    ...(local === undefined ? {} : { local }),
    localAsn,
    connects: session.has("passive") ? "passive" : "both",
    timers: {
      ...session.number("hold", "timers", "holdtime"),
      ...session.number("keepalive", "timers", "keepalive"),
      ...session.number("connectRetry", "timers", "connect"),
    },
    ...(session.has("bfd")
      ? { bfd: { ...paced.number("interval", "interval", "transmit"), ...paced.number("multiplier", "interval", "multiplier") } }
      : {}),
    gracefulRestart: session.word("graceful-restart") === "enable" || around.restarts ? "yes" : "no",
    password: session.has("password") && session.word("password") !== undefined ? "yes" : "no",
    gtsm: session.word("ttl-security", "hops") === "1" ? "yes" : "no",
    families: FAMILIES.filter((family) => session.has("address-family", unicast(family))).map((family) =>
      familyOf(session, family, closed),
    ),
  };
}

function familyOf(session: Levels, family: Family, closed: boolean): ReadFamily {
  const path = ["address-family", unicast(family)] as const;
  const own = session.has(...path, "nexthop-self");
  const force = session.has(...path, "nexthop-self", "force");
  const kept = session.has(...path, "attribute-unchanged", "next-hop");
  const says = session.has(...path, "addpath-tx-all") || session.has(...path, "addpath-tx-per-as");
  const word = (way: "import" | "export") => session.all(...path, "route-map", way);
  const [advertised, exists] = ["advertise-map", "exist-map"].map((each) => session.word(...path, "conditionally-advertise", each));
  return {
    family,
    import: word("import"),
    export: word("export"),
    unfiltered: closed ? "reject" : "accept",
    ...session.number("maximum", ...path, "maximum-prefix"),
    client: session.has(...path, "route-reflector-client") ? "yes" : "no",
    nextHop: kept ? "kept" : force ? "self" : own ? "self for external" : "unchanged",
    // The daemon takes several paths from whoever sends them.
    addPaths: says ? "both" : "receive",
    ...conditionRead(word("export")[0], advertised, exists),
  };
}

const SOURCES: Readonly<Record<string, RouteSource>> = { connected: "connected", static: "static", kernel: "kernel" };

/** What enters BGP by itself. Other protocols that are redistributed stay as not understood. */
export function entriesOf(bgp: Node | undefined, policies: readonly Policy[]): readonly Entry[] {
  return FAMILIES.flatMap((family) => {
    const here = at(bgp, "address-family", unicast(family));
    const networks = (["network", "aggregate-address"] as const).flatMap((kind) =>
      below(here, kind).flatMap((network): readonly Entry[] => {
        const prefix = readCidr(network.text);
        if (prefix === undefined) return [];
        const map = word(network, "route-map");
        pass(network);
        return [{ prefix, source: kind === "network" ? "static" : "aggregate", ...givenBy(policies, map), line: network.line }];
      }),
    );
    const poured = (at(here, "redistribute")?.children ?? []).flatMap((source): readonly Entry[] => {
      const redistributes = SOURCES[source.text];
      if (redistributes === undefined) return [];
      source.understood = "yes";
      const policy = word(source, "route-map");
      words(source, "metric");
      return [{ family, redistributes, ...(policy === undefined ? {} : { policy }), line: source.line }];
    });
    return [...networks, ...poured];
  });
}

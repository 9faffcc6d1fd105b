/** Sessions of Junos. What a neighbour does not say for itself its group says, and then BGP as a whole. */
import { readIp } from "../../net/address.ts";
import type { Family, Ip } from "../../net/address.ts";
import type { ReadFamily, ReadNeighbor, ReadSessions } from "../platform.ts";
import { Levels } from "../levels.ts";
import type { Policy } from "../policy.ts";
import { namingHops } from "../policy-hops.ts";
import { at, below, pass, words } from "../tree.ts";
import type { Node } from "../tree.ts";
import { familyWord } from "./words.ts";

/** What Junos does with routes that no policy has decided on: those of BGP are taken in, and told. */
export const DEFAULT: Policy = {
  name: "default of Junos",
  terms: [{ name: "bgp", when: [{ source: ["bgp"] }], verdict: "accept" }],
  otherwise: "reject",
};

export function neighborsOf(root: Node, policies: readonly Policy[], asn: number): ReadSessions {
  const bgp = at(root, "protocols", "bgp");
  const hops = namingHops(policies);
  const closed = words(bgp, "defaults", "ebgp", "no-policy", "advertise").some((what) => what.startsWith("reject"));
  pass(at(bgp, "defaults"));
  pass(at(bgp, "log-updown"));
  const restarts = at(root, "routing-options", "graceful-restart") !== undefined;
  const clusters: Ip[] = [];
  const neighbors = below(bgp, "group").flatMap((group) =>
    below(group, "neighbor").flatMap((node): readonly ReadNeighbor[] => {
      const address = readIp(node.text);
      if (address === undefined) {
        node.understood = "no";
        return [];
      }
      const session = new Session([node, group, bgp]);
      const cluster = readIp(session.word("cluster") ?? "");
      if (cluster !== undefined) clusters.push(cluster);
      return [session.read(address, { node, hops, asn, closed, restarts })];
    }),
  );
  return { neighbors, policies: [DEFAULT], ...(clusters[0] === undefined ? {} : { clusterId: clusters[0] }) };
}

interface Around {
  readonly node: Node;
  readonly hops: ReadonlySet<string>;
  readonly asn: number;
  readonly closed: boolean;
  readonly restarts: boolean;
}

class Session extends Levels {
  read(address: Ip, { node, hops, asn, closed, restarts }: Around): ReadNeighbor {
    const internal = this.word("type") === "internal";
    const peerAs = Number(this.word("peer-as"));
    const localAs = Number(this.word("local-as"));
    const local = readIp(this.word("local-address") ?? "");
    const localAsn = Number.isFinite(localAs) ? localAs : asn;
    const description = this.word("description");
    const hold = this.number("hold", "hold-time");
    return {
      address,
      line: node.line,
      ...(description === undefined ? {} : { description }),
      ...(internal ? { asn: localAsn } : Number.isFinite(peerAs) ? { asn: peerAs } : {}),
      ...(local === undefined ? {} : { local }),
      localAsn,
      connects: this.has("passive") ? "passive" : "both",
      timers: { ...hold, ...(hold.hold === undefined ? {} : { keepalive: Math.floor(hold.hold / 3) }) },
      ...(this.has("bfd-liveness-detection")
        ? {
            bfd: {
              ...this.number("interval", "bfd-liveness-detection", "minimum-interval"),
              ...this.number("multiplier", "bfd-liveness-detection", "multiplier"),
            },
          }
        : {}),
      gracefulRestart: this.restarts() && restarts ? "yes" : "no",
      password: this.has("authentication-key") || this.has("authentication-key-chain") ? "yes" : "no",
      gtsm: this.word("ttl") === "255" ? "yes" : "no",
      families: this.families(address, hops, internal || !closed ? "accept" : "reject"),
    };
  }

  restarts(): boolean {
    this.all("graceful-restart", "restart-time");
    this.word("authentication-key");
    return !this.has("graceful-restart", "disable");
  }

  /** One list of policies serves all families; without any family a session carries that of its own address. */
  families(address: Ip, hops: ReadonlySet<string>, unfiltered: ReadFamily["unfiltered"]): readonly ReadFamily[] {
    const chain = (way: "import" | "export") => {
      const named = this.all(way);
      return named.length > 0 ? [...named, DEFAULT.name] : [];
    };
    const [taken, told] = [chain("import"), chain("export")];
    const kept = this.has("multihop", "no-nexthop-change");
    for (const path of [
      ["multihop", "ttl"],
      ["bfd-liveness-detection", "session-mode"],
    ])
      for (const node of this.nodes(...path)) pass(node);
    const nextHop = kept ? "kept" : told.some((name) => hops.has(name)) ? "self for external" : "unchanged";
    const carried = ([4, 6] as const).filter((family) => this.has("family", familyWord(family), "unicast"));
    const own: Family = address.includes(":") ? 6 : 4;
    const client = this.has("cluster") ? "yes" : "no";
    return (carried.length > 0 ? carried : [own]).map((family) => ({
      family,
      import: taken,
      export: told,
      unfiltered,
      ...this.maximum(familyWord(family)),
      client,
      nextHop,
      addPaths: this.addPaths(familyWord(family)),
    }));
  }

  maximum(family: string): { readonly maximum?: number } {
    const limits = (["accepted-prefix-limit", "prefix-limit"] as const).map((kind) => {
      for (const way of ["drop-excess", "hide-excess", "teardown"])
        for (const node of this.nodes("family", family, "unicast", kind, way)) pass(node);
      return this.number("maximum", "family", family, "unicast", kind, "maximum");
    });
    this.has("family", family, "unicast", "no-install");
    return limits.find(({ maximum }) => maximum !== undefined) ?? {};
  }

  addPaths(family: string): ReadFamily["addPaths"] {
    const hears = this.has("family", family, "unicast", "add-path", "receive");
    const says = this.has("family", family, "unicast", "add-path", "send");
    this.all("family", family, "unicast", "add-path", "send", "path-count");
    return hears && says ? "both" : hears ? "receive" : says ? "send" : "none";
  }
}

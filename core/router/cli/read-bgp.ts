/** `router bgp` as IOS and EOS have it: what is said of a neighbour in an address family, else beside it, for itself or for its group. */
import { FAMILIES, readIp } from "../../net/address.ts";
import type { Family, Ip } from "../../net/address.ts";
import type { InterfaceAddress } from "../../net/prefix.ts";
import { readInterfaceAddress } from "../../net/prefix.ts";
import { conditionRead } from "../conditions.ts";
import { Levels } from "../levels.ts";
import type { ReadFamily, ReadNeighbor } from "../platform.ts";
import type { Policy } from "../policy.ts";
import { namingHops } from "../policy-hops.ts";
import { at, below, pass, statements, word } from "../tree.ts";
import type { Node } from "../tree.ts";
import { prefixRead } from "./read-lists.ts";

/** In what the two differ. */
export interface Dialect {
  /** Words between a neighbour and the name of its group. */
  readonly group: readonly string[];
  readonly passive: readonly string[];
  readonly bfd: readonly string[];
  readonly gtsm: readonly string[];
  /** Of several words for a maximum, the first that is said. */
  readonly maximum: readonly string[];
  /** eBGP without a policy is told and believes nothing. */
  readonly closes: readonly string[];
  readonly addPaths: (family: Levels) => ReadFamily["addPaths"];
  /** Says nothing about who is told what, at a neighbour. */
  readonly beside: readonly string[];
}

/** A bgp section and its address families. */
export interface Section {
  readonly bgp: Node;
  readonly families: ReadonlyMap<Family, Node | undefined>;
}

export function sectionOf(bgp: Node): Section {
  const family = (name: string) => at(bgp, "address-family", name, "unicast") ?? at(bgp, "address-family", name);
  for (const name of ["ipv4", "ipv6"]) at(bgp, "address-family", name);
  return { bgp, families: new Map(FAMILIES.map((each) => [each, family(`ipv${each}`)])) };
}

export function neighborsOf(root: Node, section: Section, dialect: Dialect, policies: readonly Policy[]): readonly ReadNeighbor[] {
  const { bgp } = section;
  const asn = Number(bgp.text);
  const hops = namingHops(policies);
  const closed = at(bgp, ...dialect.closes) !== undefined;
  const restarts = at(bgp, "bgp", "graceful-restart") !== undefined || at(bgp, "graceful-restart") !== undefined;
  const addresses = interfacesOf(root);
  return below(bgp, "neighbor").flatMap((node): readonly ReadNeighbor[] => {
    const address = readIp(node.text);
    // What has no address is a group.
    if (address === undefined) {
      at(node, ...dialect.group);
      return [];
    }
    const session = levelsOf(section, node, dialect);
    const remote = session.number("asn", "remote-as");
    const localAsn = session.number("localAsn", "local-as").localAsn ?? asn;
    const source = session.word("update-source");
    const local = addresses.find(([name, { ip }]) => name === source && ip.includes(":") === address.includes(":"))?.[1].ip;
    const described = statements(at(node, "description"));
    for (const each of described) each.take();
    for (const name of dialect.beside) for (const part of session.nodes(name)) pass(part);
    const [keepalive, hold] = [session.word("timers"), session.word("timers", session.word("timers") ?? "")];
    return [
      {
        address,
        line: node.line,
        ...(described[0] === undefined ? {} : { description: described[0].text }),
        ...remote,
        ...(local === undefined ? {} : { local }),
        localAsn,
        connects: session.has(...dialect.passive) ? "passive" : "both",
        timers: keepalive === undefined || hold === undefined ? {} : { keepalive: Number(keepalive), hold: Number(hold) },
        ...(session.has(...dialect.bfd) ? { bfd: pace(session, dialect) } : {}),
        gracefulRestart: restarts ? "yes" : "no",
        password: session.nodes("password").map(pass).length > 0 ? "yes" : "no",
        gtsm: session.word(...dialect.gtsm) === "1" ? "yes" : "no",
        families: familiesOf(section, node, session, { dialect, hops, closed: closed && remote.asn !== localAsn }),
      },
    ];
  });
}

/** A neighbour, then its group, beside all families. */
function levelsOf({ bgp }: Section, node: Node, { group }: Dialect): Levels {
  return new Levels([node, at(bgp, "neighbor", word(node, ...group) ?? "")]);
}

function pace(session: Levels, { bfd }: Dialect): NonNullable<ReadNeighbor["bfd"]> {
  const said = session.nodes(...bfd).flatMap((node) => statements(node));
  for (const each of said) each.take();
  const [, interval, multiplier] = /^interval (\d+) min[-_]rx \d+ multiplier (\d+)$/.exec(said[0]?.text ?? "") ?? [];
  return multiplier === undefined ? {} : { interval: Number(interval), multiplier: Number(multiplier) };
}

interface Around {
  readonly dialect: Dialect;
  readonly hops: ReadonlySet<string>;
  readonly closed: boolean;
}

function familiesOf(section: Section, node: Node, session: Levels, { dialect, hops, closed }: Around): readonly ReadFamily[] {
  const group = word(node, ...dialect.group) ?? "";
  const ipv4ByItself = at(section.bgp, "no", "bgp", "default", "ipv4-unicast") === undefined;
  return FAMILIES.flatMap((family) => {
    const here = section.families.get(family);
    const own = new Levels([at(here, "neighbor", node.text), at(here, "neighbor", group)]);
    const stopped = at(here, "no", "neighbor", node.text, "activate") !== undefined;
    const active = own.has("activate") || (family === 4 && ipv4ByItself && !stopped);
    if (!active) return [];
    // What stands beside the families is of IPv4, and of both where it names none: policies are looked for in both places.
    const all = new Levels([at(here, "neighbor", node.text), at(here, "neighbor", group), node, at(section.bgp, "neighbor", group)]);
    for (const name of dialect.beside) for (const part of own.nodes(name)) pass(part);
    word(at(here, "neighbor", node.text), ...dialect.group);
    return [familyOf(all, session, { family, dialect, hops, closed })];
  });
}

function familyOf(all: Levels, session: Levels, { family, dialect, hops, closed }: Around & { readonly family: Family }): ReadFamily {
  const maps = all.nodes("route-map").flatMap((node) => below(node));
  const policy = (way: "in" | "out") =>
    maps
      .filter((map) => at(map, way) !== undefined)
      .slice(0, 1)
      .map(({ text }) => text);
  const maxima = dialect.maximum.map((name) => {
    const found = all.number("maximum", name);
    for (const node of all.nodes(name)) pass(node);
    return found;
  });
  const own = all.has("next-hop-self") || policy("out").some((name) => hops.has(name));
  const force = all.has("next-hop-self", "all");
  const kept = all.has("next-hop-unchanged");
  const advertised = all.word("advertise-map");
  const exists = advertised === undefined ? undefined : all.word("advertise-map", advertised, "exist-map");
  return {
    family,
    import: policy("in"),
    export: policy("out"),
    unfiltered: closed ? "reject" : "accept",
    ...maxima.find(({ maximum }) => maximum !== undefined && maximum > 0),
    client: all.has("route-reflector-client") || session.has("route-reflector-client") ? "yes" : "no",
    nextHop: kept ? "kept" : force ? "self" : own ? "self for external" : "unchanged",
    addPaths: dialect.addPaths(all),
    ...conditionRead(policy("out")[0], advertised, exists),
  };
}

/** Addresses by interface: `update-source` names an interface. */
function interfacesOf(root: Node): readonly (readonly [string, InterfaceAddress])[] {
  return below(root, "interface").flatMap((node) =>
    statements(node).flatMap(({ text }) => {
      const [, first = "", mask = ""] = /^ip(?:v6)? address (\S+)(?: (\S+))?/.exec(text) ?? [];
      const prefix = prefixRead(first, mask);
      const address = readInterfaceAddress(first.includes("/") || prefix === undefined ? first : `${first}/${prefix.split("/")[1] ?? ""}`);
      return address === undefined ? [] : [[node.text, address] as const];
    }),
  );
}

/** The first neighbour's cluster is the router's. */
export function clusterOf(bgp: Node): Ip | undefined {
  return readIp(word(bgp, "bgp", "cluster-id") ?? "");
}

/** Neighbours in groups, so that what all of a group are told is written once. */
import type { Ip } from "../net/address.ts";
import type { Neighbor, PeerRole, RouterConfig } from "./router-config.ts";

/** A neighbour that is known by its address. Those that are known by a port are refused before (`rendered`). */
export type Addressed = Neighbor & { readonly address: Ip };

export function addressedOf({ neighbors }: Pick<RouterConfig, "neighbors">): readonly Addressed[] {
  return neighbors.flatMap((neighbor) =>
    neighbor.address === undefined || neighbor.interface !== undefined ? [] : [{ ...neighbor, address: neighbor.address }],
  );
}

export interface Group {
  /** `HOSTS` */
  readonly name: string;
  readonly role: PeerRole;
  readonly members: readonly Addressed[];
}

const NAMES: Readonly<Record<PeerRole, string>> = {
  provider: "PROVIDER",
  gateway: "GATEWAYS",
  reflector: "REFLECTORS",
  tor: "RACKS",
  host: "HOSTS",
};

/** By role, AS and family of the session: groups hold sessions of one kind alone. */
export function groupsOf(config: Pick<RouterConfig, "neighbors">): readonly Group[] {
  const neighbors = addressedOf(config);
  const groups = new Map<string, Addressed[]>();
  const roles = (Object.keys(NAMES) as PeerRole[]).filter((role) => neighbors.some((neighbor) => neighbor.role === role));
  for (const role of roles)
    for (const neighbor of neighbors.filter((each) => each.role === role)) {
      const name = `${NAMES[role]}${neighbor.address.includes(":") ? "-IPV6" : ""}${suffix(neighbors, neighbor)}`;
      groups.set(name, [...(groups.get(name) ?? []), neighbor]);
    }
  return [...groups].flatMap(([name, members]) => (members[0] === undefined ? [] : [{ name, role: members[0].role, members }]));
}

/** Racks with an AS of their own are a group each. */
function suffix(neighbors: readonly Addressed[], { role, asn }: Addressed): string {
  const numbers = new Set(neighbors.filter((other) => other.role === role).map((other) => other.asn));
  return numbers.size > 1 ? `-AS${asn}` : "";
}

export interface Hoisted {
  /** What all members are told, in the order in which the first is. */
  readonly together: readonly string[];
  readonly each: readonly { readonly neighbor: Addressed; readonly lines: readonly string[] }[];
}

export function hoisted({ members }: Group, linesOf: (neighbor: Addressed) => readonly string[]): Hoisted {
  const all = members.map((neighbor) => ({ neighbor, lines: linesOf(neighbor) }));
  const [first, ...others] = all.map(({ lines }) => new Set(lines));
  const together = [...(first ?? [])].filter((line) => others.every((lines) => lines.has(line)));
  const shared = new Set(together);
  return { together, each: all.map(({ neighbor, lines }) => ({ neighbor, lines: lines.filter((line) => !shared.has(line)) })) };
}

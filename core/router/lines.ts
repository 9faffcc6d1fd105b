/** What the texts of all platforms have in common: comments, and names that every one of them takes. */
import { digest } from "../kinds/digest.ts";
import { secretOf } from "./router-config.ts";
import type { RouterConfig } from "./router-config.ts";

/** Cisco takes 63 characters for the name of a list; nobody takes fewer. */
const LONGEST = 63;

/**
 * Letters, digits, hyphens and underscores: VyOS takes nothing else for a list. A name that had others, or is longer, is told apart
 * from its like by a digest.
 */
export function plainName(name: string): string {
  const plain = name.replaceAll(/[^A-Za-z0-9_-]+/g, "-");
  return plain === name && name.length <= LONGEST ? name : `${plain.slice(0, LONGEST - 20)}-${digest(name).slice(0, 12)}`;
}

/** What a text is, for which release of its platform, and who wrote it. */
export function headOf({ name, role, site }: RouterConfig, release: string): string {
  return `${name}: ${role} of the data centre ${site}, for ${release}; written by Margay from datacenter.yaml.`;
}

/** Each line behind the platform's sign for comments; an empty one stays a bare sign. */
export function commented(sign: string, lines: readonly string[]): readonly string[] {
  return lines.map((line) => `${sign} ${line}`.trimEnd());
}

/** Parts of a text under their titles; what is empty has no title either. */
export function titled(sign: string, parts: readonly (readonly [title: string, lines: readonly string[]])[]): readonly string[] {
  return parts.flatMap(([title, lines]) => (lines.length > 0 ? [sign, `${sign} ${title}`, ...lines] : []));
}

/**
 * What has to be put in by hand: the router's own names for its interfaces, unless they were given, and secrets. `called` is how
 * the platform spells an interface.
 */
export function byHand(
  config: Pick<RouterConfig, "interfaces" | "neighbors">,
  called: (name: string) => string = (name) => name,
): readonly string[] {
  const secrets = new Set(config.neighbors.filter(({ password }) => password !== undefined).map(secretOf));
  return [
    ...config.interfaces.map(
      ({ name, side }) => `${called(name)} leads towards the ${side}; what the router calls otherwise is named with --interface.`,
    ),
    ...(secrets.size > 0 ? [`Passwords are not in this text. Put them in place of: ${[...secrets].join(", ")}.`] : []),
  ];
}

/** What has to be there before BGP, where neighbours are known by their ports. FRR, and VyOS with it, knows no IPv4 route by way of IPv6. */
export function onPorts(neighbors: RouterConfig["neighbors"]): readonly string[] {
  const ports = neighbors.flatMap(({ interface: port }) => port ?? []).join(", ");
  if (ports === "") return [];
  return [
    `${ports} have fe80::1. Hosts tell who they are by router advertisements, once their agents know the platform of this router.`,
    "Until then each is found by a route that is set by hand: ip route add ADDRESS via inet6 fe80::2 dev PORT metric 5000.",
    "FRR prefers it to BGP's for as long as it is there: of a host with two uplinks, take it out once its session stands.",
  ];
}

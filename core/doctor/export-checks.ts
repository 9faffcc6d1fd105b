/** R1 to R4 and R15: what leaves and what comes in by BGP, and that both are said in so many words. */
import type { DataCenter, Gateway } from "../datacenter/data-center.ts";
import { exportsOf } from "../datacenter/exports.ts";
import { addressesOf } from "../datacenter/racks.ts";
import { range4, range6, uplinks } from "../datacenter/warnings.ts";
import { beaconPrefix } from "../intent/beacon.ts";
import { FAMILIES, familyOf } from "../net/address.ts";
import { lengthOf, overlaps } from "../net/prefix.ts";
import type { Cidr } from "../net/prefix.ts";
import type { BgpSession, BirdFacts } from "./bird-facts.ts";
import { ofFile, ofMachines, ofMachinesAndCloud, warning, wrong } from "./check.ts";
import type { Check, Found, Judged } from "./check.ts";
import { proven } from "./proof.ts";
import { few, gatewayNamed, inRanges, isOutside, peerOf, prefixIn, withheldFrom } from "./places.ts";

const GROUP = "routing and export";

/** Who may hear hosts first hand: in a mesh, other hosts do. */
const HEARERS = ["compute", "reflector", "tor", "gateway"] as const;

export const EXPORT_CHECKS: readonly Check[] = [
  {
    id: "R1",
    group: GROUP,
    title: "nothing of the private range, nor of what else stays inside, is told to the outside",
    remedy:
      "Stop the session first: birdc disable upstream4. Then restore the gateway's bird.conf by starting its agent, and see who changed it.",
    looks: [
      ofFile((center) => {
        const leaks = exportsOf(center).filter((told) => withheldFrom(center).some((inner) => overlaps(told, inner)));
        return {
          seen: `told: exactly ${few(exportsOf(center)) || "nothing"}; kept in: ${few(withheldFrom(center), 5) || "nothing"}`,
          findings: leaks.map((prefix) => wrong(`${prefix} would be told, which meets what stays inside`)),
        };
      }),
      proven("exports", "enters"),
      ofMachines(["gateway"], ["bird"], (machine, center) =>
        told(machine, center, ({ session, prefix }) => {
          const inner = withheldFrom(center).find((kept) => overlaps(kept, prefix));
          return inner === undefined ? [] : [wrong(`${session} tells ${prefix}, which is of ${inner}`)];
        }),
      ),
    ],
  },
  {
    id: "R2",
    group: GROUP,
    title: "the outside hears aggregates, no single addresses and no parts",
    remedy:
      "Only the aggregates of the plan may leave (margay plan: Announced to the outside); start the gateway's agent, which writes them.",
    looks: [
      ofMachines(["gateway"], ["bird"], (machine, center) =>
        told(machine, center, ({ session, prefix }) =>
          exportsOf(center).some((whole) => whole === prefix) || withheldFrom(center).some((kept) => overlaps(kept, prefix))
            ? []
            : [wrong(`${session} tells ${prefix}, which is none of ${few(exportsOf(center)) || "the aggregates: there are none"}`)],
        ),
      ),
    ],
  },
  {
    id: "R3",
    group: GROUP,
    title: "from hosts come single addresses of their own, and nothing else",
    remedy: "A host that announces what is not its own is misconfigured or not yours any more: see its bird.conf, and margay why ADDRESS.",
    looks: [
      proven("imports"),
      ofMachines(HEARERS, ["bird"], ({ role, bird }, center) => {
        const hosts = ofHosts(bird);
        if (role === "compute" && hosts.length === 0) return undefined;
        const heard = routesOfHosts(bird);
        return {
          seen: `${heard.length} routes of ${hosts.length} hosts`,
          findings: [
            ...hosts.flatMap(refusedOf),
            ...heard
              .filter(({ host, prefix }) => !isSingle(center, prefix) && !isOwn(center, host, prefix))
              .map(({ host, prefix }) => wrong(`${host} announces ${prefix}`)),
          ],
        };
      }),
      ofMachinesAndCloud(HEARERS, ["bird"], ({ role, bird }, { addresses }) => {
        if (role === "compute" && ofHosts(bird).length === 0) return undefined;
        const owners = Map.groupBy(addresses, ({ ip }) => String(ip));
        const foreign = routesOfHosts(bird).filter(({ host, prefix }) => {
          const owner = owners.get(prefix.replace(/\/.*/, ""));
          return owner !== undefined && owner.every((one) => one.host !== host && !one.moving);
        });
        return {
          seen: "each announced by the host that has it",
          findings: foreign.map(({ host, prefix }) =>
            wrong(`${host} announces ${prefix}, which is on ${owners.get(prefix.replace(/\/.*/, ""))?.[0]?.host ?? "no host"}`),
          ),
        };
      }),
    ],
  },
  {
    id: "R4",
    group: GROUP,
    title: "what is to be reached is announced, by whoever can deliver",
    remedy:
      "birdc show protocols all on the gateway: it announces while its session outside stands and it hears somebody on the fabric; a looking glass tells more.",
    looks: [
      proven("delivery"),
      ofFile((center) => ({
        seen: `${few(exportsOf(center)) || "nothing"}, by ${few(center.gateways.map(({ name }) => name)) || "no gateway"}`,
        findings: [...range4(center).filter(({ path }) => path[1] === "public"), ...range6(center), ...uplinks(center)].map(({ message }) =>
          warning(message),
        ),
      })),
      ofMachines(["gateway"], ["bird"], ({ name, bird }, center) => {
        const gateway = gatewayNamed(center, name);
        if (gateway === undefined) return undefined;
        const outside = bird.sessions.filter(({ neighbour }) => isOutside(gateway, neighbour));
        return {
          seen: outside.map(({ name }) => `${name}: ${few(bird.exports[name] ?? []) || "nothing"}`).join("; "),
          findings: [...FAMILIES.flatMap((family) => untold(center, gateway, bird, family)), ...blackHole(bird, outside)],
        };
      }),
    ],
  },
  {
    id: "R15",
    group: GROUP,
    title: "every session says what it takes and what it tells",
    remedy:
      "Never leave a policy out: some routers then send all they know, others nothing (RFC 8212). Start the machine's agent, which writes them.",
    looks: [
      ofMachines(["compute", "reflector", "tor", "gateway"], ["bird"], ({ bird }) => ({
        seen: `${bird.sessions.length} sessions, each with an import and an export filter`,
        findings: bird.sessions.flatMap(({ name, channels }) =>
          channels.flatMap(({ family, input_filter, output_filter }) => [
            ...(input_filter === "ACCEPT" ? [wrong(`${name} takes everything in IPv${family}`)] : []),
            ...(output_filter === "ACCEPT" ? [wrong(`${name} tells everything in IPv${family}`)] : []),
          ]),
        ),
      })),
    ],
  },
];

interface ToldOutside {
  readonly session: string;
  readonly prefix: Cidr;
}

/** Everything that a gateway tells the outside, judged one by one. */
function told(
  { name, bird }: { readonly name: string; readonly bird: BirdFacts },
  center: DataCenter,
  judge: (one: ToldOutside) => readonly Found[],
): Judged | undefined {
  if (gatewayNamed(center, name) === undefined) return undefined;
  const all = Object.entries(bird.exports).flatMap(([session, prefixes]) =>
    prefixes.flatMap((text) => {
      const prefix = prefixIn(text);
      return prefix === undefined ? [] : [{ session, prefix }];
    }),
  );
  return { seen: few(all.map(({ session, prefix }) => `${session} tells ${prefix}`)) || "tells nothing", findings: all.flatMap(judge) };
}

/** Aggregates that the session with the provider should tell, and does not. */
function untold(center: DataCenter, gateway: Gateway, bird: BirdFacts, family: 4 | 6): readonly Found[] {
  const peer = peerOf(gateway, family);
  const wanted = exportsOf(center).filter((prefix) => familyOf(prefix) === family);
  if (peer === undefined || wanted.length === 0) return [];
  const session = bird.sessions.find(({ neighbour }) => neighbour === peer);
  if (session === undefined) return [wrong(`no session with ${peer}: ${few(wanted)} is not announced`)];
  if (!session.established) return [wrong(`${session.name} is not established (${session.info}): ${few(wanted)} is not announced`)];
  const missing = wanted.filter((prefix) => !(bird.exports[session.name] ?? []).includes(prefix));
  const heard = bird.routes.some(({ prefix, bgp }) => bgp && prefix === beaconPrefix(family));
  const why = heard ? "" : `: nobody on the fabric is heard in IPv${family} (no route to ${beaconPrefix(family)}), so it could not deliver`;
  return missing.map((prefix) => wrong(`${session.name} does not tell ${prefix}${why}`));
}

/** Traffic is drawn here, and nobody says where the addresses are. */
function blackHole({ sessions, exports }: BirdFacts, outside: readonly BgpSession[]): readonly Found[] {
  const telling = outside.filter(({ name, established }) => established && (exports[name] ?? []).length > 0);
  const inside = sessions.filter((session) => !outside.includes(session));
  if (telling.length === 0 || inside.length === 0 || inside.some(({ established }) => established)) return [];
  return [wrong(`announces to the outside, and none of its ${inside.length} sessions inside stands: what comes ends here`)];
}

/** Sessions with hosts, as reflectors and gateways name them. */
function ofHosts({ sessions }: BirdFacts): readonly BgpSession[] {
  return sessions.filter(({ name }) => name.startsWith("host:"));
}

function routesOfHosts({ routes }: BirdFacts): readonly { readonly host: string; readonly prefix: string }[] {
  return routes.filter(({ protocol }) => protocol.startsWith("host:")).map(({ protocol, prefix }) => ({ host: hostOf(protocol), prefix }));
}

/** `host:h1`, and on a second segment `host:h1:2`. */
function hostOf(protocol: string): string {
  return protocol.slice("host:".length).replace(/:2$/, "");
}

function refusedOf({ name, channels }: BgpSession): readonly Found[] {
  return channels.flatMap(({ family, filtered }) =>
    filtered === 0
      ? []
      : [warning(`${hostOf(name)} has announced ${filtered} IPv${family} routes that were refused, since its session began`)],
  );
}

/** An address of the host itself: one in a rack may have it on its loopback, and tell its routers. */
function isOwn(center: DataCenter, name: string, prefix: string): boolean {
  const host = center.hosts.find((one) => one.name === name);
  return host !== undefined && addressesOf(host).some((ip) => prefixIn(ip) === prefix);
}

/** The beacon is told to gateways, and taken by nobody else. */
function isSingle(center: DataCenter, text: string): boolean {
  const prefix = prefixIn(text);
  if (prefix !== undefined && prefix === beaconPrefix(familyOf(prefix))) return true;
  return prefix !== undefined && lengthOf(prefix) === (familyOf(prefix) === 4 ? 32 : 128) && inRanges(center, prefix);
}

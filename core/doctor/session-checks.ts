/** R11 to R14 and R16 to R19: sessions, their limits and timers, and what they do when something is lost. */
import type { DataCenter } from "../datacenter/data-center.ts";
import { privateRanges } from "../datacenter/ranges.ts";
import { carriedFamilies, sessionsOf } from "../datacenter/sessions.ts";
import { asNumbers, machines, peering, racks } from "../datacenter/warnings.ts";
import { familyOf } from "../net/address.ts";
import type { BgpSession, BirdFacts } from "./bird-facts.ts";
import { watchedBy } from "../intent/bfd.ts";
import type { Watched } from "../intent/bfd.ts";
import { ofCloud, ofFile, ofMachines, ofMachinesAndCloud, warning, wrong } from "./check.ts";
import type { Check, Found } from "./check.ts";
import { few, gatewayNamed, isOutside, many } from "./places.ts";
import { proven } from "./proof.ts";

const GROUP = "routing and export";
const SPEAKERS = ["compute", "reflector", "tor", "gateway"] as const;

export const SESSION_CHECKS: readonly Check[] = [
  {
    id: "R11",
    group: GROUP,
    title: "both ends of a session mean the same AS",
    remedy:
      "fabric.asn holds for all machines of the fabric (a reflector's clients are of its own AS), gateways[].upstream.asn is the provider's.",
    looks: [
      ofFile((center) => ({
        seen: `fabric AS ${center.fabric.asn}, providers AS ${few([...new Set(center.gateways.map(({ upstream }) => String(upstream.asn)))]) || "none"}`,
        findings: asNumbers(center).map(({ message }) => warning(message)),
      })),
      proven("ends"),
      ofMachines(SPEAKERS, ["bird"], ({ bird }) => ({
        seen: `${bird.sessions.length} sessions, no peer of another AS than it should be`,
        findings: bird.sessions
          .filter(({ established, info }) => !established && /bad peer AS/i.test(info))
          .map(({ name, neighbour, neighbour_as }) => wrong(`${name}: ${neighbour} is not of AS ${neighbour_as}`)),
      })),
    ],
  },
  {
    id: "R12",
    group: GROUP,
    title: "reflectors and gateways are enough, and nobody has too many sessions",
    remedy: "Declare a second reflector and a second gateway; beyond about a hundred peers use reflectors instead of a mesh.",
    looks: [
      ofFile((center) => ({
        seen: `${sessionsOf(center).length} sessions; ${center.reflectors.length} reflectors, ${center.gateways.length} gateways`,
        findings: [...machines(center), ...peering(center), ...racks(center)].map(({ message }) => warning(message)),
      })),
    ],
  },
  {
    id: "R13",
    group: GROUP,
    title: "every session of the plan stands, up to the last host",
    remedy:
      "birdc show protocols all NAME on both ends. Routers with dynamic neighbours have a cap (FRR: bgp listen limit 100): twice the hosts.",
    looks: [
      ofMachines(SPEAKERS, ["bird"], ({ name, bird }, center) => {
        const wanted = peersOf(center, name);
        const found = new Map(bird.sessions.map((session) => [session.neighbour, session]));
        return {
          seen: `${wanted.length} sessions stand`,
          findings: wanted.flatMap(({ peer, ip }) => {
            const session = found.get(ip);
            if (session === undefined) return [wrong(`no session with ${peer} (${ip})`)];
            return session.established ? [] : [wrong(`the session with ${peer} (${ip}) is down: ${session.info || "no reason given"}`)];
          }),
        };
      }),
      ofMachines(SPEAKERS, ["processes"], ({ processes }) => ({
        seen: "BIRD runs",
        findings: processes.some(isBird) ? [] : [wrong("BIRD does not run")],
      })),
    ],
  },
  {
    id: "R14",
    group: GROUP,
    title: "sessions have a limit of routes, and are far from it",
    remedy: "A limit of twice the plan with a warning at 80 % keeps a mad neighbour from filling every table; filters alone do not.",
    looks: [
      ofMachines(["reflector", "tor", "gateway"], ["bird"], (machine, center) => ({
        seen: `${limited(machine, center).length} sessions with hosts and providers, each with a limit`,
        findings: limited(machine, center).flatMap(({ name, channels }) =>
          channels.flatMap(({ family, import_limit: limit, imported }) => {
            if (limit === undefined) return [warning(`${name} may send any number of IPv${family} routes`)];
            const what = `${name}: ${imported} of at most ${limit} IPv${family} routes`;
            // A limit of one is for the default route alone, and is meant to be reached.
            if (limit === 1) return imported > 1 ? [wrong(what)] : [];
            return imported >= limit ? [wrong(what)] : imported >= 0.8 * limit ? [warning(what)] : [];
          }),
        ),
      })),
    ],
  },
  {
    id: "R16",
    group: GROUP,
    title: "a dead neighbour is noticed in time, by both ends alike",
    remedy:
      "Set the same hold time (30 s or less) on both ends, and BFD; let UDP 3784 and ICMP echo through. birdc -s STATE/bird/bfd.ctl show bfd sessions.",
    looks: [
      ofMachines(SPEAKERS, ["bird"], ({ name, bird }, center) => ({
        seen: `${holdsText(bird)}; ${many(bird.bfd.length, "session")} of BFD`,
        findings: [
          ...unwatched(bird, watchedBy(center, name)),
          ...bird.sessions.flatMap(slow),
          ...bird.bfd
            .filter(({ state }) => state !== "Up")
            .map(({ ip, state }) => wrong(`BFD with ${ip} is ${state}: is UDP 3784 let through, and not tracked?`)),
        ],
      })),
    ],
  },
  {
    id: "R17",
    group: GROUP,
    title: "BGP that is restarted loses no packet: graceful restart on both ends",
    remedy:
      "Both ends need it (bird: graceful restart on; persist in protocol kernel; bird -R). A peer that has it not drops all routes at once.",
    looks: [
      ofMachines(SPEAKERS, ["bird", "processes"], ({ bird, processes }) => ({
        seen: `${bird.sessions.length} sessions, all with graceful restart`,
        findings: [
          ...bird.sessions
            .filter(({ established, graceful_restart: graceful }) => established && !(graceful.local && graceful.neighbour))
            .map(({ name, graceful_restart: { local } }) => warning(`${name}: ${local ? "the peer" : "this end"} has no graceful restart`)),
          ...processes
            .filter(isBird)
            .filter((line) => !/ -\w*R/.test(line))
            .map((line) => warning(`BIRD was started without -R (${line})`)),
        ],
      })),
    ],
  },
  {
    id: "R18",
    group: GROUP,
    title: "routing tables have room for a route for each address",
    remedy:
      "Linux: sysctl net.ipv6.route.max_size. Top-of-rack switches: compare with the FIB of the data sheet; IPv6 host routes often count double.",
    looks: [
      ofCloud(({ addresses }) => {
        const [four, six] = [4, 6].map((family) => addresses.filter(({ ip }) => familyOf(ip) === family).length);
        return { seen: `${four} IPv4 and ${six} IPv6 host routes in the table of every router on the way`, findings: [] };
      }),
      ofMachinesAndCloud(["compute", "gateway", "tor"], ["sysctls"], ({ sysctls }, { addresses }, center) => {
        if (!carriedFamilies(center).includes(6)) return undefined;
        const limit = Number(sysctls["net/ipv6/route/max_size"] ?? Number.NaN);
        const needed = 2 * addresses.filter(({ ip }) => familyOf(ip) === 6).length + LEAST_ROUTES;
        const fix = { how: "sysctl", path: "net/ipv6/route/max_size", value: String(2 ** 31 - 1) } as const;
        const short = Number.isFinite(limit) && limit < needed;
        return {
          seen: `room for ${limit} IPv6 routes`,
          findings: short ? [wrong(`room for ${limit} IPv6 routes, ${needed} with some to spare`, fix)] : [],
        };
      }),
    ],
  },
  {
    id: "R19",
    group: GROUP,
    title: "flows stay with their gateway when another comes or goes",
    remedy:
      "Bring gateways back at quiet hours. Routers with resilient hashing keep flows where they are; connections of un-NATed addresses go on anyway.",
    looks: [
      ofFile((center) => {
        const translating = center.gateways.filter(({ pnat }) => pnat !== undefined);
        if (privateRanges(center).length === 0 || translating.length < 2)
          return { seen: "no translated flow can change its gateway", findings: [] };
        const share = Math.round(100 / translating.length);
        return {
          seen: "",
          findings: [
            warning(
              `${translating.length} gateways translate, each with a pool of its own: when one comes back, ` +
                `some ${share} % of the connections by port-NAT move to it and break`,
            ),
          ],
        };
      }),
      ofMachines(["compute"], ["sysctls"], ({ sysctls }) => {
        const [four, six] = ["net/ipv4/fib_multipath_hash_policy", "net/ipv6/fib_multipath_hash_policy"].map((path) => sysctls[path] ?? "");
        return {
          seen: `hash policy ${four} and ${six}`,
          findings: four === six || six === "" ? [] : [warning(`gateways are chosen by policy ${four} in IPv4, ${six} in IPv6`)],
        };
      }),
    ],
  },
];

/** Of Linux before 6.3, whose default of 4096 is the limit. */
const LEAST_ROUTES = 4_096;

/** Who should speak with this machine, and from which address. */
function peersOf(center: DataCenter, name: string): readonly { readonly peer: string; readonly ip: string }[] {
  return sessionsOf(center).flatMap(({ near, far }) => {
    const other = near.name === name ? far : far.name === name ? near : undefined;
    // One whose address is only learned when it connects cannot be missed by it.
    return other?.ip === undefined ? [] : [{ peer: other.name, ip: other.ip }];
  });
}

/** The BIRD that speaks BGP; another may speak BFD for it. */
function isBird(line: string): boolean {
  return /^(\S*\/)?bird6?( |$)/.test(line) && !line.includes("/bfd.conf");
}

/** From whom a limit is wanted: hosts, and providers. */
function limited({ name, bird }: { readonly name: string; readonly bird: BirdFacts }, center: DataCenter): readonly BgpSession[] {
  const gateway = gatewayNamed(center, name);
  return bird.sessions.filter(
    (session) => session.name.startsWith("host:") || (gateway !== undefined && isOutside(gateway, session.neighbour)),
  );
}

/** Seconds: what BIRD agrees on by itself is 240, and a minute and a half is what most others do. */
const LONGEST_HOLD = 90;

function holdsText({ sessions }: BirdFacts): string {
  const holds = new Set(sessions.flatMap(({ hold }) => (hold === undefined ? [] : [`${hold} s`])));
  return holds.size === 0 ? "no hold time agreed yet" : `hold times: ${few([...holds])}`;
}

/** Whoever speaks BGP on the fabric is watched by BFD as well. */
function unwatched({ bfd }: BirdFacts, wanted: readonly Watched[]): readonly Found[] {
  const missing = wanted.filter(({ peer, interface: link }) => !bfd.some((each) => each.ip === peer && each.interface === link));
  if (missing.length === 0) return [];
  if (missing.length === wanted.length)
    return [wrong("BFD is declared, and nobody is watched: does the process bfd run? Whoever dies stays in all tables for the hold time")];
  return missing.map(({ name, peer }) =>
    wrong(`${name} (${peer}) is not watched by BFD: when it dies, it stays in the tables for the hold time`),
  );
}

function slow({ name, hold }: BgpSession): readonly Found[] {
  if (hold === undefined || (hold > 0 && hold <= LONGEST_HOLD)) return [];
  return [warning(hold === 0 ? `${name} has no hold time: a dead peer is never noticed` : `${name} notices a dead peer after ${hold} s`)];
}

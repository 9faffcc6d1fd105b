/** R5 to R10 and R20: do packets find their way, and do those that have none end? */
import type { DataCenter } from "../datacenter/data-center.ts";
import { plan } from "../datacenter/plan.ts";
import { rangesOf } from "../datacenter/ranges.ts";
import { familyOf } from "../net/address.ts";
import { covers, lengthOf } from "../net/prefix.ts";
import type { BgpRoute, BirdFacts } from "./bird-facts.ts";
import { ofMachines, ofMachinesAndCloud, warning, wrong } from "./check.ts";
import type { Check, Found } from "./check.ts";
import type { CloudFacts, ServedAddress } from "./cloud-facts.ts";
import type { RouteFact } from "./facts.ts";
import { proven } from "./proof.ts";
import { few, inRanges, outwardFamilies, prefixIn, routersOf, waysTo } from "./places.ts";

const GROUP = "routing and export";
const ENDS = ["unreachable", "blackhole", "prohibit"];

export const ROUTE_CHECKS: readonly Check[] = [
  {
    id: "R5",
    group: GROUP,
    title: "traffic for an address that nobody has ends, instead of going round",
    remedy:
      "Hosts and gateways hold an unreachable route for each range: start the machine's agent. By hand: ip route add unreachable RANGE metric 1048576.",
    looks: [
      ofMachines(["compute", "gateway"], ["routes"], ({ routes }, center) => {
        const ended = new Set(routes.filter(({ type }) => ENDS.includes(type)).map(({ prefix }) => prefix));
        const open = rangesOf(center).filter((range) => !ended.has(range));
        return {
          seen: `${few(rangesOf(center))}: unreachable`,
          findings: open.map((range) =>
            wrong(`no unreachable route for ${range}: what nobody has of it goes to the default route, and back`),
          ),
        };
      }),
    ],
  },
  {
    id: "R6",
    group: GROUP,
    title: "gateways have a route to every VM",
    remedy: "margay why ADDRESS tells which link of the chain is missing: the host's route, its session, or the gateway's.",
    looks: [
      proven("paths"),
      ofMachinesAndCloud(["gateway"], ["routes"], ({ routes }, { addresses }) => {
        const known = new Set(routes.filter(({ type }) => type === "unicast").map(({ prefix }) => prefix.replace(/\/.*/, "")));
        const wanted = served(addresses);
        const missing = wanted.filter(({ ip }) => !known.has(ip));
        const byHost = Map.groupBy(missing, ({ host }) => host);
        return {
          seen: `${wanted.length} addresses of VMs, a route to each`,
          findings: [...byHost].map(([host, all]) => wrong(`no route to ${few(all.map(({ ip }) => ip))} on ${host}`)),
        };
      }),
    ],
  },
  {
    id: "R7",
    group: GROUP,
    title: "what sees private addresses untranslated has a way back to them",
    remedy:
      "Give the gateway a route to the prefix by the fabric, or leave the prefix out, so that it is reached by port-NAT like the outside.",
    looks: [
      ofMachines(["gateway"], ["routes"], ({ name, routes }, center) => {
        const spared = plan(center).pnat.find(({ gateway }) => gateway === name)?.except ?? [];
        if (spared.length === 0) return undefined;
        const lost = spared.filter((prefix) => !routes.some((route) => leadsTo(route, prefix)));
        return {
          seen: `${few(spared)}: each by a route of its own`,
          findings: lost.map((prefix) =>
            wrong(`${prefix} is not translated towards, and only the default route leads there: replies have no way back`),
          ),
        };
      }),
    ],
  },
  {
    id: "R8",
    group: GROUP,
    title: "the next hop of a VM's address is the VM's own host",
    remedy:
      "A reflector must not set next-hop-self on what it reflects (bird: no `next hop self` towards clients); packets else go round by it.",
    looks: [
      ofMachinesAndCloud(["compute", "tor", "gateway"], ["bird"], ({ name, bird }, { addresses }, center) => {
        const owners = ownersOf(addresses);
        const heard = ofVms(bird, center).filter(({ best }) => best);
        // In a rack, everything is behind the own router.
        const ways = (host: string) => new Set([...waysTo(center, host), ...routersOf(center, name)]);
        return {
          seen: `${heard.length} addresses of VMs elsewhere, each by its host`,
          findings: heard.flatMap((route) => {
            const owner = owners.get(route.prefix.replace(/\/.*/, ""));
            if (owner === undefined || owner.moving || owner.host === name || isOnLink(route) || ways(owner.host).has(route.next_hop ?? ""))
              return [];
            return [wrong(`${route.prefix} is on ${owner.host}, and leads to ${route.next_hop ?? "nowhere"}`)];
          }),
        };
      }),
    ],
  },
  {
    id: "R9",
    group: GROUP,
    title: "every next hop that BGP tells is on a link",
    remedy: "birdc show route where dest = RTD_UNREACHABLE names them; the next hop must be on the fabric's link, or the IGP must know it.",
    looks: [
      ofMachines(["compute", "tor", "gateway"], ["bird"], ({ bird }) => {
        const lost = bird.routes.filter(({ bgp, to }) => bgp && to === "unreachable");
        return {
          seen: `${bird.routes.filter(({ bgp }) => bgp).length} routes by BGP, none of them unreachable`,
          findings:
            lost.length === 0
              ? []
              : [wrong(`${lost.length} routes lead nowhere: ${few(lost.map((route) => `${route.prefix} via ${route.next_hop}`))}`)],
        };
      }),
    ],
  },
  {
    id: "R10",
    group: GROUP,
    title: "hosts have a default route, by each gateway",
    remedy:
      "On the gateway: birdc show route 0.0.0.0/0, and whether the provider sends it. One of several: reflectors must send all paths (add-path).",
    looks: [
      ofMachines(["compute"], ["routes"], ({ routes }, center) => ({
        seen: outwardFamilies(center)
          .map((family) => `IPv${family} by ${few(defaultsOf(routes, family))}`)
          .join(", "),
        findings: outwardFamilies(center).flatMap((family) => missingDefault(center, routes, family)),
      })),
    ],
  },
  {
    id: "R20",
    group: GROUP,
    title: "where a VM is now wins over where it was, on every router",
    remedy:
      "Local preference must reach every router: carry it within the AS, and by a community between AS; birdc show route all ADDRESS.",
    looks: [
      ofMachines(["compute", "tor", "gateway"], ["bird"], ({ bird }, center) => {
        const vms = Map.groupBy(ofVms(bird, center), ({ prefix }) => prefix);
        return {
          seen: `${vms.size} addresses of VMs, each with the preference of its host`,
          findings: [...vms].flatMap(([prefix, paths]) => preferred(prefix, paths)),
        };
      }),
    ],
  },
];

/** Addresses of ports that their hosts say they serve, and that stay where they are. */
export function served(addresses: readonly ServedAddress[]): readonly ServedAddress[] {
  return addresses.filter(({ status, admin_state_up, moving }) => status === "ACTIVE" && admin_state_up && !moving);
}

function leadsTo({ prefix, type }: RouteFact, wanted: Parameters<typeof covers>[1]): boolean {
  const cidr = prefixIn(prefix);
  if (cidr === undefined || lengthOf(cidr) === 0 || familyOf(cidr) !== familyOf(wanted)) return false;
  // A prefix of loopbacks is reached by one route for each.
  return (covers(cidr, wanted) || covers(wanted, cidr)) && (type === "unicast" || ENDS.includes(type));
}

function ownersOf(addresses: CloudFacts["addresses"]): ReadonlyMap<string, ServedAddress> {
  return new Map(addresses.map((one) => [one.ip, one]));
}

/** By a link-local address: whoever has it is at the other end of the cable (RFC 8950). */
function isOnLink({ next_hop = "" }: BgpRoute): boolean {
  return next_hop === "::" || next_hop.startsWith("fe80:");
}

/** What BGP has told of single addresses in the ranges. */
function ofVms({ routes }: BirdFacts, center: DataCenter): readonly BgpRoute[] {
  return routes.filter(({ bgp, prefix }) => {
    const cidr = bgp ? prefixIn(prefix) : undefined;
    return cidr !== undefined && lengthOf(cidr) === (familyOf(cidr) === 4 ? 32 : 128) && inRanges(center, cidr);
  });
}

export function defaultsOf(routes: readonly RouteFact[], family: 4 | 6): readonly string[] {
  const anywhere = family === 4 ? "0.0.0.0/0" : "::/0";
  return routes.filter(({ prefix, type }) => prefix === anywhere && type === "unicast").flatMap(({ via }) => via);
}

function missingDefault(center: DataCenter, routes: readonly RouteFact[], family: 4 | 6): readonly Found[] {
  const hops = defaultsOf(routes, family);
  if (hops.length === 0) return [wrong(`no IPv${family} default route: VMs here do not get out`)];
  const gateways = center.gateways.filter(({ upstream }) => (family === 4 ? upstream.ipv4 : upstream.ipv6) !== undefined);
  const unused = gateways.filter(({ ipv4, ipv6 }) => !hops.includes((family === 4 ? ipv4 : ipv6) ?? ""));
  // Where none of them is a gateway, a router stands between, and chooses.
  if (unused.length === 0 || unused.length === gateways.length) return [];
  return [warning(`the IPv${family} default route leads to ${few(hops)}, not to ${few(unused.map(({ name }) => name))}`)];
}

/** Of a host that said nothing of its preference, BGP says 100. */
const NOTHING_SAID = 100;

function preferred(prefix: string, paths: readonly BgpRoute[]): readonly Found[] {
  const of = ({ local_pref }: BgpRoute) => local_pref ?? NOTHING_SAID;
  const [best, highest] = [paths.find((path) => path.best), Math.max(...paths.map(of))];
  if (best !== undefined && of(best) < highest)
    return [wrong(`${prefix}: a path of preference ${of(best)} is taken, and one of ${highest} is there`)];
  return paths.some((path) => of(path) === NOTHING_SAID)
    ? [warning(`${prefix} has come without its host's preference: after a move, the old host may win`)]
    : [];
}

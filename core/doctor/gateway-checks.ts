/** G1 to G8: gateways and port-NAT. */
import type { DataCenter, Gateway } from "../datacenter/data-center.ts";
import { exportsOf } from "../datacenter/exports.ts";
import { plan } from "../datacenter/plan.ts";
import { ipv6Ranges, privateRanges, publicRanges } from "../datacenter/ranges.ts";
import { showSpan, spanSize } from "../datacenter/span.ts";
import { internalReach, translation } from "../datacenter/warnings.ts";
import { gatewayNft } from "../intent/gateway-nft.ts";
import { addressesOf, poolOf, prefixesOf } from "../intent/pnat-pool.ts";
import { covers, overlaps } from "../net/prefix.ts";
import type { Cidr } from "../net/prefix.ts";
import { platformFor } from "../router/platforms.ts";
import type { BirdFacts } from "./bird-facts.ts";
import { ofFile, ofMachines, ofMachinesAndCloud, warning, wrong } from "./check.ts";
import type { Check, Found } from "./check.ts";
import type { ChainFact, FilterFacts } from "./filter-facts.ts";
import { few, gatewayNamed, many, meetsRange, prefixIn } from "./places.ts";
import { proven } from "./proof.ts";

const GROUP = "gateway and port-NAT";
const OWN_TABLE = "inet margay";

/** Margay has one table of this name in each family that it needs. */
export function isOwn({ table }: ChainFact): boolean {
  return table.endsWith(" margay");
}

export const GATEWAY_CHECKS: readonly Check[] = [
  {
    id: "G1",
    group: GROUP,
    title: "replies come back to the gateway that translated: each pool is one gateway's",
    remedy: "An address of a pool on two gateways makes TCP hang while ping works: take it from the one that the file does not give it to.",
    looks: [
      ofFile((center) => ({
        seen: center.gateways.flatMap((gateway) => poolText(center, gateway)).join(", ") || "there is no pool",
        findings: [],
      })),
      ofMachines(["gateway"], ["links"], ({ name, links }, center) => {
        const foreign = center.gateways.filter((gateway) => gateway.name !== name);
        const held = new Set(links.flatMap(({ addresses }) => addresses.map(({ ip }) => ip)));
        return {
          seen: "has addresses of no other gateway's pool",
          findings: foreign.flatMap((gateway) => {
            const pool = poolOf(center, gateway);
            const taken = pool === undefined ? [] : addressesOf(pool).filter((ip) => held.has(ip));
            return taken.length === 0 ? [] : [wrong(`has ${few(taken)}, of the pool of ${gateway.name}`)];
          }),
        };
      }),
      ofMachines(["gateway", "reflector"], ["bird"], ({ name, bird }, center) => ({
        seen: "every route to a pool is its gateway's",
        findings: center.gateways.flatMap((gateway) => strayPool(center, gateway, { name, bird })),
      })),
    ],
  },
  {
    id: "G2",
    group: GROUP,
    title: "only private addresses are translated, only towards the outside, and only by Margay",
    remedy:
      "Remove the other translation (nft -a list ruleset names it), or limit it to addresses of its own; Docker and libvirt: their own bridges only.",
    looks: [
      proven("translation"),
      ofMachines(["gateway", "compute"], ["filter"], ({ filter }, center) => {
        const foreign = filter.chains.filter((chain) => !isOwn(chain));
        return {
          seen: "nobody else translates our addresses",
          findings: foreign.flatMap((chain) => translating(center, chain)),
        };
      }),
      ofMachines(["gateway"], ["filter"], ({ filter }, center) => {
        const own = translationOf(filter);
        const ranges = [...publicRanges(center), ...ipv6Ranges(center).map(({ whole }) => whole)];
        return {
          seen: own.map(({ sources }) => `${few(sources)} is translated`).join("; ") || "nothing is translated",
          findings: own
            .filter(({ sources }) => sources.length === 0 || ranges.some((range) => sources.some((source) => meets(range, source))))
            .map(({ sources }) => wrong(`${few(sources) || "everything"} is translated, public addresses included`)),
        };
      }),
    ],
  },
  {
    id: "G3",
    group: GROUP,
    title: "what was not translated does not leave: the gateway's rules stand as they should",
    remedy: "Start the gateway's agent, which puts back what is missing within ten seconds; margay why, and its log, say what it found.",
    looks: [
      ofMachines(["gateway"], ["filter"], ({ name, filter }, center) => {
        const gateway = gatewayNamed(center, name);
        if (gateway === undefined) return undefined;
        const wanted = gatewayNft(center, gateway);
        const own = new Map(filter.chains.filter(({ table }) => table === OWN_TABLE).map((chain) => [chain.name, chain]));
        return {
          seen: `${wanted.length} chains whole; ${leakText(own.get("leak"))}`,
          findings: wanted.flatMap((chain) => incomplete(chain, own.get(chain.name))),
        };
      }),
    ],
  },
  {
    id: "G4",
    group: GROUP,
    title: "connection tracking has room",
    remedy:
      "Raise net.netfilter.nf_conntrack_max (and the module's hashsize to a quarter of it), shorten nf_conntrack_tcp_timeout_established, limit VMs.",
    looks: [
      ofMachines(["gateway", "compute"], ["sysctls", "counters"], ({ sysctls, counters }) => {
        const [count, max] = ["count", "max"].map((name) => Number(sysctls[`net/netfilter/nf_conntrack_${name}`] ?? Number.NaN));
        if (!Number.isFinite(count) || !Number.isFinite(max) || max === undefined || count === undefined) return undefined;
        const fix = { how: "sysctl", path: "net/netfilter/nf_conntrack_max", value: String(2 * max) } as const;
        const what = `${count} of ${max} flows`;
        const { drop, insert_failed: failed, early_drop: early } = counters.conntrack;
        return {
          seen: what,
          findings: [
            ...(count >= 0.95 * max ? [wrong(what, fix)] : count >= 0.8 * max ? [warning(what, fix)] : []),
            ...(early > 0 ? [warning(`${early} flows were thrown out early, to make room`, fix)] : []),
            ...(drop + failed > 0
              ? [warning(`${drop} packets dropped by tracking, ${failed} flows not inserted, since the machine booted`)]
              : []),
          ],
        };
      }),
    ],
  },
  {
    id: "G5",
    group: GROUP,
    title: "pool addresses are the gateway's own, and lead back to it",
    remedy:
      "The agent holds them on its link margay-pnat, so that the gateway answers ARP for them; the provider must route a pool that is not on its link.",
    looks: [
      ofFile((center) => ({
        seen: center.gateways.flatMap((gateway) => poolText(center, gateway)).join(", ") || "there is no pool",
        findings: translation(center)
          .filter(({ message }) => message.includes("replies to it"))
          .map(({ message }) => warning(message)),
      })),
      ofMachines(["gateway"], ["links"], ({ name, links }, center) => {
        const gateway = gatewayNamed(center, name);
        const pool = gateway && poolOf(center, gateway);
        if (pool === undefined) return undefined;
        const held = new Set(links.flatMap(({ addresses }) => addresses.map(({ ip }) => ip)));
        const missing = addressesOf(pool).filter((ip) => !held.has(ip));
        return {
          seen: `${spanSize(pool)} addresses of ${showSpan(pool)}, all here`,
          findings: missing.length === 0 ? [] : [wrong(`${few(missing)} of its pool is on no link: nobody answers for it`)],
        };
      }),
    ],
  },
  {
    id: "G6",
    group: GROUP,
    title: "whoever translates can: port-NAT needs a machine that tracks flows",
    remedy:
      "Switches have no port-NAT to speak of (SR Linux none, Arista and Catalyst by CPU or licence): put a Linux gateway beside them.",
    looks: [
      ofFile((center) => {
        if (privateRanges(center).length === 0) return undefined;
        const platforms = center.gateways.map(({ name }) => ({ name, platform: platformFor(center, name) }));
        const beside = platforms.filter(({ platform }) => platform?.translation === "beside it" && !isLinux(platform.name));
        return {
          seen: few(platforms.map(({ name, platform }) => `${name}: ${platform?.title ?? "not known"}`)),
          findings: beside.map(({ name, platform }) =>
            warning(`${name} runs ${platform?.title}, which translates nothing: a Linux gateway beside it must`),
          ),
        };
      }),
      ofMachines(["gateway"], ["kernel", "sysctls"], ({ kernel, sysctls }, center) => {
        if (privateRanges(center).length === 0) return undefined;
        const tracks = sysctls["net/netfilter/nf_conntrack_max"] !== undefined;
        return {
          seen: `Linux ${kernel.release}`,
          findings: tracks ? [] : [wrong(`Linux ${kernel.release} without connection tracking: nothing can be translated`)],
        };
      }),
    ],
  },
  {
    id: "G7",
    group: GROUP,
    title: "between VMs nothing is translated, whichever network they are on",
    remedy: "The translation must leave out all of the data centre's own prefixes; start the gateway's agent, which writes it so.",
    looks: [
      ofMachines(["gateway"], ["filter"], ({ name, filter }, center) => {
        const inside = plan(center).pnat.find(({ gateway }) => gateway === name)?.except ?? [];
        const own = translationOf(filter);
        return {
          seen: own.length === 0 ? "nothing is translated" : `not towards ${few(inside)}`,
          findings: own.flatMap(({ spares }) =>
            inside
              .filter((prefix) => !spares.some((spared) => isWithin(prefix, spared)))
              .map((prefix) => wrong(`towards ${prefix} is translated as well: VMs there see the gateway, not the VM`)),
          ),
        };
      }),
    ],
  },
  {
    id: "G8",
    group: GROUP,
    title: "IPv6 of the internal network is as reachable as it is meant to be",
    remedy: "networks.internal.ipv6: unadvertised keeps that half in, none leaves it out; otherwise only security groups guard those VMs.",
    looks: [
      ofFile((center) => ({
        seen: ipv6Ranges(center).length === 0 ? "there is no IPv6" : `told outside: ${few(exportsOf(center))}`,
        findings: internalReach(center).map(({ message }) => warning(message)),
      })),
      ofMachinesAndCloud(["gateway"], ["bird"], ({ bird }, _cloud, center) => {
        const kept = ipv6Ranges(center).flatMap(({ whole, internal }) => (exportsOf(center).includes(whole) ? [] : [internal]));
        if (kept.length === 0) return undefined;
        const leaked = Object.values(bird.exports)
          .flat()
          .filter((text) => kept.some((half) => meets(half, text)));
        return {
          seen: `${few(kept)} is not told`,
          findings: leaked.map((prefix) => wrong(`${prefix} is told outside, and ${few(kept)} is not to be`)),
        };
      }),
    ],
  },
];

/** Their translation is nftables' on the same machine. */
function isLinux(platform: string): boolean {
  return platform === "bird" || platform === "frr";
}

function poolText(center: DataCenter, gateway: Gateway): readonly string[] {
  const pool = poolOf(center, gateway);
  return pool === undefined ? [] : [`${gateway.name} ${showSpan(pool)}`];
}

/** Routes into a gateway's pool that lead to somebody else. */
function strayPool(
  center: DataCenter,
  gateway: Gateway,
  { name, bird }: { readonly name: string; readonly bird: BirdFacts },
): readonly Found[] {
  const pool = poolOf(center, gateway);
  if (pool === undefined) return [];
  const parts = prefixesOf(pool);
  const stray = bird.routes.filter(
    ({ prefix, next_hop, protocol, bgp }) =>
      parts.some((part) => isPart(part, prefix)) &&
      (bgp ? next_hop !== gateway.ipv4 : gateway.name !== name && /^(pool|static)/.test(protocol)),
  );
  return stray.map(({ prefix, next_hop, protocol }) => wrong(`${prefix} of the pool of ${gateway.name} leads to ${next_hop ?? protocol}`));
}

function isPart(part: Cidr, text: string): boolean {
  const prefix = prefixIn(text);
  return prefix !== undefined && covers(part, prefix);
}

function meets(range: Cidr, text: string): boolean {
  const prefix = prefixIn(text);
  return prefix !== undefined && overlaps(range, prefix);
}

function isWithin(prefix: Cidr, text: string): boolean {
  const outer = prefixIn(text);
  return outer !== undefined && covers(outer, prefix);
}

/** Somebody else's rules that change the source of packets of ours. */
function translating(center: DataCenter, { table, name, type, rules }: ChainFact): readonly Found[] {
  if (type !== undefined && type !== "nat") return [];
  return rules.flatMap(({ translates, sources }) => {
    if (!translates) return [];
    const at = `${table} ${name}`;
    if (sources.length === 0) return [wrong(`${at} translates whatever passes, addresses of ours included`)];
    const hit = sources.flatMap((text) => {
      const prefix = prefixIn(text);
      return (prefix && meetsRange(center, prefix)) ?? [];
    });
    return hit.length === 0 ? [] : [wrong(`${at} translates ${few(sources)}, which meets ${few(hit)}`)];
  });
}

function translationOf({ chains }: FilterFacts) {
  return chains.filter(({ table }) => table === OWN_TABLE).flatMap(({ rules }) => rules.filter(({ translates }) => translates));
}

/** The rules of a chain of ours are counted: each carries the digest of its chain. */
export function incomplete(
  wanted: { readonly name: string; readonly rules: readonly string[] },
  chain: ChainFact | undefined,
): readonly Found[] {
  if (chain === undefined) return [wrong(`the chain ${wanted.name} is not there`)];
  const own = chain.rules.filter(({ comment }) => comment !== undefined).length;
  const others = chain.rules.length - own;
  return [
    ...(own === wanted.rules.length ? [] : [wrong(`the chain ${wanted.name} has ${own} of its ${wanted.rules.length} rules`)]),
    ...(others === 0 ? [] : [wrong(`the chain ${wanted.name} has ${many(others, "rule")} of somebody else`)]),
  ];
}

function leakText(chain: ChainFact | undefined): string {
  const stopped = (chain?.rules ?? []).filter(({ ends }) => ends).reduce((sum, { packets }) => sum + packets, 0);
  return `${stopped} packets stopped that would have leaked`;
}
